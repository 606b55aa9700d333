"""Is everything there that the service needs? Each part is really tried, and says what to do when it fails."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..egress.claims import CANARY
from ..egress.policy import Policy
from ..egress.supervisor import Guard
from ..engines.base import DownloadEngine
from ..errors import OfflineDownloadError
from ..repository import Repository
from ..settings import Settings
from ..tempdir import TempDir
from ..units import format_size
from . import boundary
from .offline_downloader import pick_engine, pick_storage

#: Seconds that an engine may take to end after it was tried.
_STOP_LIMIT = 5.0


@dataclass(frozen=True)
class Check:
    """One part: what it is when ``ok``, what is wrong and what to do otherwise."""

    name: str
    ok: bool
    detail: str


def checks(settings: Settings, repository: Repository) -> list[Check]:
    """Every part once; nothing is left behind, and nothing of a service that is running is touched."""
    parts: dict[str, Callable[[], str]] = {
        "database": lambda: _database(repository),
        "temporary folder": lambda: _tempdir(settings),
        "download program": lambda: _engine(settings),
        "guard": lambda: _guard(settings),
        "library": lambda: pick_storage(settings).health(),
    }
    return [_check(name, part) for name, part in parts.items()]


def _check(name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name, True, part())
    except OfflineDownloadError as error:
        return Check(name, False, str(error))


def _database(repository: Repository) -> str:
    repository.check_schema()
    stats = repository.stats().by_status
    return f"answers, {sum(count.tasks for count in stats.values())} tasks"


def _tempdir(settings: Settings) -> str:
    tempdir = TempDir(Path(settings.tempdir))
    is_there = tempdir.inspect()
    free = format_size(shutil.disk_usage(tempdir.nearest()).free)
    return f"{tempdir.path}, {free} free" if is_there else f"{tempdir.path} will be made at the start, {free} free"


def _engine(settings: Settings) -> str:
    with _engine_and_guard(settings) as (engine, guard, _):
        info = engine.info()
        guard.start()
        engine.start()
    note = f" {info.note}" if info.note else ""
    return f"{info.name} {info.version} with {info.tls}, from {info.source}; it starts.{note}"


def _guard(settings: Settings) -> str:
    with _engine_and_guard(settings) as (engine, guard, place):
        boundary.start(engine, guard, place)
    return "the download program reaches nothing of this server; everything it connects to goes through the guard."


@contextlib.contextmanager
def _engine_and_guard(settings: Settings) -> Iterator[tuple[DownloadEngine, Guard, Path]]:
    """And a folder for what is tried; all ended afterwards. In a place of their own, for the service may be running."""
    with tempfile.TemporaryDirectory(prefix="offline-check-") as folder:
        tempdir = TempDir(Path(folder))
        tempdir.open()
        guard = Guard(settings, Policy.from_settings(settings))
        engine = pick_engine(settings, tempdir.path, guard)
        try:
            yield engine, guard, tempdir.make(CANARY)
        finally:
            boundary.stop(engine, guard, time.monotonic() + _STOP_LIMIT)
