"""The embedded host: a SQLite file, a folder as the library, a private aria2; everything below one data folder.

data/offline-download.db   the records          data/temp/      the temporary directory, see tempdir.py
data/wake.sock             wakes the serving process, see bell.py
data/library, data/policy  the serving process's library, and where its links may lead
data/page-link             the link that signs a browser in, made from data/page-secret, see web/
data/vault-secret          what the passwords of links are encrypted with; made when it is needed first
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
from collections.abc import Sequence
from configparser import RawConfigParser
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import repository
from ..egress.admission import admitted
from ..egress.policy import Policy
from ..endpoint import parse_opened
from ..errors import DatabaseUnavailable, FolderGone, FolderMissing, InputError, StorageUnavailable
from ..extras import NO_EXTRAS, Extras, Sealed
from ..link import without_user_info
from ..repository import Allowance, Repository
from ..settings import Settings, read_config, unknown_options
from ..shape import shape
from ..status import Action, OfflineDownloadStatus
from ..task import Task
from ..tasks import OfflineDownloader
from ..tasks.checks import Check, checks
from ..tasks.offline_downloader import pick_storage
from ..tempdir import TempDir
from ..vault import Vault, is_possible
from . import keyfile
from .bell import Bell, ring
from .wish import Wish

logger = logging.getLogger(__name__)

#: The one user and the one library of an embedded host.
OWNER = "me@localhost"
REPO_ID = "00000000-0000-4000-8000-000000000001"

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
        self._bell: Bell | None = None

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

    def add(self, wish: Wish) -> Task:
        """A new task, woken for. Raises AlreadyActive, the children of InputError (FolderMissing, TooManyTasks,
        TooManyAdds and OnlyOne among them) and of EgressRefused; VaultUnavailable where the link needs what cannot be
        kept."""
        if wish.owner or wish.repo_id:
            raise OnlyOne()
        link = admitted(wish.url, self.policy)
        new = dataclasses.replace(
            wish.task(OWNER, REPO_ID), url=link, quota_subject=OWNER, sealed=self._sealed(wish.extras, link)
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
        self._bell = Bell(self.data, downloader.wake)
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
        """Others read what the serving process goes by; they see the old text or the new one. Raises
        StorageUnavailable."""
        if self._read(name) == text:
            # Most often; and then also a disk without any room left is served, which gives it some.
            return
        written = self.data / f"{name}.new"
        try:
            written.write_text(text, encoding="utf-8", errors="surrogateescape")
            written.replace(self.data / name)
        except OSError as error:
            raise StorageUnavailable(detail=f"{self.data / name}: {error.strerror}") from error

    def _told(self, name: str) -> str:
        """Empty when nobody serves."""
        text = self._read(name)
        return text if text and self.is_served() else ""

    def _read(self, name: str) -> str:
        try:
            return (self.data / name).read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""

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
            ring(self.data)


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
