"""What monitoring asks for: how much there is of everything, and since when it waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select

from ..models import RECORDS
from ..status import ACTIVE, FINAL, OfflineDownloadStatus
from .part import Part
from .statements import READY_TIMES, is_one_of, ready_values, using

_R = RECORDS.c
_S = OfflineDownloadStatus


_DONE_WITH = tuple(sorted(FINAL))

#: In one pass over an index, without a look at the rows themselves. Groups would need a table of their own on MySQL,
#: and on SQLite every row; the fewer are counted here, the better.
_KEPT = using(
    "list",
    select(
        func.count(),
        func.sum(case((_R.status == _S.OK, _R.size))),
        *(func.count(case((_R.status == status, 1))) for status in _DONE_WITH),
    ),
)

#: A row for each status.
_UNFINISHED = using(
    "ready",
    select(
        _R.status,
        func.count().label("tasks"),
        func.sum(_R.completed).label("received"),
        func.sum(_R.speed).label("speed"),
        func.min(_R.timestamp).label("added_at"),
        func.min(case((or_(*READY_TIMES), _R.updated_at))).label("ready_since"),
    )
    .where(is_one_of(ACTIVE))
    .group_by(_R.status),
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
        times = ready_values(self._now())

        def work(connection: Connection) -> Figures:
            everything, stored, *counts = (int(each or 0) for each in connection.execute(_KEPT).one())
            rows = {_S.of(row.status): row for row in connection.execute(_UNFINISHED, times)}
            tasks = {**dict.fromkeys(_S, 0), **dict(zip(_DONE_WITH, counts, strict=True))}
            tasks.update((status, row.tasks) for status, row in rows.items())
            # Between the two statements something may have come or gone.
            tasks[_S.UNKNOWN] = max(0, everything - sum(tasks.values()))
            return Figures(
                tasks=tasks,
                stored=stored,
                received=sum(int(row.received) for row in rows.values()),
                speed=sum(int(row.speed) for row in rows.values()),
                ready_since=rows[_S.WAITING].ready_since if _S.WAITING in rows else None,
                added_at=min((row.added_at for status, row in rows.items() if status != _S.PAUSED), default=None),
            )

        return self._database.run(work)
