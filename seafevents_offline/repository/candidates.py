"""Reading the queue as far as a claim needs it: owner by owner, and each owner's tasks page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select, true

from ..models import RECORDS
from ..status import OfflineDownloadStatus
from .room import BEGINNING_MIN, Room, in_turns
from .statements import ready_times, using

_R = RECORDS.c

# As ``Room`` cuts it: up to the slash behind the host's name.
_BEGINNING = func.substr(_R.url, 1, BEGINNING_MIN + func.instr(func.substr(_R.url, BEGINNING_MIN + 1), "/"))

# Spares the database's time, not more: ``Room`` decides.
_HAS_ROOM = and_(
    _R.owner.not_in(bindparam("full_owners", expanding=True)),
    _BEGINNING.not_in(bindparam("full_beginnings", expanding=True)),
)

#: No owner's name comes behind this.
_LAST = "\U0010ffff"

#: How many tasks of a queue are read first, and how many times more with each further page.
_FIRST_PAGE, _GROWTH = 4, 8


@dataclass(frozen=True)
class Candidate:
    """A waiting task, as far as choosing needs it."""

    odr_id: int
    owner: str
    url: str
    claim: int
    priority: int
    not_before: datetime | None
    active_key: str | None


_COLUMNS = (_R.odr_id, _R.owner, _R.url, _R.claim, _R.priority, _R.not_before, _R.active_key)


class Candidates:
    """What this node may take now, in one transaction. Whatever the iterators give is taken from ``room``."""

    def __init__(
        self,
        connection: Connection,
        room: Room,
        *,
        node_id: str,
        now: datetime,
        others: Collection[str],
        exclude: Collection[int],
    ) -> None:
        self._connection = connection
        self._room = room
        # Not for the database: it is about a handful of rows, and of hundreds of numbers.
        self._excluded = frozenset(exclude)
        interrupted = and_(_R.claimed_by == node_id, _R.not_before.is_(None))
        # None of the interrupted ones: where there was no room for them before there is none now.
        mine = or_(_R.claimed_by.is_(None), _R.claimed_by != node_id, _R.not_before.is_not(None))
        free = or_(_R.claimed_by.is_(None), _R.claimed_by.not_in(sorted(others))) if others else true()
        waiting = _R.status == OfflineDownloadStatus.WAITING
        self._interrupted = and_(waiting, interrupted)
        self._in_turn = and_(waiting, or_(*ready_times(now)), mine, free)

    def interrupted(self) -> Iterator[Candidate]:
        """What this node had when it was interrupted."""
        return self._queue("ready", self._interrupted, self._read(_page("ready", self._interrupted)))

    def in_turns(self, served: str | None) -> Iterator[Candidate]:
        """One task of each owner, beginning behind ``served``, once round all of them, and again."""
        return in_turns(self._queues(served))

    def _queues(self, served: str | None) -> Iterator[Iterator[Candidate]]:
        # Made once and given other values for each owner: making it costs as much as the database's answer.
        following = self._page_of_first_owner(_R.owner > bindparam("behind"))
        if served is not None:
            yield from self._queues_in(following, self._read(following, behind=served, upto=_LAST))
        beginning = self._page_of_first_owner(true())
        upto = _LAST if served is None else served
        yield from self._queues_in(following, self._read(beginning, upto=upto), upto)

    def _queues_in(
        self, following: Select[Any], page: list[Candidate], upto: str = _LAST
    ) -> Iterator[Iterator[Candidate]]:
        while page:
            owner = page[0].owner
            yield self._queue("turn", and_(self._in_turn, _R.owner == owner), page)
            page = self._read(following, behind=owner, upto=upto)

    def _page_of_first_owner(self, owners: ColumnElement[bool]) -> Select[Any]:
        """The first owner by name is one look into the index, however many tasks wait."""
        wanted = select(_R.owner).where(self._in_turn, owners, _R.owner <= bindparam("upto"), _HAS_ROOM)
        owner = using("turn", wanted).order_by(_R.owner).limit(1).scalar_subquery()
        return _page("turn", and_(self._in_turn, _R.owner == owner))

    def _queue(self, index: str, condition: ColumnElement[bool], page: list[Candidate]) -> Iterator[Candidate]:
        size = _FIRST_PAGE
        while page:
            for candidate in page:
                if candidate.odr_id not in self._excluded and self._room.take(candidate.owner, candidate.url):
                    yield candidate
            if len(page) < size:
                return
            size *= _GROWTH
            page = self._read(_page(index, and_(condition, _behind(page[-1])), size))

    def _read(self, statement: Select[Any], **values: str) -> list[Candidate]:
        room = {"full_owners": self._room.full_owners(), "full_beginnings": self._room.full_beginnings()}
        return [Candidate(*row) for row in self._connection.execute(statement, {**room, **values})]


def _page(index: str, condition: ColumnElement[bool], size: int = _FIRST_PAGE) -> Select[Any]:
    statement = using(index, select(*_COLUMNS).where(condition, _HAS_ROOM))
    return statement.order_by(_R.priority.desc(), _R.not_before.asc(), _R.odr_id.asc()).limit(size)


def _behind(last: Candidate) -> ColumnElement[bool]:
    """What comes after ``last`` by priority (highest first), time (none first) and age."""
    later: ColumnElement[bool]
    same: ColumnElement[bool]
    if last.not_before is None:
        later, same = _R.not_before.is_not(None), _R.not_before.is_(None)
    else:
        later, same = _R.not_before > last.not_before, _R.not_before == last.not_before
    younger = or_(later, and_(same, _R.odr_id > last.odr_id))
    return or_(_R.priority < last.priority, and_(_R.priority == last.priority, younger))
