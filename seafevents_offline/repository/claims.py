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

from sqlalchemy import Connection, and_, func, select, update

from ..models import RECORDS
from ..status import RUNNING, OfflineDownloadStatus
from ..task import Task, active_key
from .candidates import Candidate, Candidates
from .part import Part
from .room import Room
from .schema import VERSION
from .statements import TASK_COLUMNS, among, each, has_one_of, is_claim, to_tasks

_S = OfflineDownloadStatus
_R = RECORDS.c


class Claims(Part):
    """``claim``. Whose turn was last is remembered here and nowhere else: after a restart turns begin anew."""

    _served: str | None = None

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

        def work(connection: Connection) -> tuple[list[Task], str | None]:
            self._wait_for_turn(connection)
            room = Room(per_user, per_host, _running(connection))
            candidates = Candidates(connection, room, node_id=node_id, now=self._now(), others=others, exclude=exclude)
            chosen = list(islice(candidates.interrupted(), slots))
            in_turn = list(islice(candidates.in_turns(self._served), slots - len(chosen)))
            served = in_turn[-1].owner if in_turn else self._served
            return self._take(connection, node_id, chosen + in_turn), served

        tasks, self._served = self._database.transaction(work)
        return tasks

    def _wait_for_turn(self, connection: Connection) -> None:
        """Nodes choose one after the other, or two would fill the same cap. SQLite's transactions do so anyway."""
        if not self._database.is_sqlite:
            connection.execute(select(VERSION.c.version_num).with_for_update())

    def _take(self, connection: Connection, node_id: str, chosen: list[Candidate]) -> list[Task]:
        """What is ours of the chosen: doors do not wait, and may have changed some meanwhile."""
        if not chosen:
            return []
        now = self._now()
        claims = {candidate.odr_id: candidate.claim for candidate in chosen}
        connection.execute(
            update(RECORDS)
            .where(is_claim(claims), _R.status == _S.WAITING)
            .values(
                status=_S.DOWNLOADING,
                claim=_R.claim + 1,
                claimed_by=node_id,
                started_at=func.coalesce(_R.started_at, now),
                not_before=None,
                updated_at=now,
            )
        )
        new_claims = {odr_id: claim + 1 for odr_id, claim in claims.items()}
        ours = and_(is_claim(new_claims), _R.status == _S.DOWNLOADING, _R.claimed_by == node_id)
        tasks = {task.odr_id: task for task in to_tasks(connection.execute(select(*TASK_COLUMNS).where(ours)))}
        _fill_keys(connection, [tasks[one.odr_id] for one in chosen if one.odr_id in tasks and not one.active_key])
        return [tasks[odr_id] for odr_id in claims if odr_id in tasks]


def _running(connection: Connection) -> list[tuple[str, str]]:
    """Owner and link of every task that any node has."""
    statement = select(_R.owner, _R.url).where(has_one_of(RUNNING))
    return [(row.owner, row.url) for row in connection.execute(statement)]


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
