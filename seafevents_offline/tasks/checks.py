"""Is everything there that the service needs? Each part is really tried, and says what to do when it fails."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..disk import space
from ..egress.claims import CANARY
from ..egress.policy import Policy
from ..egress.supervisor import Guard
from ..engines.base import DownloadEngine
from ..errors import OfflineDownloadError
from ..kinds import Kinds
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


class NotWell(OfflineDownloadError):
    """A part that does not work, for which there is no other name: ``detail`` is what is wrong and what to do."""

    sentence = "{detail}"


def checks(settings: Settings, repository: Repository) -> list[Check]:
    """Every part once; nothing is left behind, and nothing of a service that is running is touched."""
    return [
        check("database", lambda: database(repository)),
        check("temporary folder", lambda: temporary_folder(settings)),
        *of_downloads(settings),
    ]


def of_downloads(settings: Settings) -> list[Check]:
    """What a download needs while it runs."""
    kinds = Kinds.from_settings(settings)
    return [
        *_engine_behind_guard(settings),
        *([check("types of files", lambda: _types(kinds))] if kinds.rules else []),
        check("library", lambda: pick_storage(settings).health()),
    ]


def check(name: str, part: Callable[[], str]) -> Check:
    """What the part says, or why it does not work."""
    try:
        return Check(name, True, part())
    except OfflineDownloadError as error:
        return Check(name, False, str(error))
    except OSError as error:
        # One part that cannot be looked at keeps nobody from hearing of the others.
        return Check(name, False, f"It cannot be looked at: {error}.")


def database(repository: Repository) -> str:
    began = time.monotonic()
    repository.check_schema()
    repository.check_letters()
    milliseconds = round((time.monotonic() - began) * 1000)
    return f"The tables are as they should be; the database has answered within {milliseconds} ms."


def temporary_folder(settings: Settings) -> str:
    tempdir = TempDir(Path(settings.tempdir))
    is_there = tempdir.inspect()
    found = space(tempdir.nearest())
    free = f"{format_size(found.free)} of {format_size(found.total)} are free."
    if found.percent >= settings.disk_high:
        until = f"Nothing is begun until no more than {settings.disk_low:g} % are in use. Please make room."
        raise NotWell(detail=f"{tempdir.path}: the disk is full, only {free} {until}")
    return f"{tempdir.path}: {free}" if is_there else f"{tempdir.path} will be made at the start: {free}"


def _engine_behind_guard(settings: Settings) -> list[Check]:
    """Both, started once; neither is worth anything without the other."""
    with _engine_and_guard(settings) as (engine, guard, place):
        way_out = check("guard", lambda: _start(guard))
        program = check("download program", lambda: _engine(engine, is_guarded=way_out.ok))
        if way_out.ok:
            way_out = check("guard", lambda: _proof(engine, guard, place, is_started=program.ok))
    return [program, way_out]


def _start(guard: Guard) -> str:
    guard.start()
    return ""


def _engine(engine: DownloadEngine, *, is_guarded: bool) -> str:
    info = engine.info()
    about = f"{info.name} {info.version} with {info.tls}, from {info.source}"
    if not is_guarded:
        raise NotWell(detail=f"{about}. It was not started: the guard comes first.")
    engine.start()
    return f"{about}; it starts.{f' {info.note}' if info.note else ''}"


def _proof(engine: DownloadEngine, guard: Guard, place: Path, *, is_started: bool) -> str:
    if not is_started:
        raise NotWell(detail="It starts, but was not tried: the download program comes first.")
    boundary.prove(engine, guard, place)
    return "The download program reaches nothing of this server; every connection goes through the guard."


def _types(kinds: Kinds) -> str:
    return f"{kinds.try_out()} tells what a file is; mime-allow and mime-deny have their effect."


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
