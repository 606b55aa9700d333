"""What the repository takes and gives besides tasks: all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..status import OfflineDownloadStatus
from ..task import Task

#: The columns that a list can be sorted by; ``-`` before one turns the order round.
SORT_COLUMNS = ("odr_id", "timestamp", "finished_at", "name", "size", "status", "priority")

#: Everything that ``TaskQuery.sort`` may be.
SORTS = frozenset(f"{sign}{column}" for column in SORT_COLUMNS for sign in ("", "-"))


@dataclass(frozen=True)
class TaskQuery:
    """Which tasks to list. ``owner`` None: everybody's; empty ``statuses``: all; ``hidden``: also removed ones.

    ``text`` is looked for in names, folders and links. What may be secret in a link (its query, a user name) is not
    looked at in everybody's list, nor where the query is ``redacted``: an administrator looks at one owner's tasks.
    Raises ValueError for a sort, page or size that cannot be.
    """

    owner: str | None = None
    statuses: frozenset[OfflineDownloadStatus] = frozenset()
    repo_id: str = ""
    text: str = ""
    sort: str = "-odr_id"
    page: int = 1
    per_page: int = 10
    hidden: bool = False
    redacted: bool = False

    def __post_init__(self) -> None:
        if self.sort not in SORTS or self.page < 1 or self.per_page < 1:
            raise ValueError(f"sort={self.sort!r}, page={self.page}, per_page={self.per_page}")


@dataclass(frozen=True)
class TaskPage:
    """One page, and how many tasks there are on all pages together."""

    tasks: tuple[Task, ...]
    total: int


@dataclass(frozen=True)
class StatusCount:
    """How many tasks have one status; ``size`` and ``completed`` are their bytes together."""

    tasks: int = 0
    size: int = 0
    completed: int = 0


@dataclass(frozen=True)
class Stats:
    """Every status is there, also those that no task has."""

    by_status: Mapping[OfflineDownloadStatus, StatusCount]


@dataclass(frozen=True)
class Usage:
    """What limits look at: an owner's tasks that are not final, and how many were added within the last hour.

    ``oldest`` is when the first of the latter was added: an hour after that there is room again.
    """

    active: int
    added: int
    oldest: datetime | None


@dataclass(frozen=True)
class NodeBeat:
    """What a daemon says of itself once a tick; ``health`` is whatever JSON can hold."""

    node_id: str
    name: str
    version: str
    health: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """A daemon as it last wrote of itself. ``beat_at`` is naive UTC by that daemon's clock."""

    node_id: str
    name: str
    version: str
    beat_at: datetime
    health: Mapping[str, Any]


@dataclass(frozen=True)
class Survey:
    """What a tick must know: when all other nodes last wrote, and whether anything waits whose time has come."""

    beats: Mapping[str, datetime]
    waiting: bool
