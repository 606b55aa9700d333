"""The embedded host: a SQLite file, a folder as the library, a private aria2; everything below one data folder.

data/offline-download.db   the records          data/temp/      the temporary directory, see tempdir.py
data/wake.sock             a datagram here wakes the serving process
data/library, data/policy  the serving process's library, and where its links may lead
data/page-link             the link that signs a browser in, made from data/page-secret, see web/
data/vault-secret          what the passwords of links are encrypted with; made when it is needed first
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from configparser import RawConfigParser
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import repository
from ..checksum import Checksum
from ..egress.admission import admitted
from ..egress.policy import Policy
from ..endpoint import parse_opened
from ..errors import DatabaseUnavailable, FolderGone, FolderMissing, InputError, StorageUnavailable
from ..extras import NO_EXTRAS, Extras, Sealed
from ..filename import check_name, check_path
from ..link import without_user_info
from ..repository import Allowance, Repository
from ..settings import Settings, read_config, unknown_options
from ..shape import shape
from ..status import Action, OfflineDownloadStatus
from ..task import NewTask, Task
from ..tasks import OfflineDownloader
from ..tasks.checks import Check, checks
from ..tasks.offline_downloader import pick_storage
from ..tempdir import TempDir
from ..vault import Vault, is_possible
from . import keyfile

logger = logging.getLogger(__name__)

#: The one user and the one library of an embedded host.
OWNER = "me@localhost"
REPO_ID = "00000000-0000-4000-8000-000000000001"

_WAKE_SOCKET = "wake.sock"
_LIBRARY = "library"
_POLICY = "policy"
_SECRET = "vault-secret"  # noqa: S105 (the name of a file)
_NO_PASSWORDS = "links can be given none without pycryptodome; `pip install 'seafevents-offline[secrets]'`"


class OnlyOne(InputError):
    """Said on the command line alone."""

    sentence = "There is one person and one library here; please leave --owner and --repo out."


class EmbeddedHost:
    """Reads and writes the records of a data folder; ``start`` makes this process the one that downloads."""

    owner = OWNER

    def __init__(self, settings: Settings, data: Path, config: Path | None = None) -> None:
        self.settings = settings
        self.data = data
        self._config = str(config.absolute()) if config else None
        self.repository: Repository = repository.open(settings)
        self._downloader: OfflineDownloader | None = None
        self._bell: _Bell | None = None

    @classmethod
    def open(
        cls,
        *,
        data: Path,
        library: Path | None = None,
        config: Path | None = None,
        allow: Sequence[str] = (),
        tables: bool = True,
    ) -> EmbeddedHost:
        """Make the folders and the tables. Raises SettingsError, StorageUnavailable or DatabaseUnavailable.

        ``tables`` False leaves the database alone: for who wants to know what is wrong with it.
        """
        data = data.absolute()
        settings = _settings(data, library, config, allow)
        # The records hold whole links, which may be secret.
        _make_folder(data, 0o700)
        _make_folder(Path(settings.library), 0o777)
        host = cls(settings, data, config)
        if tables:
            host.repository.upgrade()
        return host

    def add(
        self,
        url: str,
        *,
        name: str = "",
        path: str = "/",
        priority: int = 50,
        checksum: str | None = None,
        extras: Extras = NO_EXTRAS,
        whose: tuple[str, str] = (OWNER, REPO_ID),
    ) -> Task:
        """A new task, woken for; ``whose``: owner and library. Raises the children of InputError, AlreadyActive,
        FolderMissing, TooManyTasks, TooManyAdds and OnlyOne among them, and of EgressRefused; VaultUnavailable where
        the link needs what cannot be kept."""
        if whose != (OWNER, REPO_ID):
            raise OnlyOne()
        link, extras = Extras.of_link(url, extras)
        link = admitted(link, self.policy)
        new = NewTask(
            repo_id=REPO_ID,
            path=check_path(path),
            url=link,
            owner=OWNER,
            name=check_name(name) if name else "",
            priority=priority,
            quota_subject=OWNER,
            checksum=Checksum.parse(checksum) if checksum else None,
            sealed=self._sealed(extras, link),
        )
        self._check_folder(new.provisional)
        task = self.repository.add(new, self._allowance)
        self.wake()
        return task

    def act(self, odr_id: int, action: Action, extras: Extras = NO_EXTRAS) -> Task:
        """Pause, resume, cancel or retry; ``extras``: for a retry, in place of what the link needed before. Raises
        TaskNotFound, NotPossible, AlreadyActive, SecretsWanted, and for a task that would wait again what ``add``
        raises."""
        sealed = None
        if action.target is OfflineDownloadStatus.WAITING:
            before = self.repository.get(odr_id, OWNER)
            link = without_user_info(before.url)
            if before.status in action.sources:
                admitted(link, self.policy)
                self._check_folder(before)
            sealed = self._sealed(extras, link)
        task = self.repository.act(odr_id, action, OWNER, sealed=sealed, allowance=self._allowance)
        self.wake()
        return task

    def remove(self, odr_id: int) -> Task:
        """Take it off the list; what runs is cancelled first. Raises TaskNotFound."""
        task = self.repository.remove(odr_id, OWNER)
        self.wake()
        return task

    def prioritise(self, odr_id: int, priority: int) -> Task:
        """0 to 100, higher goes first. Raises TaskNotFound or PriorityInvalid."""
        task = self.repository.prioritise(odr_id, priority, OWNER)
        self.wake()
        return task

    def shape(self, task: Task) -> dict[str, Any]:
        return shape(task, self.library.name)

    def location(self, task: Task) -> str:
        return str(Path(self.library, task.stored_path.lstrip("/")))

    def idleness(self) -> str:
        """Why nothing is downloaded now; empty where a service runs."""
        if self.is_served():
            return ""
        return f"Nothing is downloaded now: no service runs on {self.data}; `seafevents-offline serve` starts one."

    def start(self) -> None:
        """Serve this data folder from this process. Raises AlreadyRunning, EngineUnavailable, TempDirUnusable."""
        downloader = OfflineDownloader(self.settings, file=self._config, secret=self.vault.secret)
        downloader.start()
        self._downloader = downloader
        self._tell(_LIBRARY, self.settings.library)
        self._tell(_POLICY, json.dumps(downloader.policy.to_json()))
        self._bell = _Bell(self.data, downloader)
        self._bell.start()

    def stop(self, timeout: float = 10.0) -> None:
        """End the service of this process, if it has one; idempotent."""
        if self._bell is not None:
            self._bell.stop()
        if self._downloader is not None:
            self._downloader.stop(timeout)
        self._downloader, self._bell = None, None

    def close(self) -> None:
        """``stop``, and give up the database."""
        self.stop()
        self.repository.close()

    @cached_property
    def vault(self) -> Vault:
        """For what links of this data folder need. Raises StorageUnavailable."""
        return Vault(keyfile.read(self.data / _SECRET))

    def _sealed(self, extras: Extras, link: str) -> Sealed | None:
        return self.vault.seal(extras, OWNER, link) if extras else None

    @property
    def library(self) -> Path:
        """Where the files go: the library of the process that serves, whatever this one was told."""
        return Path(self._told(_LIBRARY) or self.settings.library)

    @property
    def policy(self) -> Policy:
        """Where links may lead, as the process that serves was told."""
        with contextlib.suppress(ValueError, KeyError, TypeError):
            return Policy.from_json(json.loads(self._told(_POLICY)))
        return Policy.from_settings(self.settings)

    def _tell(self, name: str, text: str) -> None:
        """Others read what the serving process goes by; they see the old text or the new one."""
        written = self.data / f"{name}.new"
        written.write_text(text, encoding="utf-8", errors="surrogateescape")
        written.replace(self.data / name)

    def _told(self, name: str) -> str:
        """Empty when nobody serves."""
        try:
            text = (self.data / name).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
        return text if self.is_served() else ""

    def is_served(self) -> bool:
        """Whether some process, this one or another, serves this data folder."""
        return TempDir(Path(self.settings.tempdir)).is_locked()

    def checks(self) -> list[Check]:
        """Every part of the service, really tried."""
        with contextlib.suppress(DatabaseUnavailable):
            # On a fresh data folder the tables are made; what stands in the way is told below.
            self.repository.upgrade()
        served = "is running" if self.is_served() else "is not running; `seafevents-offline serve` starts it"
        found = [*checks(self.settings, self.repository), Check("service", True, f"{served} on {self.data}")]
        return found if is_possible() else [*found, Check("passwords", True, _NO_PASSWORDS)]

    @property
    def _allowance(self) -> Allowance:
        return Allowance.of(self.settings)

    def _check_folder(self, task: Task) -> None:
        try:
            pick_storage(dataclasses.replace(self.settings, library=str(self.library))).check(task, 0)
        except FolderGone:
            raise FolderMissing(path=task.path) from None

    def wake(self) -> None:
        """Make the serving process look at once; without one, nothing happens."""
        if self._downloader is not None:
            self._downloader.wake()
        else:
            _ring(self.data)


class _Bell:
    """Other processes ring by a datagram; the first thing that it wakes is the timer."""

    def __init__(self, data: Path, downloader: OfflineDownloader) -> None:
        self._data = data
        self._downloader = downloader
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="offline-bell", daemon=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def start(self) -> None:
        try:
            with _socket_path(self._data) as path:
                # We hold the lock of the data folder: whatever lies there is a dead process's.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self._socket.bind(path)
        except OSError as error:
            logger.warning("Others cannot wake this service (%s); it finds their tasks by itself", error.strerror)
        else:
            self._thread.start()

    def stop(self) -> None:
        self._finished.set()
        try:
            if self._thread.ident is not None:
                _ring(self._data)
                self._thread.join(1.0)
        finally:
            # Also when somebody is too impatient for this to end by itself.
            self._socket.close()

    def _listen(self) -> None:
        while not self._finished.is_set():
            try:
                self._socket.recv(16)
            except OSError:
                # Closed: the one who stops us had no time to wait.
                return
            self._downloader.wake()


def _ring(data: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.setblocking(False)
        # A full queue is as good as a delivered ring; no listener means that nobody serves.
        with contextlib.suppress(OSError), _socket_path(data) as path:
            bell.sendto(b"1", path)


@contextlib.contextmanager
def _socket_path(data: Path) -> Iterator[str]:
    """A short name for the socket: a Unix address holds 107 bytes only, a data folder's path may be longer."""
    fd = os.open(data, os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{_WAKE_SOCKET}"
    finally:
        os.close(fd)


def _make_folder(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailable(detail=f"{folder}: {error.strerror}") from error


def _settings(data: Path, library: Path | None, config: Path | None, allow: Sequence[str]) -> Settings:
    parser = RawConfigParser() if config is None else read_config(config)
    for sentence in unknown_options(parser):
        logger.warning("%s", sentence)
    settings = Settings.from_config(
        parser,
        interval=1.0,
        # As many as there can be: the only user holds up nobody.
        workers_per_user=512,
        # Of people nobody has so many; a script that has gone wild is stopped by them.
        tasks_per_user=10_000,
        adds_per_hour=10_000,
        # It is somebody's own computer, whose disk may be used to its end.
        disk_high=100.0,
        disk_low=100.0,
        tempdir=str(data / "temp"),
        # A folder's name may hold what means something in a URL.
        database=f"sqlite:///{quote(str(data / 'offline-download.db'), errors='surrogateescape')}",
        storage="folder",
    )
    return dataclasses.replace(
        settings,
        enabled=True,
        library=str((library or Path(settings.library)).absolute()),
        allow_addresses=(*settings.allow_addresses, *(str(parse_opened(text)) for text in allow)),
    )
