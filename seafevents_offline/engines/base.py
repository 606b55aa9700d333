"""The port to a download engine: five verbs and neutral values; nothing of an engine leaks through.
And what an engine needs of the outside: the one way out.

The pipeline adds a job, is woken through its callback whenever something changed, reads ``transfer.snapshot``
and removes the transfer when it is done with it, however it ended.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from ..checksum import Checksum
from ..errors import OfflineDownloadError
from ..extras import Extras
from ..pin import Pin


@dataclass(frozen=True)
class Job:
    """What the engine shall fetch. ``folder`` exists, is ours alone and holds nothing but this job's files.

    ``out``: the file name to use, already safe; empty leaves it to the server and the link. ``owner``: for whom.
    ``checksum``: what the file must come to; anything else fails with ChecksumWrong. ``extras``: what the server is
    told beside what the link says, with each request.
    """

    odr_id: int
    claim: int
    url: str
    folder: Path
    out: str = ""
    owner: str = ""
    checksum: Checksum | None = None
    extras: Extras = field(default_factory=Extras)

    @property
    def only(self) -> Pin | None:
        """The one server that may be connected to, because it is told what nobody else may know; None for any."""
        return Pin.of(self.url) if self.extras.is_confidential else None


class TransferState(Enum):
    """ACTIVE until the engine is done; COMPLETE and FAILED never change again."""

    ACTIVE = "active"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True)
class EngineFile:
    """One file that the engine reports; hostile until verified."""

    path: Path
    size: int
    completed: int


@dataclass(frozen=True)
class Snapshot:
    """How a transfer stood when it was last looked at. Bytes; ``size`` 0 = unknown; speed in bytes/s.

    ``error`` is there exactly when the state is FAILED. ``suspended``: the engine itself is away for the moment; what
    does not happen meanwhile is not the link's fault. ``received``: what came over the line for it so far and was told
    since, content or not. ``begun``: the one file as soon as its beginning (``mime.BEGINNING``)
    is there without a gap; hostile, too.
    """

    state: TransferState = TransferState.ACTIVE
    completed: int = 0
    size: int = 0
    speed: int = 0
    files: tuple[EngineFile, ...] = ()
    error: OfflineDownloadError | None = None
    suspended: bool = False
    received: int = 0
    begun: Path | None = None

    @property
    def is_known(self) -> bool:
        """Whether the engine has looked at what there is: before, neither of the two numbers means anything."""
        return self.size > 0 or self.completed > 0


class Transfer:
    """One added job; ``snapshot`` is replaced as a whole, so that any thread may read it."""

    def __init__(self, job: Job, wake: Callable[[], None]) -> None:
        self.job = job
        self.snapshot = Snapshot()
        self._wake = wake

    def update(self, snapshot: Snapshot) -> None:
        """Called by the engine alone."""
        if snapshot != self.snapshot and self.snapshot.state is TransferState.ACTIVE:
            self.snapshot = snapshot
            self._wake()


@dataclass(frozen=True)
class EngineInfo:
    """What ``doctor`` and the node's row say about the engine."""

    name: str
    version: str
    source: str
    tls: str
    note: str = ""


class Egress(Protocol):
    """The one way out: an HTTP proxy that only knows CONNECT. Every method may be called from any thread and returns
    at once."""

    @property
    def proxy(self) -> str:
        """``http://127.0.0.1:<port>``, the same for all time."""

    @property
    def is_up(self) -> bool:
        """Whether connections are taken at the moment; nothing can be downloaded while they are not."""

    def admit(self, odr_id: int, claim: int, owner: str, only: Pin | None = None) -> tuple[str, str]:
        """User name and password for the connections of this claim, which may lead to ``only`` this server, or
        anywhere: a download that is led elsewhere then fails with LinkLeadsElsewhere, and nobody hears of it there."""

    def refusal(self, odr_id: int, claim: int) -> OfflineDownloadError | None:
        """What a connection of this claim was refused for, or failed of; certain once the engine has been told no.

        One that is not retryable is a decision about the link; the others are what happened last. NetworkUnavailable is
        told of connections in which nothing comes any more as well, before the engine has given them up.
        """

    def received(self, odr_id: int, claim: int) -> int:
        """Bytes that came for this claim since it was admitted, as of a moment ago; small numbers may be 0."""

    def deaths(self) -> int:
        """How often all connections were cut because the way out itself broke; certain once the engine sees it."""

    def close(self, odr_id: int, claim: int) -> None:
        """Cut all connections of this claim now, and forget what it has used and what it was refused."""


class DownloadEngine(ABC):
    """Starts nothing when constructed. Every method may be called from any thread."""

    @abstractmethod
    def start(self) -> None:
        """Raises EngineUnavailable when it cannot work at all. From then on the engine mends itself:
        a dead or hanging process is replaced, and every transfer goes on by itself."""

    @abstractmethod
    def stop(self, deadline: float) -> None:
        """End everything by ``deadline`` (``time.monotonic()``), keeping what is needed to continue. Idempotent."""

    @abstractmethod
    def add(self, job: Job, wake: Callable[[], None]) -> Transfer:
        """Begin, or continue from what ``job.folder`` holds; never wait for the network.

        ``wake`` is called from a thread of the engine after each change of the snapshot and must return at once.
        """

    @abstractmethod
    def remove(self, transfer: Transfer) -> None:
        """Stop it if it is active and forget it. When this returns nothing is written to its folder any more."""

    @abstractmethod
    def limit(self, speed: int) -> None:
        """From now on all transfers together get so many bytes a second, those that run as well; 0: as many as come."""

    @abstractmethod
    def renew(self) -> None:
        """The directory in which it works was made anew: begin again there with what is open."""

    @abstractmethod
    def resumable(self, folder: Path) -> bool:
        """Whether what a killed engine left in ``folder`` is a part that ``add`` continues."""

    @abstractmethod
    def finished(self, folder: Path) -> tuple[Path, ...]:
        """The files that a killed engine left in ``folder`` when it is known to have finished them; else none.

        A partial file of several connections can have the right length; looking at it is not knowing.
        """

    @abstractmethod
    def info(self) -> EngineInfo:
        """Which engine this is; raises EngineUnavailable when there is none. Works before ``start``."""
