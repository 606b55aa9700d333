"""The only door to the database.

``open`` gives a Repository; its methods are the whole of what the rest of the project knows about tables. Every
method may be called from any thread, keeps no connection, and raises DatabaseUnavailable or SchemaOutdated when
the database does not do its part.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..settings import Settings
from .claims import Claims
from .database import Database
from .deliveries import Deliveries
from .doors import Doors
from .figures import Figures, Monitoring
from .lists import Lists
from .nodes import Nodes
from .notices import Notices
from .part import utc_now
from .reports import Reports
from .reservations import Reservations
from .retention import Retention
from .schema import Schema
from .state import State
from .values import (
    SILENCE,
    SORTS,
    Allowance,
    Delivery,
    Node,
    NodeBeat,
    Presence,
    Stats,
    StatusCount,
    Survey,
    TaskPage,
    TaskQuery,
    Usage,
)
from .workers import Workers

__all__ = [
    "SILENCE",
    "SORTS",
    "Allowance",
    "Delivery",
    "Figures",
    "Node",
    "NodeBeat",
    "Presence",
    "Repository",
    "Stats",
    "StatusCount",
    "Survey",
    "TaskPage",
    "TaskQuery",
    "Usage",
    "open",
    "utc_now",
]


class Repository(
    Doors,
    Lists,
    State,
    Reports,
    Monitoring,
    Nodes,
    Claims,
    Reservations,
    Workers,
    Retention,
    Deliveries,
    Notices,
    Schema,
):
    """All tasks and nodes; see the parts, one chapter each."""

    def close(self) -> None:
        """Close idle connections. Idempotent; a later call of another method opens new ones."""
        self._database.close()


def open(settings: Settings, *, clock: Callable[[], datetime] = utc_now, patience: int | None = None) -> Repository:
    """The repository behind ``settings.database``; connects to nothing yet. Raises SettingsError.

    ``clock`` gives naive UTC; ``patience``: seconds that the database may take for an answer, 30 when None.
    """
    return Repository(Database(settings.database, patience=patience), clock, tells=bool(settings.webhook_url))
