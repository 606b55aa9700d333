"""Conditions, columns and values that several statements share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Result,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    true,
    tuple_,
)
from sqlalchemy.sql.selectable import HasHints

from ..errors import NO_EXPLANATION, Explanation
from ..link import without_user_info
from ..models import COMMENT_LENGTH, RECORDS, printable
from ..status import FINAL, OfflineDownloadStatus
from ..task import SEALED, Task

_Select = TypeVar("_Select", bound=HasHints)

#: Later than this from now cannot be meant: a clock has jumped.
LONGEST_WAIT = timedelta(minutes=10)

_KNOWN = frozenset(OfflineDownloadStatus) - {OfflineDownloadStatus.UNKNOWN}


#: What ``Task.from_row`` needs.
TASK_COLUMNS = tuple(RECORDS.c[field.name] for field in fields(Task))


def to_tasks(result: Result[Any]) -> list[Task]:
    return [Task.from_row(row._asdict()) for row in result.all()]


def has_one_of(statuses: Collection[OfflineDownloadStatus]) -> ColumnElement[bool]:
    """For statements that are made once: written out, because a list of parameters is spelt anew at each execution,
    which takes as long as the rest of it."""
    return RECORDS.c.status.in_([literal_column(f"{status:d}") for status in sorted(statuses)])


def is_waiting() -> ColumnElement[bool]:
    """Written out as well; SQLite also uses no index of waiting rows alone for a value that it does not see."""
    return RECORDS.c.status == literal_column(f"{OfflineDownloadStatus.WAITING:d}")


def is_one_of(statuses: Collection[OfflineDownloadStatus]) -> ColumnElement[bool]:
    """UNKNOWN stands for every number that this version does not know."""
    wanted = RECORDS.c.status.in_(sorted(statuses))
    if OfflineDownloadStatus.UNKNOWN in statuses:
        return or_(wanted, RECORDS.c.status.not_in(sorted(_KNOWN)))
    return wanted


#: When a waiting task's time has come, as alternatives that an index can be asked for one by one.
READY_TIMES: tuple[ColumnElement[bool], ...] = (
    RECORDS.c.not_before.is_(None),
    RECORDS.c.not_before <= bindparam("now"),
    RECORDS.c.not_before > bindparam("latest"),
)


def ready_values(now: datetime) -> dict[str, datetime]:
    """What a statement with ``READY_TIMES`` is executed with."""
    return {"now": now, "latest": now + LONGEST_WAIT}


#: Where some owners have as many as they may: the others'. Executed with their names as ``full_owners``.
OWNER_HAS_ROOM: ColumnElement[bool] = RECORDS.c.owner.not_in(bindparam("full_owners", expanding=True))


def visible(owner: str | None) -> ColumnElement[bool]:
    """What an owner may see: the own tasks that were not removed. None sees everything."""
    return true() if owner is None else and_(RECORDS.c.owner == owner, RECORDS.c.hidden_at.is_(None))


def each(values: Mapping[int, str]) -> ColumnElement[Any]:
    """The text of each row by its ``odr_id``."""
    return case(dict(values), value=RECORDS.c.odr_id)


def each_number(values: Mapping[int, int]) -> ColumnElement[int]:
    """The same for numbers, which are written out: a parameter for each of hundreds costs more than the database."""
    whens = " ".join(f"WHEN {odr_id:d} THEN {value:d}" for odr_id, value in values.items())
    return literal_column(f"CASE odr_id {whens} END", BigInteger)


def using(index: str, statement: _Select) -> _Select:
    """With this index of the records and no other. MySQL's own choice varies with its statistics, and its worst one
    reads the whole table; SQLite's does not."""
    return statement.with_hint(RECORDS, f"FORCE INDEX (OfflineDownloadRecord_{index})", "mysql")


def newest_first(statement: _Select) -> _Select:
    """By the tasks' numbers and no other index: sorting what one finds would begin anew with each part of a list."""
    return statement.with_hint(RECORDS, "FORCE INDEX (PRIMARY)", "mysql")


def among(odr_ids: Collection[int]) -> ColumnElement[bool]:
    """Written out as numbers, because SQLite has a limit of parameters but none of numbers."""
    return RECORDS.c.odr_id.in_(bindparam(None, sorted(odr_ids), expanding=True, literal_execute=True))


#: Exactly these tasks, as long as their claim numbers are the ones given; see ``claim_values``.
IS_CLAIM: ColumnElement[bool] = and_(
    # For MariaDB, which uses no index for pairs.
    RECORDS.c.odr_id.in_(bindparam("odr_ids", expanding=True, literal_execute=True)),
    tuple_(RECORDS.c.odr_id, RECORDS.c.claim).in_(bindparam("claims", expanding=True, literal_execute=True)),
)


def claim_values(claims: Mapping[int, int]) -> dict[str, Any]:
    """What a statement with ``IS_CLAIM`` is executed with; numbers by ``odr_id``."""
    return {"odr_ids": sorted(claims), "claims": sorted(claims.items())}


def explained(explanation: Explanation = NO_EXPLANATION) -> dict[str, Any]:
    """The columns that say why."""
    return {
        "comment": printable(explanation.comment)[:COMMENT_LENGTH],
        "reason": explanation.reason,
        "reason_args": explanation.reason_args or None,
    }


#: What a link needs is kept no longer than it is needed: goes with every statement that makes a task final. Other
#: programs may have written what is no JSON, which SQLite refuses to look into.
WIPED: dict[str, Any] = {
    "options": case(
        (func.json_valid(RECORDS.c.options) == 1, func.json_remove(RECORDS.c.options, literal_column(f"'$.{SEALED}'"))),
        else_=RECORDS.c.options,
    )
}


def ended(status: OfflineDownloadStatus, now: datetime) -> dict[str, Any]:
    """The columns that change when a task becomes final, ``WIPED`` among them; its link may then be added again."""
    assert status in FINAL
    return {"status": status, "finished_at": now, "active_key": None, "speed": 0, "updated_at": now, **WIPED}


def without_login(task: Task) -> dict[str, Any]:
    """The link's column without a password in it, for a task that becomes final: a program may have written one that
    had no time to be sealed."""
    url = without_user_info(task.url)
    return {} if url == task.url else {"url": url}
