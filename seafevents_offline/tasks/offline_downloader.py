"""The facade that the host starts, and the only place that picks an engine and a storage.

Start: directory and lock, guard, engine, the proof that the one holds the other, workers, timer; the timer's first
turn restores what a crash left.
Stop: timer, engine (it keeps what is needed to go on), guard, workers, lock, all by one deadline. It writes no status:
the host is usually killed without any of this, so the next start must and does cope.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import time
from collections.abc import Callable, Collection, Sequence
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

from .. import __version__, repository
from ..disk import Disk
from ..egress.claims import CANARY
from ..egress.policy import Policy
from ..egress.supervisor import Guard
from ..engines.aria2 import Aria2Engine, end_old_engine
from ..engines.base import DownloadEngine, Egress
from ..errors import OfflineDownloadError, SettingsError
from ..kinds import Kinds
from ..needs import Needs
from ..pipeline import Pipeline
from ..repository import NodeBeat, Repository
from ..settings import Settings, unknown_options
from ..storages.base import Storage
from ..storages.folder import FolderStorage
from ..storages.seafile import SeafileStorage
from ..task import Task
from ..tempdir import TempDir
from ..vault import Vault
from . import boundary, nodes
from .health import engine_as_json, health, off
from .lookout import LOOK_PERIOD, Lookout
from .mending import Mending
from .messenger import Messenger
from .observers import Observer, Observers
from .owners import OwnerWatch
from .pool import WorkerPool
from .scheduler import Scheduler
from .speed import SpeedLimit, Watching
from .timer import OfflineDownloadTimer, Ticking
from .worker import Worker

logger = logging.getLogger(__name__)

#: An engine outlives a killed daemon by up to two seconds; the lock is waited for a little longer.
_LOCK_PATIENCE = 6.0


class OfflineDownloader:
    """``config``: the host's parsed seafevents.conf, or Settings made by another door. ``own_names``: the hosts by
    which people reach the server that this belongs to; nothing is downloaded from them. ``observers`` are told what
    becomes of tasks. ``file``: where the settings come from; some count there without a restart. ``secret``: what the
    passwords of links are encrypted with is made from it; without one no link can have any."""

    def __init__(
        self,
        config: RawConfigParser | Settings,
        own_names: Collection[str] = (),
        observers: Sequence[Observer] = (),
        file: str | None = None,
        secret: bytes | None = None,
    ) -> None:
        self.settings = config if isinstance(config, Settings) else _parse(config)
        self.policy = Policy.from_settings(self.settings, own_names=own_names)
        self.repository: Repository = repository.open(self.settings)
        self.tempdir = TempDir(Path(self.settings.tempdir))
        self.disk = Disk(self.tempdir.path, self.settings.disk_high, self.settings.disk_low)
        self.vault = Vault(secret or b"")
        self._kinds = Kinds.from_settings(self.settings)
        self._observers = tuple(observers)
        self._file = file
        self._timer: OfflineDownloadTimer | None = None
        self._lookout: OfflineDownloadTimer | None = None
        self._engine: DownloadEngine | None = None
        self._guard: Guard | None = None
        self._pool: WorkerPool | None = None
        self._owners: OwnerWatch | None = None
        self._messenger: Messenger | None = None

    def is_enabled(self) -> bool:
        """False also when a setting is bad: then one line in the log says which."""
        return self.settings.enabled

    def start(self) -> None:
        """Start everything, or nothing: raises TempDirUnusable, AlreadyRunning, SnifferUnavailable, EngineUnavailable,
        GuardUnavailable or GuardBypassed; all but the first two are also told to the pages.

        A database that is away is not an error here; the timer waits for it.
        """
        self.tempdir.open()
        deadline = time.monotonic() + _LOCK_PATIENCE
        end_old_engine(self.tempdir.path, deadline)
        lock_fd = self.tempdir.lock(deadline)
        try:
            storage = pick_storage(self.settings, self.repository.reserve)
            self._kinds.try_out()
            guard = self._guard = Guard(self.settings, self.policy)
            engine = self._engine = pick_engine(self.settings, self.tempdir.path, guard, lock_fd)
            # Once: it runs the program, and a beat must cost nothing.
            about = engine_as_json(engine.info())
            self._start_engine(engine, guard)
        except BaseException as error:
            if isinstance(error, OfflineDownloadError):
                self._tell_off(error)
            self.tempdir.unlock()
            raise
        self._start_threads(engine, storage, about)
        logger.info("offline download: started, refresh interval = %g s", self.settings.interval)

    def wake(self) -> None:
        """Something changed in the table: look now instead of at the next interval. Any thread, any time."""
        for thread in (self._timer, self._lookout, self._messenger):
            if thread is not None:
                thread.wake()

    def stop(self, timeout: float = 10.0) -> None:
        """End within ``timeout`` seconds; idempotent. Running tasks stay as they are and go on at the next start."""
        deadline = time.monotonic() + timeout
        for thread in (self._timer, self._lookout, self._owners, self._messenger):
            if thread is not None:
                thread.cancel()
        if self._engine is not None:
            # Before the workers: what they remove from a stopped engine keeps its files.
            self._engine.stop(deadline)
        if self._guard is not None:
            self._guard.stop(deadline)
        if self._pool is not None:
            self._pool.stop(deadline)
        for ending in (self._timer, self._lookout, self._owners, self._messenger):
            if ending is not None and ending.is_alive():
                ending.join(max(0.0, deadline - time.monotonic()))
        self.repository.close()
        self.tempdir.unlock()

    def _start_engine(self, engine: DownloadEngine, guard: Guard) -> None:
        """Without the guard's proof there is no service."""
        self.tempdir.delete(CANARY)
        try:
            boundary.start(engine, guard, self.tempdir.make(CANARY))
        finally:
            self.tempdir.delete(CANARY)

    def _tell_off(self, error: OfflineDownloadError) -> None:
        """Why there is no service here, for whoever looks at the pages."""
        with contextlib.suppress(OfflineDownloadError):
            self.repository.beat(self._beat(off(error)))

    def _start_threads(self, engine: DownloadEngine, storage: Storage, about: dict[str, str]) -> None:
        needs = Needs(self.vault, self.settings.cookies)
        pipeline = Pipeline(
            self.settings, engine, storage, self.tempdir, self.policy, self.disk, kinds=self._kinds, needs=needs
        )
        self._messenger = Messenger(self.settings, self.repository) if self.settings.webhook_url else None
        told = (*self._observers, self._messenger.notice) if self._messenger else self._observers
        worker = Worker(pipeline, self.repository, self.tempdir, Observers(told))
        pool = self._pool = WorkerPool(self.settings.workers, worker.work, self.wake)
        scheduler = Scheduler(
            settings=self.settings,
            repository=self.repository,
            tempdir=self.tempdir,
            disk=self.disk,
            pool=pool,
            watch=nodes.NodeWatch(nodes.WATCH, longest_gap=max(nodes.WATCH / 2, 2 * self.settings.interval)),
            describe=lambda scan_age: self._describe(pool, about, scan_age),
        )
        ticking = self._with_live_settings(Mending(self.tempdir, engine.renew, scheduler), engine)
        self._timer = OfflineDownloadTimer(ticking, self.settings.interval)
        assert self._guard is not None
        lookout = Lookout(self.repository, pool, self._guard.close)
        self._lookout = OfflineDownloadTimer(lookout, LOOK_PERIOD, "offline-lookout")
        self._owners = OwnerWatch(self.repository, storage)
        pool.start()
        self._timer.start()
        self._lookout.start()
        self._owners.start()
        if self._messenger is not None:
            self._messenger.start()

    def _with_live_settings(self, ticking: Ticking, engine: DownloadEngine) -> Ticking:
        """What may change while it runs, where the settings come from a file."""
        if self._file is None:
            return ticking
        return Watching(SpeedLimit(Path(self._file), self.settings.speed_limit, engine.limit), ticking)

    def _describe(self, pool: WorkerPool, engine: dict[str, str], scan_age: float) -> NodeBeat:
        assert self._guard is not None
        found = health(
            workers=pool.size,
            runs=pool.runs(),
            engine=engine,
            guard=self._guard.condition(),
            disk=self.disk,
            scan_age=scan_age,
        )
        return self._beat(found)

    def _beat(self, health: dict[str, Any]) -> NodeBeat:
        return NodeBeat(self.tempdir.node_id, self.settings.node or platform.node(), __version__, health)


def pick_engine(settings: Settings, folder: Path, egress: Egress, lock_fd: int | None = None) -> DownloadEngine:
    """The engine for what can be downloaded today: links."""
    return Aria2Engine(settings, folder, egress, lock_fd)


def pick_storage(settings: Settings, reserve: Callable[[Task, str, int], int] = lambda *_: 0) -> Storage:
    """Where files go, by the setting ``storage``. ``reserve`` knows what running downloads need of a quota."""
    if settings.storage == "folder":
        return FolderStorage(Path(settings.library), Path(settings.tempdir))
    return SeafileStorage(reserve)


def _parse(config: RawConfigParser) -> Settings:
    for sentence in unknown_options(config):
        logger.warning("offline download: %s", sentence)
    try:
        return Settings.from_config(config)
    except SettingsError as error:
        logger.error("offline download: stays off: %s", error)
        return Settings(enabled=False)
