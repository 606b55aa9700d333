"""Reading the queue as far as a claim needs it: page by page, and owners by jumping through an index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, literal, not_, or_, select, true

from ..link import host_of
from ..models import RECORDS
from ..settings import KNOWN_SCHEMES
from ..status import OfflineDownloadStatus
from .room import Room
from .statements import among, ready_times

_R = RECORDS.c
_WAITING = _R.status == OfflineDownloadStatus.WAITING

#: How many tasks of one queue, and how many owners, one statement fetches.
_PAGE = 16

#: More full hosts than this are skipped here and not by the database.
_HOSTS_IN_SQL = 20


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


@dataclass
class _Full:
    """Whom the next page may leave out, because there was no room for them."""

    owners: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)

    def condition(self) -> ColumnElement[bool]:
        hosts = (_on_host(host) for host in islice(sorted(self.hosts), _HOSTS_IN_SQL))
        owners = _R.owner.not_in(sorted(self.owners)) if self.owners else true()
        return and_(owners, *(not_(host) for host in hosts))


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
        self._ready = or_(*ready_times(now))
        self._interrupted = and_(_R.claimed_by == node_id, _R.not_before.is_(None))
        self._allowed = not_(among(exclude)) if exclude else true()
        # None of the interrupted ones: if there was no room for them before there is none now.
        mine = or_(_R.claimed_by.is_(None), _R.claimed_by != node_id, _R.not_before.is_not(None))
        free = or_(_R.claimed_by.is_(None), _R.claimed_by.not_in(sorted(others))) if others else true()
        self._in_turn = and_(self._ready, mine, free)

    def interrupted(self) -> Iterator[Candidate]:
        """What this node had when it was interrupted."""
        return self._queue(self._interrupted)

    def of_owner(self, owner: str) -> Iterator[Candidate]:
        """One owner's tasks, until the owner has enough."""
        if not self._room.for_owner(owner):
            return
        for candidate in self._queue(and_(_R.owner == owner, self._in_turn)):
            yield candidate
            if not self._room.for_owner(owner):
                return

    def owners(self, after: str | None) -> Iterator[str]:
        """Who has tasks whose time has come, by name, beginning behind ``after``."""
        while True:
            page = [owner for (owner,) in self._connection.execute(self._owners_page(after))]
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1]

    def _queue(self, condition: ColumnElement[bool]) -> Iterator[Candidate]:
        last: Candidate | None = None
        full = _Full()
        while True:
            page = self._page(and_(_WAITING, condition, self._allowed, full.condition(), _behind(last)))
            for candidate in page:
                host = host_of(candidate.url)
                if self._room.take(candidate.owner, host):
                    yield candidate
                elif self._room.for_owner(candidate.owner):
                    full.hosts.add(host)
                else:
                    full.owners.add(candidate.owner)
            if len(page) < _PAGE:
                return
            last = page[-1]

    def _page(self, condition: ColumnElement[bool]) -> list[Candidate]:
        order = (_R.priority.desc(), _R.not_before.asc(), _R.odr_id.asc())
        statement = select(*_COLUMNS).where(condition).order_by(*order).limit(_PAGE)
        return [Candidate(*row) for row in self._connection.execute(statement)]

    def _owners_page(self, after: str | None) -> Select[Any]:
        ready = and_(_WAITING, self._ready)
        first = select(_R.owner).where(ready, _R.owner > after if after is not None else true())
        turn = select(_first_owner(first).label("owner"), literal(1).label("place")).cte("turn", recursive=True)
        following = select(_R.owner).where(ready, _R.owner > turn.c.owner).correlate(turn)
        turn = turn.union_all(
            select(_first_owner(following), turn.c.place + 1).where(turn.c.owner.is_not(None), turn.c.place < _PAGE)
        )
        return select(turn.c.owner).where(turn.c.owner.is_not(None)).order_by(turn.c.place)


def _first_owner(owners: Select[Any]) -> ColumnElement[str]:
    return owners.order_by(_R.owner).limit(1).scalar_subquery()


def _behind(last: Candidate | None) -> ColumnElement[bool]:
    """What comes after ``last`` by priority (highest first), time (none first) and age."""
    if last is None:
        return true()
    later: ColumnElement[bool]
    same: ColumnElement[bool]
    if last.not_before is None:
        later, same = _R.not_before.is_not(None), _R.not_before.is_(None)
    else:
        later, same = _R.not_before > last.not_before, _R.not_before == last.not_before
    younger = or_(later, and_(same, _R.odr_id > last.odr_id))
    return or_(_R.priority < last.priority, and_(_R.priority == last.priority, younger))


def _on_host(host: str) -> ColumnElement[bool]:
    """Links to the host in the form in which they are stored; odd ones from elsewhere are found out later."""
    starts = (f"{scheme}://{host}{end}" for scheme in KNOWN_SCHEMES for end in "/:")
    return or_(*(_R.url.startswith(start, autoescape=True) for start in starts))
