"""What a daemon writes of the tasks that it has; each write proves by its claim number that it still has them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, exc, literal, or_, select, true, update

from ..errors import PAUSED_TOO_LONG, InterruptedTooOften, keeping
from ..extras import Sealed
from ..link import without_user_info
from ..models import RECORDS
from ..status import FINAL, RUNNING, TRANSITIONS, OfflineDownloadStatus
from ..task import KEPT_FOR, Done, Failed, Gone, Outcome, Progress, Retry, Task, active_key, with_secret
from ..text import escape
from .part import Part
from .statements import (
    IS_CLAIM,
    TASK_COLUMNS,
    WIPED,
    among,
    claim_values,
    each_number,
    explained,
    has_one_of,
    to_tasks,
    without_login,
)

logger = logging.getLogger(__name__)

_S = OfflineDownloadStatus

#: A task that was found dead more often than this without having got on is what kills the service.
MAX_RESTORES = 10

#: Whoever has a task in one of these states keeps its folder.
_KEEPS_FOLDER = (_S.WAITING, _S.DOWNLOADING, _S.STORING, _S.PAUSED)


class Workers(Part):
    """Nothing here raises when a task is not this worker's any more: the answer says so."""

    def restore(self, node_id: str, exclude: Collection[int] = ()) -> list[Task]:
        """After a start: put what this node was downloading back into the queue; give what it was storing. After a
        fault of the database the same, but for ``exclude``, which its workers still have."""
        return self.take_over(node_id, node_id, exclude)

    def take_over(self, node_id: str, dead_node_id: str, exclude: Collection[int] = ()) -> list[Task]:
        """Put what a dead node was downloading back into the queue; give what it was storing, now this node's, with
        a new claim number. The caller looks whether those files arrived."""

        count = 0

        def work(connection: Connection) -> list[Task]:
            nonlocal count
            lost = ~among(exclude) if exclude else true()
            count = connection.execute(self._requeue(dead_node_id).where(lost)).rowcount
            count += connection.execute(self._give_up_storing(dead_node_id).where(lost)).rowcount
            storing = select(RECORDS.c.odr_id).where(_has(dead_node_id, _S.STORING), lost).with_for_update()
            odr_ids = connection.execute(storing).scalars().all()
            if not odr_ids:
                return []
            mine = among(odr_ids)
            connection.execute(
                update(RECORDS)
                .where(mine)
                .values(
                    claimed_by=node_id,
                    claim=RECORDS.c.claim + 1,
                    restores=RECORDS.c.restores + 1,
                    updated_at=self._now(),
                )
            )
            return to_tasks(connection.execute(select(*TASK_COLUMNS).where(mine).order_by(RECORDS.c.odr_id)))

        storing = self._database.transaction(work)
        if count:
            # One statement for all of them: nobody else knows how many there were.
            words = "offline download: %d interrupted tasks of node %s wait again, or have failed"
            logger.info(words, count, escape(dead_node_id))
        return storing

    def statuses(self, odr_ids: Collection[int]) -> dict[int, tuple[OfflineDownloadStatus, int]]:
        """Status and claim number of these tasks; unknown ids are left out."""
        if not odr_ids:
            return {}
        statement = select(RECORDS.c.odr_id, RECORDS.c.status, RECORDS.c.claim).where(among(odr_ids))

        def work(connection: Connection) -> dict[int, tuple[OfflineDownloadStatus, int]]:
            return {row.odr_id: (_S.of(row.status), row.claim) for row in connection.execute(statement)}

        return self._database.run(work)

    def report(self, progress: Sequence[Progress]) -> None:
        """Write how far tasks are, all in one statement; those that are not ours any more stay as they are."""
        if not progress:
            return
        completed = each_number({one.odr_id: one.completed for one in progress})
        gets_on = completed > RECORDS.c.completed
        if anew := [one.odr_id for one in progress if one.anew]:
            gets_on = and_(gets_on, ~among(anew))
        statement = (
            update(RECORDS)
            .where(IS_CLAIM, RECORDS.c.status == _S.DOWNLOADING)
            # MySQL evaluates from left to right: ``restores`` must still see the old ``completed``.
            .ordered_values(
                (RECORDS.c.restores, case((gets_on, 0), else_=RECORDS.c.restores)),
                (RECORDS.c.completed, completed),
                (RECORDS.c.size, each_number({one.odr_id: one.size for one in progress})),
                (RECORDS.c.speed, each_number({one.odr_id: one.speed for one in progress})),
                (RECORDS.c.updated_at, self._now()),
            )
        )
        # Its text is never the same again: kept, five hundred of them would be 30 MB.
        once = {"compiled_cache": None}
        ours = claim_values({one.odr_id: one.claim for one in progress})
        self._database.run(lambda connection: connection.execute(statement, ours, execution_options=once))

    def storing(self, task: Task, *, name: str, size: int, stored_path: str) -> Task | None:
        """Record under which path the payload is going to be put; may be called again with another path, and with
        the same one. None when the task is not ours any more."""
        values: dict[str, Any] = {
            "status": _S.STORING,
            "name": name,
            "size": size,
            "completed": size,
            "speed": 0,
            "stored_path": stored_path,
            "updated_at": self._now(),
        }
        parameters = _of(task) | {f"_{name}": value for name, value in values.items()}
        written = self._database.run(lambda connection: connection.execute(_STORING, parameters).rowcount)
        restores = 0 if task.completed < size else task.restores
        return replace(task, restores=restores, **values) if written else None

    def secure(self, task: Task, *, url: str, sealed: Sealed | None) -> Task | None:
        """Write its link anew, without what was secret in it, and that ``sealed``. None when the task is not ours any
        more."""
        values: dict[str, Any] = {"url": url, "updated_at": self._now()}
        if sealed:
            values["options"] = with_secret(task.options, sealed)
        key = active_key(task.owner, task.repo_id, task.path, url)

        def work(connection: Connection) -> int:
            try:
                return connection.execute(_change(RUNNING), _of(task) | values | {"active_key": key}).rowcount
            except exc.IntegrityError:
                # The same link is under way already: as with rows that come without a key, one stays without.
                return connection.execute(_change(RUNNING), _of(task) | values | {"active_key": None}).rowcount

        return replace(task, **values) if self._database.run(work) else None

    def finish(self, task: Task, outcome: Outcome) -> bool:
        """Write what came of it; False when the task is not ours any more (Gone never is).

        The same call may be repeated after DatabaseUnavailable: what was written the first time counts.
        """
        if isinstance(outcome, Gone):
            return False
        values = self._row_after_run(outcome, task)
        target = values["status"]
        if target not in TRANSITIONS[task.status]:
            raise ValueError(f"task {task.odr_id}: {task.status.state} cannot become {target.state}")

        known = RUNNING if task.status in RUNNING else {task.status}
        # Under either status: whether STORING was recorded may not have been answered. The claim number is proof.
        sources = frozenset(status for status in known if target in TRANSITIONS[status])

        plain = {name: value for name, value in values.items() if name not in WIPED}
        statement = _change(sources, wipes=target in FINAL)

        def work(connection: Connection) -> bool:
            if connection.execute(statement, _of(task) | plain).rowcount:
                return True
            return connection.execute(_IS_NOW, _of(task) | {"_status": target}).first() is not None

        return self._database.run(work)

    def expire(self, paused_for: float) -> int:
        """Give up what has been paused for longer than these seconds, on whichever node; gives how many."""
        now = self._now()
        expired = and_(RECORDS.c.status == _S.PAUSED, RECORDS.c.updated_at < now - timedelta(seconds=paused_for))
        given_up = update(RECORDS).where(expired).values(**self._ended(_S.CANCELLED, now), **explained(PAUSED_TOO_LONG))
        # A program may have written a password into a link, which was paused before its turn came.
        named = select(RECORDS.c.odr_id, RECORDS.c.url).where(expired, RECORDS.c.url.contains("@"))

        def work(connection: Connection) -> int:
            for row in connection.execute(named).all():
                link = {"url": without_user_info(row.url)}
                connection.execute(update(RECORDS).where(RECORDS.c.odr_id == row.odr_id, expired).values(link))
            return connection.execute(given_up).rowcount

        return self._database.run(work)

    def kept_folders(self, node_id: str, odr_ids: Collection[int]) -> set[int]:
        """Which of these tasks still need their folder on this node, or may need it for a retry."""
        if not odr_ids:
            return set()
        needed = or_(_has(node_id, *_KEEPS_FOLDER), and_(_has(node_id, _S.ERROR), *self._may_be_mended()))
        statement = select(RECORDS.c.odr_id).where(among(odr_ids), needed)
        return self._database.run(lambda connection: set(connection.execute(statement).scalars()))

    def _may_be_mended(self) -> tuple[ColumnElement[bool], ...]:
        recent = RECORDS.c.finished_at > self._now() - timedelta(seconds=KEPT_FOR)
        return RECORDS.c.reason.in_(sorted(keeping())), recent, RECORDS.c.hidden_at.is_(None)

    def _requeue(self, node_id: str) -> Update:
        now = self._now()
        again = {"status": _S.WAITING, "not_before": None, "speed": 0, "updated_at": now}
        given_up = again | self._ended(_S.ERROR, now) | explained(InterruptedTooOften().explain())
        too_often = RECORDS.c.restores >= MAX_RESTORES

        def choose(column: ColumnElement[Any], name: str) -> ColumnElement[Any]:
            otherwise = literal(again[name], column.type) if name in again else column
            then = given_up[name] if name in WIPED else literal(given_up[name], column.type)
            return case((too_often, then), else_=otherwise)

        return (
            update(RECORDS)
            .where(_has(node_id, _S.DOWNLOADING))
            .ordered_values(
                *((RECORDS.c[name], choose(RECORDS.c[name], name)) for name in sorted(given_up)),
                # Last: MySQL evaluates from left to right.
                (RECORDS.c.restores, RECORDS.c.restores + 1),
            )
        )

    def _give_up_storing(self, node_id: str) -> Update:
        values = self._ended(_S.ERROR, self._now()) | explained(InterruptedTooOften().explain())
        return (
            update(RECORDS)
            .where(_has(node_id, _S.STORING), RECORDS.c.restores >= MAX_RESTORES)
            .values(**values, restores=RECORDS.c.restores + 1)
        )

    def _row_after_run(self, outcome: Done | Retry | Failed, task: Task) -> dict[str, Any]:
        now = self._now()
        if isinstance(outcome, Done):
            known: dict[str, Any] = {"size": outcome.size, "completed": outcome.size}
            return self._ended(_S.OK, now) | without_login(task) | explained(outcome.note) | known
        attempts = task.attempts + outcome.error.costs_attempt
        if isinstance(outcome, Failed):
            values = self._ended(_S.ERROR, now) | without_login(task) | explained(outcome.error.explain())
            return values | {"attempts": attempts}
        return {
            "status": _S.WAITING,
            "not_before": now + timedelta(seconds=outcome.after),
            "attempts": attempts,
            "speed": 0,
            "updated_at": now,
            **explained(outcome.error.explain()),
        }


