"""What another server has still to be told: one row a message, from the end of a task until the message was taken.

    a final status is written   the record gets its mark ``untold`` in the same statement (``Part._ended``)
    collect                     what is marked becomes a message, with the task as it is then, and loses its mark
    a retry                     does the same first, because it takes the final status away
    take, taken                 one that is due; sent; deleted

So every end of a task is told at least once, whoever wrote it and whatever dies in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, union_all, update

from ..models import DELIVERIES, RECORDS
from ..shape import message
from ..task import Task
from .part import Part
from .statements import TASK_COLUMNS, among, to_tasks, using
from .values import Delivery

_D = DELIVERIES.c
_R = RECORDS.c

#: Tasks that one call turns into messages at most.
BATCH = 100

#: Later than this from now cannot be meant: a clock has jumped.
_LONGEST_PAUSE = timedelta(days=1)

_UNTOLD = _R.untold == 1


class Deliveries(Part):
    """Messages about one task come one after the other, in the order of what they say."""

    def collect(self, batch: int = BATCH) -> int:
        """Make messages of some tasks that have ended; gives how many. None are left when there are fewer than
        ``batch``."""
        anything = using("untold", select(_R.odr_id).where(_UNTOLD)).limit(1)
        some = using("untold", select(*TASK_COLUMNS).where(_UNTOLD)).order_by(_R.odr_id).limit(batch).with_for_update()

        def work(connection: Connection) -> int:
            tasks = to_tasks(connection.execute(some))
            if tasks:
                connection.execute(insert(DELIVERIES), [_row_of(task, self._now()) for task in tasks])
                odr_ids = [task.odr_id for task in tasks]
                connection.execute(update(RECORDS).where(among(odr_ids)).values(untold=None))
            return len(tasks)

        # Most often there is nothing, which one statement says without a lock.
        if self._database.run(lambda connection: connection.execute(anything).first()) is None:
            return 0
        return self._database.transaction(work)

    def take(self, pauses: Sequence[float]) -> Delivery | None:
        """The next message that is due, this caller's alone for ``pauses[n]`` seconds, where n is how often it was
        taken before (the last one counts for all that follow): then it is due again. None when nothing is due."""

        def work(connection: Connection) -> Delivery | None:
            while (row := connection.execute(_next(self._now())).first()) is not None:
                pause = pauses[min(row.attempts, len(pauses) - 1)]
                if connection.execute(_take(row, self._now() + timedelta(seconds=pause))).rowcount:
                    return _delivery(row, pause, self._now())
            return None

        return self._database.run(work)

    def taken(self, delivery: Delivery) -> None:
        """It has arrived, or is given up: forget it."""
        statement = delete(DELIVERIES).where(_D.delivery_id == delivery.delivery_id)
        self._database.run(lambda connection: connection.execute(statement) and None)

    def untold(self, owner: str) -> int:
        """How many ends of exactly this person's tasks another server has still to be told of."""
        marked = using(
            "untold", select(_R.odr_id).where(_UNTOLD, _R.owner == owner, func.char_length(_R.owner) == len(owner))
        )
        messages = select(_D.delivery_id).where(_is_about(owner))
        count = union_all(marked, messages).subquery()
        return self._database.run(
            lambda connection: connection.execute(select(func.count()).select_from(count)).scalar_one()
        )

    def forget_deliveries(self, older_than: float) -> int:
        """Delete what was to be told longer ago than these seconds, for where nobody tells any more; gives how many."""
        old = _D.created_at < self._now() - timedelta(seconds=older_than)
        return self._database.run(lambda connection: connection.execute(delete(DELIVERIES).where(old)).rowcount)


def keep_end(connection: Connection, task: Task, now: datetime) -> None:
    """Make the message of a task that has ended and is about to begin again; the caller has locked it."""
    marked = select(_R.odr_id).where(_R.odr_id == task.odr_id, _UNTOLD)
    if connection.execute(marked).first() is not None:
        connection.execute(insert(DELIVERIES), [_row_of(task, now)])


def forget_messages(connection: Connection, owner: str) -> None:
    """Delete all messages about the tasks of exactly this person."""
    connection.execute(delete(DELIVERIES).where(_is_about(owner)))


def _is_about(owner: str) -> ColumnElement[bool]:
    """Exactly that person: MySQL takes names for equal that differ in blanks at the end."""
    return and_(_D.owner == owner, func.char_length(_D.owner) == len(owner))


def _row_of(task: Task, now: datetime) -> dict[str, Any]:
    return {"odr_id": task.odr_id, "owner": task.owner, "body": message(task), "created_at": now, "next_at": now}


def _next(now: datetime) -> Any:
    earlier = DELIVERIES.alias()
    is_first = ~exists().where(earlier.c.odr_id == _D.odr_id, earlier.c.delivery_id < _D.delivery_id)
    due: ColumnElement[bool] = or_(_D.next_at <= now, _D.next_at > now + _LONGEST_PAUSE)
    found = select(DELIVERIES).where(due, is_first).order_by(_D.next_at, _D.delivery_id).limit(1)
    # In this order, or all that wait would be read for one.
    return found.with_hint(DELIVERIES, "FORCE INDEX (OfflineDownloadDelivery_next_at)", "mysql")


def _take(row: Any, until: datetime) -> Any:
    """By compare-and-set: another node may have been quicker."""
    mine = and_(_D.delivery_id == row.delivery_id, _D.attempts == row.attempts)
    return update(DELIVERIES).where(mine).values(attempts=_D.attempts + 1, next_at=until)


def _delivery(row: Any, pause: float, now: datetime) -> Delivery:
    return Delivery(row.delivery_id, row.odr_id, row.body or {}, (now - row.created_at).total_seconds(), pause)
