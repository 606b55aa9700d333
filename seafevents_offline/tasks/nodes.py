"""Which other nodes live: judged by what this node itself saw, never by comparing clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

#: A node whose beat was seen unchanged for this many seconds is taken for dead.
WATCH = 60.0


class NodeWatch:
    """Fed with every node's last beat; any loss of the database starts all watches anew."""

    def __init__(self, watch: float) -> None:
        self._watch = watch
        self._seen: dict[str, tuple[datetime, float]] = {}

    def observe(self, beats: Mapping[str, datetime], now: float) -> None:
        """``beats``: node id and its last beat, as the table has it; ``now``: this machine's monotonic clock."""
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
