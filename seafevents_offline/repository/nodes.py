"""What daemons tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exc,
    exists,
    insert,
    null,
    or_,
    select,
    union_all,
    update,
)

from ..models import NODE_NAME_LENGTH, NODE_VERSION_LENGTH, NODES, RECORDS, printable
from ..status import RUNNING
from .part import Part
from .statements import READY_TIMES, has_one_of, is_waiting, ready_values, using
from .values import Node, NodeBeat, Survey


def _is_any(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return using("ready", select(RECORDS.c.odr_id).where(*conditions)).exists()


#: These two are sent again and again: what is made once costs a third of what is made each time.
_RENEW = update(NODES).where(NODES.c.node_id == bindparam("this"))
_SURVEY = union_all(
    select(NODES.c.node_id, NODES.c.beat_at, null().label("waiting"), null().label("held")).where(
        NODES.c.node_id != bindparam("this")
    ),
    select(null(), null(), or_(*(_is_any(is_waiting(), time) for time in READY_TIMES)), null()),
    using(
        "ready",
        select(null(), null(), null(), RECORDS.c.odr_id).where(
            has_one_of(RUNNING), RECORDS.c.claimed_by == bindparam("this")
        ),
    ),
)


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
        renewed = {"this": node.node_id, **values}

        def work(connection: Connection) -> None:
            if not connection.execute(_RENEW, renewed).rowcount:
                try:
                    connection.execute(insert(NODES), {"node_id": node.node_id, **values})
                except exc.IntegrityError:
                    connection.execute(_RENEW, renewed)

        self._database.run(work)

    def survey(self, node_id: str) -> Survey:
        """When all nodes but this one last wrote, whether there is anything to claim, and what this node has."""
        values = {"this": node_id, **ready_values(self._now())}

        def work(connection: Connection) -> Survey:
            rows = connection.execute(_SURVEY, values).all()
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
