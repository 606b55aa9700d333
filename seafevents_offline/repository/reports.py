"""What administrators ask for: everything there is, bit by bit, and how long the queue is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, false, func, select

from ..models import RECORDS
from ..status import OfflineDownloadStatus
from ..task import Task
from .lists import condition
from .part import Part
from .statements import TASK_COLUMNS, is_one_of, newest_first, to_tasks, using
from .values import TaskQuery

_R = RECORDS.c
_S = OfflineDownloadStatus

#: Rows that ``export`` holds at a time.
EXPORT_CHUNK = 500

_QUEUE = frozenset(_S) - {_S.OK, _S.CANCELLED, _S.UNKNOWN}


class Reports(Part):
    """Memory and connections do not grow with the number of tasks."""

    def export(self, query: TaskQuery, chunk: int = EXPORT_CHUNK) -> Iterator[Task]:
        """Every task that the query finds, newest first; its sort, page and size are not looked at.

        One statement for each ``chunk`` of tasks, and no connection between them: whoever reads may take all day.
        What is added meanwhile does not come.
        """
        statement = _by_number(query).limit(chunk)
        tasks = self._tasks(statement)
        yield from tasks
        while len(tasks) == chunk:
            tasks = self._tasks(statement.where(_R.odr_id < tasks[-1].odr_id))
            yield from tasks

    def queue(self) -> Mapping[OfflineDownloadStatus, int]:
        """How many tasks there are in each status but those that are done with."""
        counts = using("ready", select(_R.status, func.count()).where(is_one_of(_QUEUE)).group_by(_R.status))
        found = self._database.run(lambda connection: connection.execute(counts).all())
        return dict.fromkeys(_QUEUE, 0) | {_S.of(number): count for number, count in found}

    def _tasks(self, statement: Select[Any]) -> list[Task]:
        return self._database.run(lambda connection: to_tasks(connection.execute(statement)))


def _by_number(query: TaskQuery) -> Select[Any]:
    tasks = select(*TASK_COLUMNS).order_by(_R.odr_id.desc())
    if query.owner is not None:
        return using("list", tasks.where(condition(query)))
    tasks = tasks.where(condition(replace(query, statuses=frozenset())))
    if query.statuses:
        # A function's value is in no index. By that of the status SQLite, which takes no hints, would sort all that it
        # finds, chunk by chunk.
        tasks = tasks.where(func.coalesce(is_one_of(query.statuses), false()))
    return newest_first(tasks)
