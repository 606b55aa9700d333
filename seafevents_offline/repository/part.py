"""What all parts of the repository share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

from .database import Database


def utc_now() -> datetime:
    """Naive UTC, as every time in the tables is."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Part:
    """One chapter of the repository's methods."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._now = clock
