"""All that can be broken: a database behind a wire, a server, two nodes on it, and the library that both fill."""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from seafevents_offline.repository import Repository
from tests.support.disks import disk_of, fill
from tests.support.host.wire import Wire
from tests.support.locker import Locker
from tests.support.mariadb import MariaDb
from tests.support.service import Service

from .links import MAX_SIZE
from .node import Node
from .origin import Origin

#: The service's settings that the account is about.
PER_USER, PER_HOST, WORKERS, MAX_ATTEMPTS = 3, 8, 6, 5

#: Bytes of the disk that the first node downloads to: what all its workers may need, and not twice as much.
_DISK = WORKERS * MAX_SIZE + 64 * 1024**2

#: Has no more rights than Seahub's own user: others may write where everything is read-only.
_USER = "chaos"


class World:
    """Made in ``folder``, with a new ``database`` of ``server``. ``with`` makes all of it but the nodes' processes."""

    def __init__(self, folder: Path, server: MariaDb, database: str, seed: int) -> None:
        self.server = server
        self.database = database
        self.wire = Wire(server.port)
        self.origin = Origin()
        self.locker = Locker(server, database)
        self.library = folder / "library"
        self.nodes = (Node("a", random.Random(f"{seed} a")), Node("b", random.Random(f"{seed} b")))
        #: How often the network took away what the server was sending: by what the server had been asked for.
        self.hits: Counter[str] = Counter()
        self._folder = folder
        self._disk = folder / "disk"
        self._stack = contextlib.ExitStack()

    @property
    def url(self) -> str:
        """The database, at the near end of the wire."""
        return self.server.url(self.database, _USER, self.wire.port)

    @property
    def repository(self) -> Repository:
        """The people's door."""
        return self.nodes[0].service.repository

    def __enter__(self) -> World:
        with contextlib.ExitStack() as stack:
            stack.callback(self.wire.__exit__)
            self.server.execute(f"CREATE DATABASE {self.database}")
            self.server.make_writer(_USER, self.database)
            stack.callback(self.server.execute, f"DROP DATABASE {self.database}")
            if self.has_small_disk:
                stack.enter_context(disk_of(str(_DISK), self._disk))
            self.origin.start()
            stack.callback(self.origin.stop)
            for node, place in zip(self.nodes, (self._disk, self._folder / "b"), strict=True):
                node.service = self._service(node.name, place)
                stack.callback(node.service.stop)
            stack.callback(self.stop_nodes)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def start_nodes(self) -> None:
        with ThreadPoolExecutor() as threads:
            for started in [threads.submit(node.start) for node in self.nodes]:
                started.result()

    def stop_nodes(self) -> None:
        for node in self.nodes:
            node.stop()

    # --- what faults do beside killing and freezing

    @property
    def has_small_disk(self) -> bool:
        """Only root may mount one."""
        return os.geteuid() == 0

    def reset_network(self) -> None:
        self.hits.update(self.origin.reset())

    def fill_disk(self) -> None:
        self._ballast = fill(self._disk)

    def free_disk(self) -> None:
        self._ballast.unlink()

    def take_library_away(self) -> None:
        self.library.rename(self._away)

    def bring_library_back(self) -> None:
        self._away.rename(self.library)

    # --- parts

    @property
    def _away(self) -> Path:
        return self.library.with_name("unmounted")

    def _service(self, name: str, place: Path) -> Service:
        is_small = place == self._disk and self.has_small_disk
        service = Service(
            place,
            self.url,
            library=str(self.library),
            node=name,
            interval=0.5,
            workers=WORKERS,
            workers_per_user=PER_USER,
            workers_per_host=PER_HOST,
            connections=3,
            max_size=MAX_SIZE,
            max_attempts=MAX_ATTEMPTS,
            min_speed=0,
            **({"disk_high": 95.0, "disk_low": 80.0} if is_small else {}),
        )
        service.downloader.tempdir.open()
        return service
