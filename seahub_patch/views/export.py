"""``GET sys/offline-download/export.csv``: the admin log as a table, however long it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from django.http import StreamingHttpResponse

from seafevents_offline.repository import utc_now
from seafevents_offline.task import Task

from .. import table
from .admin_log import LogView
from .everybody import Shaper, wanted

#: Called as in the JSON of the admin log, in every language, so that programs can read the table, too.
COLUMNS = (
    "odr_id",
    "owner",
    "owner_name",
    "owner_contact_email",
    "repo_id",
    "repo_name",
    "path",
    "name",
    "url",
    "size",
    "completed",
    "state",
    "reason",
    "comment",
    "stored_path",
    "timestamp",
    "started_at",
    "finished_at",
    "removed",
)


class Export(LogView):
    def get(self, request: Any) -> StreamingHttpResponse:
        tasks = self.repository.export(wanted(request.query_params))
        # What fails at once shall fail before the answer has begun.
        first = list(islice(tasks, 1))
        rows = _rows(chain(first, tasks), Shaper(self.host))
        answer = StreamingHttpResponse(table.lines(COLUMNS, rows), content_type="text/csv; charset=utf-8")
        name = f"offline-download-log-{utc_now():%Y%m%d}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


def _rows(tasks: Iterable[Task], shaper: Shaper) -> Iterator[list[object]]:
    for task in tasks:
        found = shaper.shape(task)
        found["removed"] = "yes" if found["removed"] else ""
        yield [found[column] for column in COLUMNS]
