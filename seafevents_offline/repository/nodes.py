"""What daemons tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, exc, exists, insert, null, or_, select, union_all, update

from ..models import NODE_NAME_LENGTH, NODE_VERSION_LENGTH, NODES, RECORDS, printable
from ..status import RUNNING, OfflineDownloadStatus
from .part import Part
from .statements import ready_times, using
from .values import Node, NodeBeat, Survey


class Nodes(Part):
    """``beat`` and ``survey`` are all that an idle daemon asks of the database: one statement each."""

    def beat(self, node: NodeBeat) -> None:
        """Say that this node lives."""
        values = {
            # Labels are for people: better a cut one than a node that seems dead.
            "name": printable(node.name)[:NODE_NAME_LENGTH],
            "version": printable(node.version)[:NODE_VERSION_LENGTH],
            "health": dict(node.health),
            "beat_at": self._now(),
        }
        renew = update(NODES).where(NODES.c.node_id == node.node_id).values(values)

        def work(connection: Connection) -> None:
            if not connection.execute(renew).rowcount:
                try:
                    connection.execute(insert(NODES).values(node_id=node.node_id, **values))
                except exc.IntegrityError:
                    connection.execute(renew)

        self._database.run(work)

    def survey(self, node_id: str) -> Survey:
        """When all nodes but this one last wrote, whether there is anything to claim, and what this node has."""
        waiting = RECORDS.c.status == OfflineDownloadStatus.WAITING
        anything = or_(*(exists().where(waiting, time) for time in ready_times(self._now())))
        held = RECORDS.c.status.in_(sorted(RUNNING)), RECORDS.c.claimed_by == node_id
        nothing = null().label("waiting"), null().label("held")
        statement = union_all(
            select(NODES.c.node_id, NODES.c.beat_at, *nothing).where(NODES.c.node_id != node_id),
            select(null(), null(), anything, null()),
            using("ready", select(null(), null(), null(), RECORDS.c.odr_id).where(*held)),
        )

        def work(connection: Connection) -> Survey:
            rows = connection.execute(statement).all()
            beats = {row.node_id: row.beat_at for row in rows if row.node_id is not None}
            odr_ids = frozenset(row.held for row in rows if row.held is not None)
            return Survey(beats, any(row.waiting for row in rows), odr_ids)

        return self._database.run(work)

    def nodes(self) -> list[Node]:
        """Every node that wrote and was not forgotten, by name."""
        statement = select(NODES).order_by(NODES.c.name, NODES.c.node_id)
        return self._database.run(lambda connection: [_node(row._asdict()) for row in connection.execute(statement)])

    def forget_nodes(self, node_id: str, silent_for: float) -> int:
        """Delete the rows of nodes that have not written for these seconds, but for this one; gives how many.

        Who still has a task in hand stays: others find out by its row that it is dead, and take the task over.
        """
        busy = exists().where(RECORDS.c.claimed_by == NODES.c.node_id, RECORDS.c.status.in_(sorted(RUNNING)))
        statement = delete(NODES).where(
            NODES.c.node_id != node_id, NODES.c.beat_at < self._now() - timedelta(seconds=silent_for), ~busy
        )
        return self._database.run(lambda connection: connection.execute(statement).rowcount)


def _node(row: Mapping[str, Any]) -> Node:
    return Node(**{**row, "health": row["health"] or {}})
