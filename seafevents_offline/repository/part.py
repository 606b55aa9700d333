"""What all parts of the repository share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..status import OfflineDownloadStatus
from .database import Database
from .statements import ended


def utc_now() -> datetime:
    """Naive UTC, as every time in the tables is."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


class Part:
    """One chapter of the repository's methods."""

    def __init__(self, database: Database, clock: Callable[[], datetime], tells: bool = False) -> None:
        """``tells``: another server is told how tasks end."""
        self._database = database
        self._now = clock
        self._tells = tells

    def _ended(self, status: OfflineDownloadStatus, now: datetime) -> dict[str, Any]:
        """``ended``; that others have to be told is written in the same statement, so that nothing is ever missed."""
        values = ended(status, now)
        return values | {"untold": 1} if self._tells else values
