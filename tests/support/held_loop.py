"""Who holds up gevent's loop, for how long, and where.

Two things are measured, in milliseconds:

held    how long one greenlet had the loop's thread at a stretch; or the loop itself, for what it calls
turn    from one look of the loop to the next: all that had their turn between, one after the other

Of both, two times do not count. For the one the thread wanted to run and other processes had the processor: the kernel
keeps that account (the second number of /proc/<pid>/task/<tid>/schedstat). In the other the whole process's garbage was
collected, which whoever comes next has to do, and which grows with what the host has. So a busy machine does not look
like a greenlet that blocks; but all that one computes, and all that it waits in a call of the kernel, counts.

What this cannot tell apart: a disk that other processes keep busy; a virtual machine from which its host takes the
processor; a thread of a pool that other processes push aside while it has the interpreter's lock; what the kernel does
for other processes' connections while it sends for us (a few milliseconds at a time where gigabytes come over the
loopback).
"""

from __future__ import annotations

import gc
import os
import signal
import time
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

import gevent
import greenlet

#: Milliseconds: what took as long is kept; half of it, and it is noted down where it was then.
WORTH_TELLING = 20.0

#: How many of each kind are told of.
_TOLD = 8


@dataclass(frozen=True)
class Hold:
    """``ms`` count; ``wall`` are milliseconds, too. ``where``: the calls after half of the time, innermost first."""

    ms: float
    wall: float
    who: str
    where: str


class HeldLoop:
    """Measures the loop of the thread that calls ``start``, from then on."""

    def __init__(self) -> None:
        self._held: list[Hold] = []
        self._turns: list[Hold] = []
        self._switches = 0
        self._where = ""
        self._collected = 0
        self._collecting: tuple[int, int] | None = None

    def start(self) -> None:
        self._hub = gevent.get_hub()
        self._account = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        self._since = self._turn_since = self._clocks()
        # First after the loop has waited, and last before it waits: gevent itself works in the latter, too.
        self._watchers = (self._hub.loop.check(ref=False, priority=2), self._hub.loop.prepare(ref=False, priority=-2))
        self._watchers[0].start(self._has_waited)
        self._watchers[1].start(self._is_to_wait)
        gc.callbacks.append(self._garbage)
        # No thread that looks: for that it would take the interpreter from the one it looks at.
        signal.signal(signal.SIGALRM, self._look)
        greenlet.settrace(self._switched)

    def report(self) -> dict[str, Any]:
        """``switches`` between greenlets; the longest of each kind, the longest first; ``main``: where that one is."""
        return {
            "switches": self._switches,
            "held": _longest(self._held),
            "turns": _longest(self._turns),
            "main": _calls(self._hub.parent.gr_frame),
        }

    def _clocks(self) -> tuple[int, int]:
        """Nanoseconds: now, and how much of this thread's life does not count."""
        now, waited = time.perf_counter_ns(), int(os.pread(self._account, 100, 0).split()[1])
        # Another thread may be in the middle of it.
        begun = self._collecting
        collecting = _between(begun, (now, waited + self._collected)) if begun is not None else 0
        return now, waited + self._collected + collecting

    def _switched(self, _: str, origin_and_target: tuple[Any, Any]) -> None:
        self._switches += 1
        self._keep(self._held, self._since, who=origin_and_target[0])
        self._begin()

    def _has_waited(self) -> None:
        self._begin()
        self._turn_since = self._since

    def _is_to_wait(self) -> None:
        self._keep(self._held, self._since, who=self._hub)
        self._keep(self._turns, self._turn_since, who=None)
        self._turn_since = self._clocks()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _begin(self) -> None:
        self._where = ""
        signal.setitimer(signal.ITIMER_REAL, WORTH_TELLING / 2000)
        self._since = self._clocks()

    def _keep(self, kept: list[Hold], since: tuple[int, int], who: Any) -> None:
        now = self._clocks()
        ms, wall = _between(since, now) / 1e6, (now[0] - since[0]) / 1e6
        if ms >= WORTH_TELLING:
            kept.append(Hold(ms, wall, getattr(who, "name", type(who).__name__), self._where))

    def _garbage(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._collecting = self._clocks()
        elif self._collecting is not None:
            begun, self._collecting = self._collecting, None
            self._collected += _between(begun, self._clocks())

    def _look(self, _: int, frame: FrameType | None) -> None:
        self._where = _calls(frame)


def _between(before: tuple[int, int], after: tuple[int, int]) -> int:
    """Nanoseconds that count."""
    return (after[0] - before[0]) - (after[1] - before[1])


def _calls(frame: FrameType | None) -> str:
    calls = []
    while frame is not None and len(calls) < 10:
        calls.append(f"{frame.f_code.co_name} ({frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno})")
        frame = frame.f_back
    return " < ".join(calls)


def _longest(holds: list[Hold]) -> list[dict[str, Any]]:
    return [asdict(hold) for hold in sorted(holds, key=lambda hold: -hold.ms)[:_TOLD]]
