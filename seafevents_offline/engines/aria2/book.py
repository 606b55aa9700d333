"""What callers want of aria2c and what is known of it: the one thing that all threads share, with the one lock.

    add() ─> new ──taken for a round──> sent ──ended by itself──> settled
              ├─ end() ─> dropped        ├─ end() ─> ending ──aria2c let go──> settled
              └───────── again() ────────┘

When aria2c dies, everything that was sent is new again, and what was ending has ended; what it may have died of waits
to be tried alone. While there is no way out, nothing new is sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..base import Transfer
from .entry import Entry
from .suspects import Suspects

#: New downloads in one round; their links must fit into one request, and others wait meanwhile.
_BATCH = 200


@dataclass(frozen=True)
class Work:
    """What the next round must do, in this order: a name can be used again only when it was forgotten."""

    forgets: list[str]
    news: list[Entry]
    ends: list[Entry]
    looks: list[Entry]


class Book:
    """Every method may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._changed = threading.Condition()
        self._open: dict[str, Entry] = {}
        self._new: list[Entry] = []
        self._suspects = Suspects(clock)
        self._ends: list[Entry] = []
        self._looks: set[str] = set()
        self._forgets: list[str] = []
        self._poked = False
        self._held = False

    # --- callers and notifications --------------------------------------------------------------------

    def add(self, entry: Entry) -> None:
        with self._changed:
            if entry.gid in self._open:
                raise ValueError(f"{entry.gid} is being downloaded already")
            self._open[entry.gid] = entry
            self._new.append(entry)
            self._changed.notify()

    def end(self, gid: str, transfer: Transfer) -> Entry | None:
        """Ask for its end; None when aria2c has nothing to do with it (any more)."""
        with self._changed:
            entry = self._open.get(gid)
            if entry is None or entry.transfer is not transfer:
                return None
            entry.ending = True
            if not entry.sent:
                del self._open[gid]
                return None
            self._ends.append(entry)
            self._changed.notify()
            return entry

    def look(self, gid: str) -> None:
        """Something happened to it."""
        with self._changed:
            self._looks.add(gid)
            self._changed.notify()

    def poke(self) -> None:
        """Something happened that concerns everything."""
        with self._changed:
            self._poked = True
            self._changed.notify()

    # --- the monitor ----------------------------------------------------------------------------------

    def wait(self, until: float) -> bool:
        """Until there is work or ``until`` (``time.monotonic()``); True when everything must be looked at."""
        with self._changed:
            self._changed.wait_for(self._has_work, max(0.0, until - time.monotonic()))
            poked, self._poked = self._poked, False
            return poked

    def take(self, *, hold: bool = False) -> Work:
        """The work of one round; it is not offered again. ``hold``: nothing new is sent, now and until the next one."""
        with self._changed:
            self._held = hold
            news = [] if hold else self._choose()
            # Others have ended by themselves, and their names may be in use again.
            ends = [entry for entry in self._ends if self._open.get(entry.gid) is entry]
            # aria2c does not know the others: who looked after those would take them for lost.
            looks = [entry for entry in self._sent() if entry.gid in self._looks]
            work = Work(self._forgets, news, ends, looks)
            self._forgets, self._ends, self._looks = [], [], set()
            return work

    def sent(self) -> dict[str, Entry]:
        """All that aria2c should have."""
        with self._changed:
            return {entry.gid: entry for entry in self._sent()}

    def everything(self) -> list[Entry]:
        """All that is open."""
        with self._changed:
            return list(self._open.values())

    def idle(self) -> bool:
        with self._changed:
            return not self._open

    def settle(self, entry: Entry) -> None:
        """It has ended: aria2c may forget it, and whoever waits for its end is released."""
        with self._changed:
            if self._open.pop(entry.gid, None) is not None:
                self._forgets.append(entry.gid)
        entry.released.set()

    def again(self, entry: Entry) -> None:
        """It has ended and shall begin anew; one that is being taken back is settled instead."""
        with self._changed:
            ending = entry.ending
            if not ending:
                entry.sent = False
                self._forgets.append(entry.gid)
                self._new.append(entry)
        if ending:
            self.settle(entry)

    def renew(self) -> list[Entry]:
        """aria2c has died; the next one begins with what is open. Returns what it died of too often."""
        with self._changed:
            sent = self._sent()
            ended = [entry for entry in sent if entry.ending]
            self._suspects.died(sent)
            for entry in sent:
                entry.sent = False
            for entry in ended:
                del self._open[entry.gid]
            self._new = list(self._open.values())
            self._forgets, self._ends, self._looks = [], [], set()
        for entry in ended:
            entry.released.set()
        return [entry for entry in sent if not entry.ending and (entry.guilty or entry.died())]

    def _has_work(self) -> bool:
        may_send = self._new and not self._held and self._suspects.choose(self._new, self._sent())
        return bool(self._poked or may_send or self._ends or self._looks or self._forgets)

    def _choose(self) -> list[Entry]:
        # Some were ended or failed while they waited.
        new = [entry for entry in self._new if self._open.get(entry.gid) is entry]
        chosen = self._suspects.choose(new, self._sent())[:_BATCH]
        for entry in chosen:
            entry.sent = True
        self._suspects.sent(chosen)
        self._new = [entry for entry in new if not entry.sent]
        return chosen

    def _sent(self) -> list[Entry]:
        return [entry for entry in self._open.values() if entry.sent]
