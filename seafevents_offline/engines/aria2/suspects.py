"""Who is to blame when aria2c dies: downloads that had not begun are tried alone until it is certain.

A server can end aria2c with one line of its answer: a Content-Length of a million terabytes becomes a table of that
many pieces. No option prevents it, and when aria2c dies, everybody's downloads stand still for a moment. So such a
link is given up as soon as it is known, and its owner's next ones come one at a time and with pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from .entry import Entry

#: Deaths before a download had begun, after which it is tried alone; one may have any reason.
_CHANCES = 2

#: What has not killed aria2c within this many seconds is not tried alone any longer.
TRIAL = 10.0

#: Seconds between two trials for owners of whom one link is known to kill: others need time to get on.
PAUSE = 20.0

#: Seconds for which such an owner is remembered.
MEMORY = 3600.0

#: Bytes of a length that does not kill but costs everybody seconds, in which aria2 makes its table and nothing else.
STALLING = 2**40


class Suspects:
    """Not for several threads at once: the book has the lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tried: Entry | None = None
        self._next_trial = 0.0
        self._owners: dict[str, float] = {}

    def choose(self, new: Collection[Entry], sent: Collection[Entry]) -> list[Entry]:
        """What of ``new`` may be sent now: all that are above suspicion; else one suspect, and then nothing more until
        it is seen whether aria2c bears it. ``sent``: what aria2c has already."""
        for entry in sent:
            if entry.transfer.snapshot.size > STALLING and not self._is_known(entry):
                self._remember(entry)
        if self._is_trying():
            return []
        return [entry for entry in new if not self._is_suspect(entry)] or self._next(new, sent)

    def sent(self, chosen: Collection[Entry]) -> None:
        """These are sent, all in one round."""
        now = self._clock()
        for entry in chosen:
            entry.begun, entry.sent_at = False, now
            if self._is_suspect(entry):
                self._tried = entry
                self._next_trial = now + PAUSE

    def died(self, sent: Collection[Entry]) -> None:
        """aria2c has died of one of these: the one of which it is certain is marked as guilty."""
        if self._tried is not None and self._is_trying():
            self._convict(self._tried)
        self._tried = None
        for entry in sent:
            entry.fatal = 0 if entry.begun else entry.fatal + 1

    def _convict(self, entry: Entry) -> None:
        entry.guilty = True
        self._remember(entry)

    def _remember(self, entry: Entry) -> None:
        now = self._clock()
        self._next_trial = now + PAUSE
        self._owners = {owner: until for owner, until in self._owners.items() if until > now}
        if owner := entry.transfer.job.owner:
            self._owners[owner] = now + MEMORY

    def _is_trying(self) -> bool:
        tried = self._tried
        return tried is not None and tried.is_open and not tried.begun and not self._is_old(tried)

    def _is_suspect(self, entry: Entry) -> bool:
        is_new = not (entry.transfer.snapshot.size or entry.transfer.snapshot.completed)
        return entry.fatal >= _CHANCES or (is_new and self._is_known(entry))

    def _next(self, new: Collection[Entry], sent: Collection[Entry]) -> list[Entry]:
        if not all(entry.begun or self._is_old(entry) for entry in sent):
            # It could not be told apart from these.
            return []
        pause = self._clock() < self._next_trial
        ready = [entry for entry in new if not (pause and self._is_known(entry))]
        return sorted(ready, key=self._is_known)[:1]

    def _is_known(self, entry: Entry) -> bool:
        return self._owners.get(entry.transfer.job.owner, 0.0) > self._clock()

    def _is_old(self, entry: Entry) -> bool:
        return self._clock() - entry.sent_at >= TRIAL
