"""What bounds one download while it runs: its size, its time, its speed, and the room on the disk."""

from __future__ import annotations

from .disk import Share
from .engines.base import Snapshot, TransferState
from .errors import AnswerEndless, TimeLimitExceeded, TooLarge, TooSlow
from .settings import Settings
from .task import Task
from .units import format_size, format_time

#: ``min-speed`` is an average over this many seconds.
SPEED_WINDOW = 300.0

#: What may come over the line beside a file: so many bytes, and so much for each byte of it. Heads, what encrypts and
#: frames it, redirects, what is on its way when a connection is given up.
BESIDE = 128 * 1024**2
_BESIDE_EACH = 0.25


class Limits:
    """``max-size``, ``time-limit`` and ``min-speed`` of one run; time without an engine does not count."""

    def __init__(self, settings: Settings, now: float) -> None:
        self._settings = settings
        self._started = self._seen = now
        self._window = (now, 0)
        self._first = Snapshot()

    def check(self, snapshot: Snapshot, now: float) -> None:
        """Raises TooLarge, AnswerEndless, TimeLimitExceeded or TooSlow."""
        since, self._seen = self._seen, now
        check_size(self._settings, max(snapshot.size, snapshot.completed))
        if snapshot.state is TransferState.COMPLETE:
            return
        if snapshot.suspended:
            self._started += now - since
            self._window = (now, snapshot.completed)
            return
        self._check_beside(snapshot)
        if now - self._started > self._settings.time_limit:
            raise TimeLimitExceeded(limit=format_time(self._settings.time_limit))
        if snapshot.completed == snapshot.size > 0:
            # All of it is there, and the engine reads it for its checksum.
            self._window = (now, snapshot.completed)
            return
        self._check_speed(snapshot.completed, now)

    def _check_beside(self, snapshot: Snapshot) -> None:
        first = self._first
        is_first = snapshot.completed > 0 == first.completed
        if is_first or snapshot.completed < first.completed or snapshot.received < first.received:
            # It goes on from a part, or has begun again.
            self._first = first = snapshot
        content = snapshot.completed - first.completed
        if snapshot.received - first.received > content * (1 + _BESIDE_EACH) + BESIDE:
            raise AnswerEndless()

    def _check_speed(self, completed: int, now: float) -> None:
        since, before = self._window
        if completed < before:
            # Less than before: it began again.
            self._window = (now, completed)
        elif not before:
            # What an earlier run had downloaded is not this run's speed.
            self._window = (since, completed)
        if now - since >= SPEED_WINDOW and completed >= before:
            if completed - self._window[1] < self._settings.min_speed * (now - since):
                raise TooSlow(limit=format_size(self._settings.min_speed))
            self._window = (now, completed)


class Room:
    """What is still to come of one download, on the temporary folder's disk. Raises DiskReserved where it does not fit:
    before the start by what an earlier try has found out, and as soon as the server tells the length. A file of
    unknown length gets what the others leave."""

    def __init__(self, share: Share, task: Task, held: int) -> None:
        self._share = share
        self._held = held
        # Of one without a length at least as much will come as came before.
        self._size = max(task.size, task.completed)
        self._told = 0
        share.reserve(self._coming(Snapshot()))

    def check(self, snapshot: Snapshot) -> None:
        """Reserve what is now known to come; raises DiskReserved."""
        if not snapshot.is_known:
            # Nothing is known that was not known at the start.
            return
        if snapshot.size > self._told or not snapshot.size:
            self._told = snapshot.size
            self._share.reserve(self._coming(snapshot))
        else:
            self._share.note(self._coming(snapshot))

    def _coming(self, snapshot: Snapshot) -> int:
        # The engine's first look comes after its start.
        return max(0, (snapshot.size or self._size) - (snapshot.completed if snapshot.is_known else self._held))


def check_size(settings: Settings, size: int) -> None:
    """Raises TooLarge beyond ``max-size``."""
    if settings.max_size and size > settings.max_size:
        raise TooLarge(limit=format_size(settings.max_size))
