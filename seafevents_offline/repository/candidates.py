"""Reading the queue as far as a claim needs it: owner by owner, and each owner's tasks page by page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)

from ..models import RECORDS
from .room import BEGINNING_MIN, Room, in_turns
from .statements import OWNER_HAS_ROOM, READY_TIMES, is_waiting, ready_values, using

_R = RECORDS.c

#: No owner's name comes behind this.
_LAST = "\U0010ffff"

#: How many tasks of a queue are read first, and how many times more with each further page.
_FIRST_PAGE, _GROWTH = 4, 8

#: For so many slots the first pages of several owners are read at once, of this many at most, as far as they are among
#: this many entries of the index for each.
_SEVERAL, _MOST_OWNERS, _ENTRIES = 3, 10, 100


@dataclass(frozen=True)
class Candidate:
    """A waiting task, as far as choosing needs it."""

    odr_id: int
    owner: str
    url: str
    claim: int
    priority: int
    not_before: datetime | None
    claimed_by: str | None
    active_key: str | None


@dataclass(frozen=True)
class _Page:
    """Some of one owner's, in their order. What is shorter than ``full`` is the last page."""

    candidates: list[Candidate]
    full: int = _FIRST_PAGE


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
        self._settled = set(exclude)
        self._others = sorted(others)
        self._values = {"node": node_id, **ready_values(now)}

    def interrupted(self) -> Iterator[Candidate]:
        """What this node had when it was interrupted."""
        return self._queue("interrupted", self._read(_page_of_interrupted(self._asked())))

    def in_turns(self, served: str | None, slots: int) -> Iterator[Candidate]:
        """One task of each owner, beginning behind ``served``, once round all of them, and again; about ``slots``."""
        return in_turns(self._queues(served, slots))

    def _queues(self, served: str | None, slots: int) -> Iterator[Iterator[Candidate]]:
        if served is not None:
            yield from self._queues_in(served, _LAST, slots)
        yield from self._queues_in(None, _LAST if served is None else served, slots)

    def _queues_in(self, behind: str | None, upto: str, slots: int) -> Iterator[Iterator[Candidate]]:
        while pages := self._pages(behind, upto, slots):
            for page in pages:
                if page is not pages[0] and not any(self._room.has(one.owner, one.url) for one in page.candidates):
                    # A host is full by now: what is read anew leaves out whoever has nothing else.
                    break
                behind = page.candidates[0].owner
                yield self._queue("turn", page)

    def _pages(self, behind: str | None, upto: str, slots: int) -> list[_Page]:
        """The first page of the next owner, or of several."""
        asked = self._asked()
        if slots < _SEVERAL or asked.full_beginnings:
            page = self._read(_page_of_first_owner(asked, behind is None), behind=behind, upto=upto)
            return [page] if page.candidates else []
        entries = _ENTRIES * min(slots, _MOST_OWNERS)
        rows = self._rows(_pages_of_owners(asked, behind is None), behind=behind, upto=upto, entries=entries)
        pages: list[_Page] = []
        for *columns, place in rows:
            if place == 1:
                pages.append(_Page([]))
            pages[-1].candidates.append(Candidate(*columns))
        # Of the last one there may be more than was read.
        return [*pages[:-1], *(_Page(page.candidates, full=1) for page in pages[-1:])]

    def _queue(self, which: str, page: _Page) -> Iterator[Candidate]:
        size = _FIRST_PAGE
        while page.candidates:
            for candidate in page.candidates:
                if self._is_free(candidate) and self._room.take(candidate.owner, candidate.url):
                    yield candidate
            if len(page.candidates) < page.full:
                return
            size *= _GROWTH
            last = page.candidates[-1]
            behind = {"owner": last.owner, "priority": last.priority, "time": last.not_before, "odr_id": last.odr_id}
            page = self._read(_next_page(which, self._asked(), last.not_before is None, size), size, **behind)

    def _is_free(self, candidate: Candidate) -> bool:
        """The first time that one is looked at: what was interrupted may come once more among its owner's."""
        is_free = candidate.odr_id not in self._settled and candidate.claimed_by not in self._others
        self._settled.add(candidate.odr_id)
        return is_free

    def _asked(self) -> _Asked:
        return _Asked(bool(self._others), bool(self._room.full_owners()), bool(self._room.full_beginnings()))

    def _read(self, statement: Select[Any], size: int = _FIRST_PAGE, **values: Any) -> _Page:
        return _Page([Candidate(*row) for row in self._rows(statement, **values)], full=size)

    def _rows(self, statement: Select[Any], **values: Any) -> Iterable[Any]:
        full = {"full_owners": self._room.full_owners(), "full_beginnings": self._room.full_beginnings()}
        return self._connection.execute(statement, {**self._values, "others": self._others, **full, **values})


