"""What the repository takes and gives besides tasks: all frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from ..errors import TooManyAdds, TooManyTasks
from ..settings import Settings
from ..status import OfflineDownloadStatus
from ..task import Task

#: The columns that a list can be sorted by; ``-`` before one turns the order round.
SORT_COLUMNS = ("odr_id", "timestamp", "finished_at", "name", "size", "status", "priority")

#: A node that has not written for so long does nothing any more, or its clock is wrong.
SILENCE = timedelta(seconds=60)

#: A node that has been silent for so long was given up, and is not missed.
_GIVEN_UP = timedelta(days=7)

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
class Allowance:
    """What one owner may have: so many tasks that are not final, and so many links added within an hour."""

    active: int
    per_hour: int

    @classmethod
    def of(cls, settings: Settings) -> Allowance:
        return cls(settings.tasks_per_user, settings.adds_per_hour)

    def check(self, usage: Usage, *, adds: bool) -> None:
        """Whether there may be one more. Raises TooManyTasks, and TooManyAdds where that is an added one."""
        if usage.active >= self.active:
            raise TooManyTasks(limit=self.active)
        if adds and usage.added >= self.per_hour:
            raise TooManyAdds(limit=self.per_hour)


@dataclass(frozen=True)
class Delivery:
    """A message for another server: ``body`` is its JSON. It was made ``age`` seconds ago, soon after the task had
    ended. When it is not taken, it is due again in ``pause`` seconds."""

    delivery_id: int
    odr_id: int
    body: Mapping[str, Any]
    age: float
    pause: float


@dataclass(frozen=True)
class NodeBeat:
    """What a daemon says of itself once a tick; ``health`` is whatever JSON can hold."""

    node_id: str
    name: str
    version: str
    health: Mapping[str, Any] = field(default_factory=dict)


class Presence(Enum):
    """How a node is, for whoever reads its row."""

    AWAKE = "awake"
    DID_NOT_START = "did not start"
    SILENT = "silent"
    AHEAD = "ahead"  # its clock, or the reader's, is wrong


@dataclass(frozen=True)
class Node:
    """A daemon as it last wrote of itself. ``beat_at`` is naive UTC by that daemon's clock; ``now`` is the reader's."""

    node_id: str
    name: str
    version: str
    beat_at: datetime
    health: Mapping[str, Any]

    @property
    def label(self) -> str:
        return self.name or self.node_id

    @property
    def off(self) -> Any:
        """What it says when it did not start: why; None when it did."""
        return self.health.get("off")

    def silence(self, now: datetime) -> timedelta:
        """Since when it has not written; negative when its clock is ahead."""
        return now - self.beat_at

    def presence(self, now: datetime) -> Presence:
        if "off" in self.health:
            return Presence.DID_NOT_START
        if abs(self.silence(now)) <= SILENCE:
            return Presence.AWAKE
        return Presence.AHEAD if self.silence(now) < timedelta(0) else Presence.SILENT

    def is_awake(self, now: datetime) -> bool:
        return self.presence(now) is Presence.AWAKE

    def is_missed(self, now: datetime) -> bool:
        """Whether it should be awake and is not."""
        return not self.is_awake(now) and self.silence(now) <= _GIVEN_UP


@dataclass(frozen=True)
class Survey:
    """What a tick must know: when all other nodes last wrote, whether anything waits whose time has come, and which
    tasks the node that asks is said to have in hand."""

    beats: Mapping[str, datetime]
    waiting: bool
    held: frozenset[int] = frozenset()