def _has(node_id: str, *statuses: OfflineDownloadStatus) -> ColumnElement[bool]:
    return and_(RECORDS.c.claimed_by == node_id, RECORDS.c.status.in_(statuses))


# Made once and given values each time: making a statement costs as much as the database's answer.
_IS_OURS = and_(RECORDS.c.odr_id == bindparam("_odr_id"), RECORDS.c.claim == bindparam("_claim"))
_IS_NOW = select(RECORDS.c.odr_id).where(_IS_OURS, RECORDS.c.status == bindparam("_status"))


def _of(task: Task) -> dict[str, Any]:
    return {"_odr_id": task.odr_id, "_claim": task.claim}


@cache
def _change(sources: frozenset[OfflineDownloadStatus], *, wipes: bool = False) -> Update:
    """A change of the task, to the columns that are given with it, and where it ``wipes`` to those; it does nothing
    unless the task still is in one of these states under the same claim."""
    statement = update(RECORDS).where(_IS_OURS, has_one_of(sources))
    return statement.values(WIPED) if wipes else statement


_STORING = _change(RUNNING).ordered_values(
    # First: MySQL evaluates from left to right. A repetition is not getting on.
    (RECORDS.c.restores, case((RECORDS.c.completed < bindparam("_size"), 0), else_=RECORDS.c.restores)),
    *(
        (RECORDS.c[name], bindparam(f"_{name}"))
        for name in ("status", "name", "size", "completed", "speed", "stored_path", "updated_at")
    ),
)
