"""The port's verbs; the work is the monitor's."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from ...settings import Settings
from ..base import DownloadEngine, Egress, EngineInfo, Job, Transfer
from . import binary, folder, options, process, trust
from .book import Book
from .entry import Entry
from .monitor import Monitor

logger = logging.getLogger(__name__)

#: Seconds for the aria2c of an earlier run to end.
_OLD_LIMIT = 5.0

#: Seconds for aria2c to let go of a download: longer than a hanging aria2c is borne with.
_RELEASE_LIMIT = 15.0


class Aria2Engine(DownloadEngine):
    """A private aria2c child, kept alive, that connects to nothing but ``egress``.

    ``home``: an existing directory of ours alone, for aria2c's own files. ``lock_fd``: a locked file that the child
    inherits, so that the lock is free only when it has ended, too.
    """

    def __init__(self, settings: Settings, home: Path, egress: Egress, lock_fd: int | None = None) -> None:
        self._settings = settings
        self._home = home.absolute()
        self._egress = egress
        self._lock_fd = lock_fd
        self._book = Book()
        self._monitor = Monitor(self._book, self._launch, egress)

    def start(self) -> None:
        process.end_old_engine(self._home, time.monotonic() + _OLD_LIMIT)
        self._monitor.start()

    def stop(self, deadline: float) -> None:
        self._monitor.stop(deadline)

    def add(self, job: Job, wake: Callable[[], None]) -> Transfer:
        if "/" in job.out or job.out in (".", ".."):
            # aria2 would follow it out of the folder.
            raise ValueError(f"not a base name: {job.out!r}")
        transfer = Transfer(job, wake)
        self._book.add(Entry(options.gid(job), transfer))
        return transfer

    def remove(self, transfer: Transfer) -> None:
        entry = self._book.end(options.gid(transfer.job), transfer)
        # Now, whatever aria2c is doing: not a byte more comes for it.
        self._egress.close(transfer.job.odr_id, transfer.job.claim)
        if entry is not None and not entry.released.wait(_RELEASE_LIMIT):
            logger.warning("task %s: aria2c does not let go of its download; ending it", transfer.job.odr_id)
            self._monitor.kill()

    def resumable(self, folder_: Path) -> bool:
        return folder.payload(folder_) is not None

    def finished(self, folder_: Path) -> tuple[Path, ...]:
        return folder.finished(folder_)

    def info(self) -> EngineInfo:
        return binary.find(self._settings.aria2c).info

    def _launch(self) -> process.Aria2Process:
        found = binary.find(self._settings.aria2c)
        bundle = trust.find_bundle(self._settings.ca_certificate)
        orders = process.Orders(
            found.path,
            [*options.way_out(self._egress.proxy), *options.NO_COOKIES],
            options.configuration(self._settings, bundle, os.getpid()),
            self._lock_fd,
        )
        return process.launch(orders, self._home)
