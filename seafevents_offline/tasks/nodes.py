"""Which other nodes live: judged by what this node itself saw, never by comparing clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

#: A node whose beat was seen unchanged for this many seconds is taken for dead.
WATCH = 60.0


class NodeWatch:
    """Fed with every node's last beat. What it did not see itself does not count: a loss of the database, and a gap
    of more than ``longest_gap`` seconds between two looks (this node itself was frozen), start all watches anew."""

    def __init__(self, watch: float, longest_gap: float) -> None:
        self._watch = watch
        self._longest_gap = longest_gap
        self._looked = 0.0
        self._seen: dict[str, tuple[datetime, float]] = {}

    def observe(self, beats: Mapping[str, datetime], now: float) -> None:
        """``beats``: node id and its last beat, as the table has it; ``now``: this machine's monotonic clock."""
        if now - self._looked > self._longest_gap:
            self.lost()
        self._looked = now
        self._seen = {
            node_id: self._seen[node_id] if self._seen.get(node_id, (None, 0.0))[0] == beat else (beat, now)
            for node_id, beat in beats.items()
        }

    def lost(self) -> None:
        """The database could not be asked: whoever did not beat may just have been as blind as we."""
        self._seen.clear()

    def dead(self, now: float) -> frozenset[str]:
        return frozenset(node_id for node_id, (_, since) in self._seen.items() if now - since >= self._watch)

    def alive(self, now: float) -> frozenset[str]:
        return frozenset(self._seen) - self.dead(now)
