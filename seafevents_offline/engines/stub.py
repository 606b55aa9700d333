"""An engine in memory that does what its script says: for tests of everything above it, and for the documentation.

engine = StubEngine({"http://example.test/a": Deliver(b"hello")})
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union
from urllib.parse import unquote, urlsplit

from ..errors import ChecksumWrong, FileNotFoundAtServer, LoginRefused, LoginWanted, OfflineDownloadError
from ..extras import Extras
from ..mime import BEGINNING
from .base import DownloadEngine, EngineFile, EngineInfo, Job, Snapshot, Transfer, TransferState

_MARK = ".part"


@dataclass(frozen=True)
class Deliver:
    """The link gives ``body`` under ``name`` (empty: the link's last part), or several ``files`` by relative path, to
    whoever has this ``login`` (``user:password``; empty: to anybody)."""

    body: bytes = b""
    name: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    login: str = ""


@dataclass(frozen=True)
class Fail:
    """The link gives ``body`` and then ``error``."""

    error: OfflineDownloadError
    body: bytes = b""


@dataclass(frozen=True)
class Hold:
    """The link gives ``body`` of ``size`` bytes and then nothing more, until ``StubEngine.play`` says what follows."""

    body: bytes = b""
    size: int = 0


Act = Union[Deliver, Fail, Hold]


class StubEngine(DownloadEngine):
    """``script``: what each link does; other links are not found. Everything happens within the call that causes it."""

    def __init__(self, script: Mapping[str, Act] | None = None) -> None:
        self._script = dict(script or {})
        self._running: dict[tuple[int, int], Transfer] = {}
        self._lock = threading.RLock()
        #: Every job that was added, in order.
        self.added: list[Job] = []
        self.started = False
        self.speed_limit = 0

    def start(self) -> None:
        self.started = True

    def stop(self, deadline: float) -> None:
        self.started = False

    def add(self, job: Job, wake: Callable[[], None]) -> Transfer:
        transfer = Transfer(job, wake)
        with self._lock:
            self.added.append(job)
            self._running[job.odr_id, job.claim] = transfer
            act = self._script.get(job.url, Fail(FileNotFoundAtServer(status=404)))
            self._perform(transfer, _answered(job.extras, act))
        return transfer

    def remove(self, transfer: Transfer) -> None:
        with self._lock:
            self._running.pop((transfer.job.odr_id, transfer.job.claim), None)

    def limit(self, speed: int) -> None:
        self.speed_limit = speed

    def renew(self) -> None:
        """It has no files of its own."""

    def resumable(self, folder: Path) -> bool:
        return folder.is_dir() and any(path.name.endswith(_MARK) for path in folder.iterdir())

    def finished(self, folder: Path) -> tuple[Path, ...]:
        found = tuple(path for path in folder.rglob("*") if not path.is_dir())
        return () if any(path.name.endswith(_MARK) for path in found) else found

    def info(self) -> EngineInfo:
        return EngineInfo("stub", "1", "memory", "")

    @property
    def running(self) -> list[Transfer]:
        """What was added and not removed."""
        with self._lock:
            return list(self._running.values())

    def play(self, url: str, act: Act) -> None:
        """From now on ``url`` does this; transfers of it that are held go on with it."""
        with self._lock:
            self._script[url] = act
            for transfer in self.running:
                if transfer.job.url == url:
                    self._perform(transfer, act)

    def _perform(self, transfer: Transfer, act: Act) -> None:
        if transfer.snapshot.state is not TransferState.ACTIVE:
            return
        name = transfer.job.out or (act.name if isinstance(act, Deliver) else "") or _last_part(transfer.job.url)
        file, mark = transfer.job.folder / name, transfer.job.folder / f"{name}{_MARK}"
        done = len(act.body)
        if done or (isinstance(act, Deliver) and not act.files):
            mark.touch()
            file.write_bytes(act.body)
        if isinstance(act, Deliver) and not _is_expected(transfer.job, act.body):
            transfer.update(Snapshot(TransferState.FAILED, done, error=ChecksumWrong()))
        elif isinstance(act, Deliver):
            mark.unlink(missing_ok=True)
            transfer.update(_complete(transfer.job.folder, act.files or {name: act.body}))
        elif isinstance(act, Fail):
            transfer.update(Snapshot(TransferState.FAILED, done, error=act.error))
        else:
            begun = file if done >= BEGINNING else None
            transfer.update(Snapshot(TransferState.ACTIVE, done, act.size or done, speed=done, begun=begun))


def _answered(extras: Extras, act: Act) -> Act:
    """What comes of it for who says this."""
    if not isinstance(act, Deliver) or act.login in ("", f"{extras.user}:{extras.password}"):
        return act
    return Fail(LoginRefused(status=401) if extras.is_confidential else LoginWanted())


def _is_expected(job: Job, body: bytes) -> bool:
    if job.checksum is None:
        return True
    hasher = job.checksum.hasher()
    hasher.update(body)
    return bool(hasher.hexdigest() == job.checksum.digest)


def _complete(folder: Path, files: Mapping[str, bytes]) -> Snapshot:
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    size = sum(map(len, files.values()))
    found = tuple(EngineFile(folder / name, len(body), len(body)) for name, body in files.items())
    return Snapshot(TransferState.COMPLETE, size, size, files=found)


def _last_part(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2]).replace("/", "_") or "index.html"
