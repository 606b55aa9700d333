"""What monitoring asks for: how much there is of everything, and since when it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from ..models import RECORDS
from ..status import ACTIVE, OfflineDownloadStatus
from .part import Part
from .statements import is_one_of, ready_times, using

_R = RECORDS.c
_S = OfflineDownloadStatus


_KNOWN = tuple(status for status in _S if status is not _S.UNKNOWN)

#: In one pass over an index, without a look at the rows themselves: groups would need a table of their own, or, on
#: SQLite, each row.
_KEPT = select(
    func.count(),
    func.sum(case((_R.status == _S.OK, _R.size), else_=0)),
    *(func.sum(case((_R.status == status, 1), else_=0)) for status in _KNOWN),
)


@dataclass(frozen=True)
class Figures:
    """``tasks``: how many there are in each status, also those that their owners have removed.

    ``stored``: the bytes of all files that are in the library and whose records are still there. ``received``: the
    bytes so far of tasks that are not finished. ``speed``: bytes a second, of all nodes. ``ready_since``: when the
    first of the waiting tasks that may begin was put into the queue. ``added_at``: when the first of those was added
    that are neither finished nor paused. Times are naive UTC; None where there is no such task.
    """

    tasks: Mapping[OfflineDownloadStatus, int]
    stored: int
    received: int
    speed: int
    ready_since: datetime | None
    added_at: datetime | None


class Monitoring(Part):
    """``figures``: two statements; one reads an index of all tasks, the other those that are not finished."""

    def figures(self) -> Figures:
        now = self._now()
        kept = using("list", _KEPT)
        is_ready = or_(*ready_times(now))
        unfinished = select(
            _R.status,
            func.sum(_R.completed).label("received"),
            func.sum(_R.speed).label("speed"),
            func.min(_R.timestamp).label("added_at"),
            func.min(case((is_ready, _R.updated_at))).label("ready_since"),
        )
        unfinished = using("ready", unfinished.where(is_one_of(ACTIVE)).group_by(_R.status))

        def work(connection: Connection) -> Figures:
            everything, stored, *counts = (int(each or 0) for each in connection.execute(kept).one())
            tasks: dict[OfflineDownloadStatus, int] = dict(zip(_KNOWN, counts, strict=True))
            rows = {row.status: row for row in connection.execute(unfinished)}
            waiting = rows.get(_S.WAITING)
            return Figures(
                tasks={**tasks, _S.UNKNOWN: everything - sum(counts)},
                stored=stored,
                received=sum(int(row.received) for row in rows.values()),
                speed=sum(int(row.speed) for row in rows.values()),
                ready_since=waiting.ready_since if waiting else None,
                added_at=min((row.added_at for status, row in rows.items() if status != _S.PAUSED), default=None),
            )

        return self._database.run(work)
