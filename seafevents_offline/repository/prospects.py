"""Whether a claim could find anything, asked where the last one found nothing: a look or two into an index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from ..models import RECORDS
from .room import Room
from .statements import OWNER_HAS_ROOM, READY_TIMES, is_waiting, ready_values, using

_R = RECORDS.c

_IS_READY = and_(is_waiting(), or_(*READY_TIMES))


def may_be_any(connection: Connection, room: Room, now: datetime) -> bool:
    """False only where each waiting task whose time has come is of an owner or of a host without room. True means
    nothing: these are tasks, and a claim looks at each of them."""
    times = ready_values(now)
    owners, beginnings = room.full_owners(), room.full_beginnings()
    if owners and not _is_of_others(connection, owners, times):
        return False
    if not beginnings:
        return True
    # Few different numbers of them, so that the statement is made few times.
    beginnings += beginnings[-1:] * (2 ** (len(beginnings) - 1).bit_length() - len(beginnings))
    values: dict[str, Any] = {**times, "full_owners": owners}
    values.update((f"from{number}", beginning) for number, beginning in enumerate(beginnings))
    values.update((f"to{number}", _behind(beginning)) for number, beginning in enumerate(beginnings))
    return connection.execute(_of_other_hosts(len(beginnings), bool(owners)), values).first() is not None


def _is_of_others(connection: Connection, owners: list[str], times: Mapping[str, datetime]) -> bool:
    if connection.dialect.name != "sqlite":
        return connection.execute(_OF_OTHER_OWNERS, {**times, "full_owners": owners}).first() is not None
    # It would look at every task of these owners. One owner more than these is enough to know.
    found = connection.execute(_OWNERS, {**times, "count": len(owners) + 1}).scalars()
    return not {owner for owner in found if owner is not None} <= set(owners)


def _behind(beginning: str) -> str:
    """The first text behind all that begin so: their last letter is a slash, which "0" follows."""
    return beginning[:-1] + "0"


def _any(index: str, condition: ColumnElement[bool]) -> Select[Any]:
    return using(index, select(_R.odr_id).where(_IS_READY, condition)).limit(1)


def _owners() -> Select[Any]:
    """Each owner of what waits and whose time has come, in their order: a look into the index for each of them."""
    first = select(func.min(_R.owner).label("owner")).where(_IS_READY)
    owners = first.cte("owners", recursive=True)
    after = select(func.min(_R.owner)).where(_IS_READY, _R.owner > owners.c.owner)
    found = owners.union_all(select(after.scalar_subquery()).where(owners.c.owner.is_not(None)))
    return select(found.c.owner).limit(bindparam("count"))


_OWNERS = _owners()

_OF_OTHER_OWNERS = _any("turn", OWNER_HAS_ROOM)


@cache
def _of_other_hosts(count: int, full_owners: bool) -> Select[Any]:
    """What lies between so many beginnings of links, in their order. As ranges, because an index can be asked for them:
    the rows of a full host are not even looked at."""
    between = [
        and_(_R.url >= bindparam(f"to{number}"), _R.url < bindparam(f"from{number + 1}")) for number in range(count - 1)
    ]
    elsewhere = or_(_R.url < bindparam("from0"), *between, _R.url >= bindparam(f"to{count - 1}"))
    return _any("link", and_(elsewhere, OWNER_HAS_ROOM) if full_owners else elsewhere)
