"""When things happen: threads that turn again and again; what they do is in ``Scheduler`` and ``Lookout``."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from ..threads import survive


class Ticking(Protocol):
    """What a timer drives."""

    def tick(self, now: float, *, woken: bool) -> float:
        """Do what is due at ``now`` (monotonic) and say in how many seconds something will be due again."""


class OfflineDownloadTimer(threading.Thread):
    """Calls ``tick`` when it is due or when somebody wakes it; ticks that were missed are skipped."""

    def __init__(self, ticking: Ticking, interval: float, name: str = "offline-timer") -> None:
        super().__init__(name=name, daemon=True)
        self.finished = threading.Event()
        self._ticking = ticking
        self._interval = interval
        self._woken = threading.Event()

    def run(self) -> None:
        while not self.finished.is_set():
            self._woken.wait(self.tick(time.monotonic()))

    def tick(self, now: float) -> float:
        """One turn of the loop; returns how long to wait for the next. A turn that fails never stops the next."""
        # Cleared before the work, so that a wake in the middle of it is not lost.
        woken = self._woken.is_set()
        self._woken.clear()
        delays = [self._interval]
        survive(f"a turn of {self.name}", lambda: delays.append(self._ticking.tick(now, woken=woken)))
        return delays[-1]

    def wake(self) -> None:
        """Look at once; may be called from any thread, any number of times."""
        self._woken.set()

    def cancel(self) -> None:
        """End after the turn that runs; idempotent, and not lost when called before the start."""
        self.finished.set()
        self._woken.set()