class _Asked(NamedTuple):
    """What has to be asked for because there is any; a list is spelt anew at each execution, which takes as long as all
    of the rest."""

    others: bool
    full_owners: bool
    full_beginnings: bool


_COLUMNS = (_R.odr_id, _R.owner, _R.url, _R.claim, _R.priority, _R.not_before, _R.claimed_by, _R.active_key)

_ORDER = (_R.priority.desc(), _R.not_before.asc(), _R.odr_id.asc())

# As ``Room`` cuts it: up to the slash behind the host's name.
_BEGINNING = func.substr(_R.url, 1, BEGINNING_MIN + func.instr(func.substr(_R.url, BEGINNING_MIN + 1), "/"))

_INTERRUPTED = and_(is_waiting(), _R.claimed_by == bindparam("node"), _R.not_before.is_(None))

# None of the interrupted ones: where there was no room for them before there is none now.
_MINE = or_(_R.claimed_by.is_(None), _R.claimed_by != bindparam("node"), _R.not_before.is_not(None))
_FREE = or_(_R.claimed_by.is_(None), _R.claimed_by.not_in(bindparam("others", expanding=True)))
_IN_TURN = and_(is_waiting(), or_(*READY_TIMES), _MINE)


def _queue_of(which: str, asked: _Asked) -> ColumnElement[bool]:
    """What the database leaves out of those without room spares its time, not more: ``Room`` decides."""
    conditions = [_INTERRUPTED if which == "interrupted" else _IN_TURN]
    if asked.others and which == "turn":
        conditions.append(_FREE)
    if asked.full_beginnings:
        conditions.append(_BEGINNING.not_in(bindparam("full_beginnings", expanding=True)))
    if asked.full_owners:
        conditions.append(OWNER_HAS_ROOM)
    return and_(*conditions)


def _page(which: str, asked: _Asked, condition: ColumnElement[bool], size: int = _FIRST_PAGE) -> Select[Any]:
    index = "ready" if which == "interrupted" else which
    statement = using(index, select(*_COLUMNS).where(_queue_of(which, asked), condition))
    return statement.order_by(*_ORDER).limit(size)


@cache
def _page_of_interrupted(asked: _Asked) -> Select[Any]:
    return _page("interrupted", asked, true())


@cache
def _page_of_first_owner(asked: _Asked, from_beginning: bool) -> Select[Any]:
    """The first owner by name is one look into the index, however many tasks wait."""
    behind = true() if from_beginning else _R.owner > bindparam("behind")
    wanted = select(_R.owner).where(_queue_of("turn", asked), behind, _R.owner <= bindparam("upto"))
    owner = using("turn", wanted).order_by(_R.owner).limit(1).scalar_subquery()
    return _page("turn", asked, _R.owner == owner)


@cache
def _pages_of_owners(asked: _Asked, from_beginning: bool) -> Select[Any]:
    """The first page of each of the next owners, without a look at the rows of those that come behind it. It has what
    other nodes have, too."""
    conditions = [is_waiting(), or_(*READY_TIMES), _R.owner <= bindparam("upto")]
    if not from_beginning:
        conditions.append(_R.owner > bindparam("behind"))
    if asked.full_owners:
        conditions.append(OWNER_HAS_ROOM)
    read = using("turn", select(_R.odr_id, _R.owner, _R.priority, _R.not_before).where(*conditions))
    entries = read.order_by(_R.owner, *_ORDER).limit(bindparam("entries")).subquery().c
    order = (entries.priority.desc(), entries.not_before.asc(), entries.odr_id.asc())
    place = func.row_number().over(partition_by=entries.owner, order_by=order).label("place")
    placed = select(entries.odr_id, entries.owner, place).subquery()
    pages = select(*_COLUMNS, placed.c.place).join_from(placed, RECORDS, _R.odr_id == placed.c.odr_id)
    return pages.where(placed.c.place <= _FIRST_PAGE).order_by(placed.c.owner, placed.c.place)


@cache
def _next_page(which: str, asked: _Asked, is_untimed: bool, size: int) -> Select[Any]:
    """What comes after the last one by priority (highest first), time (none first) and age."""
    priority: BindParameter[int] = bindparam("priority")
    time: BindParameter[datetime] = bindparam("time")
    later = _R.not_before.is_not(None) if is_untimed else _R.not_before > time
    same = _R.not_before.is_(None) if is_untimed else _R.not_before == time
    younger = or_(later, and_(same, _R.odr_id > bindparam("odr_id")))
    behind = or_(_R.priority < priority, and_(_R.priority == priority, younger))
    of_owner = _R.owner == bindparam("owner") if which == "turn" else true()
    return _page(which, asked, and_(of_owner, behind), size)
