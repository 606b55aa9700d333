"""Who is next: own interrupted tasks first, then one task of each owner in turn, within the caps.

    own interrupted tasks ──┐
                            ├──> the first that fit ──> one UPDATE by compare-and-set ──> what is ours now
    owners in turn ─────────┘
     └ each owner's tasks by priority and age

Nothing is counted or sorted over all waiting tasks.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from sqlalchemy import Connection, bindparam, func, select, update

from ..models import RECORDS
from ..status import RUNNING, OfflineDownloadStatus
from ..task import Task, active_key
from .candidates import Candidate, Candidates
from .part import Part
from .prospects import may_be_any
from .room import Room
from .schema import VERSION
from .statements import IS_CLAIM, TASK_COLUMNS, among, claim_values, each, has_one_of, is_waiting, to_tasks

_S = OfflineDownloadStatus
_R = RECORDS.c

# All of a claim's statements are made once: making one costs more than its way to the database and back.

#: Nodes choose one after the other, or two would fill the same cap. SQLite's transactions do so anyway.
_ALONE = select(VERSION.c.version_num).with_for_update()

#: Owner and link of every task that any node has.
_RUNNING = select(_R.owner, _R.url).where(has_one_of(RUNNING))

_TAKE = (
    update(RECORDS)
    .where(IS_CLAIM, is_waiting())
    .values(
        status=_S.DOWNLOADING,
        claim=_R.claim + 1,
        claimed_by=bindparam("node"),
        started_at=func.coalesce(_R.started_at, bindparam("moment")),
        not_before=None,
        updated_at=bindparam("moment"),
    )
)

#: Doors do not wait, and may have changed some meanwhile.
_TAKEN = select(*TASK_COLUMNS).where(IS_CLAIM, _R.status == _S.DOWNLOADING, _R.claimed_by == bindparam("node"))


class Claims(Part):
    """``claim``. Whose turn was last is remembered here and nowhere else: after a restart turns begin anew."""

    _served: str | None = None

    #: The last one found nothing for which there was room: then the next one looks before it begins.
    _in_vain = False

    def claim(
        self,
        node_id: str,
        slots: int,
        *,
        per_user: int,
        per_host: int,
        live_nodes: Collection[str] = (),
        exclude: Collection[int] = (),
    ) -> list[Task]:
        """Up to ``slots`` tasks that are this node's from now on, in the order in which they should begin.

        The caps hold over all nodes at every moment. What belongs to one of the ``live_nodes`` is left to it, and
        the tasks in ``exclude`` are left alone.
        """
        if slots < 1:
            return []
        others = set(live_nodes) - {node_id}

        def look(connection: Connection) -> bool:
            return may_be_any(connection, _room(connection, per_user, per_host), self._now())

        def work(connection: Connection) -> tuple[list[Task], str | None, bool]:
            if not self._database.is_sqlite:
                connection.execute(_ALONE)
            room = _room(connection, per_user, per_host)
            candidates = Candidates(connection, room, node_id=node_id, now=self._now(), others=others, exclude=exclude)
            chosen = list(islice(candidates.interrupted(), slots))
            left = slots - len(chosen)
            in_turn = list(islice(candidates.in_turns(self._served, left), left))
            served = in_turn[-1].owner if in_turn else self._served
            tasks = self._take(connection, node_id, chosen + in_turn)
            return tasks, served, not tasks and room.is_short()

        if self._in_vain and not self._database.run(look):
            return []
        tasks, self._served, self._in_vain = self._database.transaction(work)
        return tasks

    def _take(self, connection: Connection, node_id: str, chosen: list[Candidate]) -> list[Task]:
        """What is ours of the chosen: doors do not wait, and may have changed some meanwhile."""
        if not chosen:
            return []
        claims = {candidate.odr_id: candidate.claim for candidate in chosen}
        connection.execute(_TAKE, {**claim_values(claims), "node": node_id, "moment": self._now()})
        ours = {**claim_values({odr_id: claim + 1 for odr_id, claim in claims.items()}), "node": node_id}
        tasks = {task.odr_id: task for task in to_tasks(connection.execute(_TAKEN, ours))}
        _fill_keys(connection, [tasks[one.odr_id] for one in chosen if one.odr_id in tasks and not one.active_key])
        return [tasks[odr_id] for odr_id in claims if odr_id in tasks]


def _room(connection: Connection, per_user: int, per_host: int) -> Room:
    return Room(per_user, per_host, map(tuple, connection.execute(_RUNNING).all()))


def _fill_keys(connection: Connection, tasks: list[Task]) -> None:
    """Rows by plain SQL come without the key that keeps the same link from being added twice. Where another task
    has that key already, or two of these would have the same, one stays without."""
    if not tasks:
        return
    keys = {task.odr_id: active_key(task.owner, task.repo_id, task.path, task.url) for task in tasks}
    connection.execute(
        update(RECORDS)
        .prefix_with("IGNORE", dialect="mysql")
        .prefix_with("OR IGNORE", dialect="sqlite")
        .where(among(keys))
        .values(active_key=each(keys))
    )
