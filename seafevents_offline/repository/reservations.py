"""What running downloads are going to need of a quota, which the library's server does not know of yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from ..models import RECORDS
from ..status import RUNNING, OfflineDownloadStatus
from ..task import Task
from .part import Part

_R = RECORDS.c

#: Among a record's options: claim number, place in the row of those who asked, bytes.
_KEY = "room"

_COLUMNS = (_R.odr_id, _R.claim, _R.status, _R.size, _R.completed, _R.options)


class Reservations(Part):
    """Kept nowhere but in the records themselves."""

    def reserve(self, task: Task, subject: str, size: int) -> int:
        """Note that a running task needs ``size`` bytes of the quota of ``subject`` (nobody's when empty), and give the
        bytes that running tasks need of it which asked before, on whichever node.

        Who asks for more than before asks anew. So of two that do not fit together one does not count the other, and
        neither waits for the other for ever; and none that asked before is ever left out, however many ask at once. Who
        is refused gives its place up by asking for nothing. A file of unknown length counts by what has come of it.
        """
        if not subject:
            return 0

        def work(connection: Connection) -> int:
            mine = _R.odr_id == task.odr_id
            own = connection.execute(select(*_COLUMNS).where(mine, _R.claim == task.claim).with_for_update()).first()
            if own is None:
                return 0
            running = select(*_COLUMNS).where(_R.status.in_(sorted(RUNNING)), _R.quota_subject == subject, ~mine)
            others = [_Place.of(row) for row in connection.execute(running)]
            place = _Place.of(own)
            turn = place.turn if place.turn and size <= place.size else 1 + max([0, *(one.turn for one in others)])
            options = {**(own.options or {}), _KEY: [task.claim, turn, size]}
            connection.execute(update(RECORDS).where(mine).values(quota_subject=subject, options=options))
            return sum(one.need for one in others if one.turn < turn)

        return self._database.alone(f"quota {subject}", work)


@dataclass(frozen=True)
class _Place:
    """``turn`` 0: it has not asked under its present claim. ``size`` is what it asked for, ``need`` what it needs."""

    turn: int
    size: int
    need: int

    @classmethod
    def of(cls, row: Any) -> _Place:
        told = row.options.get(_KEY) if isinstance(row.options, Mapping) else None
        if isinstance(told, list) and len(told) == 3 and told[0] == row.claim:
            _, turn, size = told
            return cls(turn, size, max(size, row.completed) if size else 0)
        # What was being stored when its node died is known as a whole.
        return cls(0, 0, row.size if row.status == OfflineDownloadStatus.STORING else 0)
