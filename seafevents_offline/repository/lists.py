"""Lists and sums, for pages."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from ..models import RECORDS
from ..status import ACTIVE, OfflineDownloadStatus
from .part import Part
from .statements import TASK_COLUMNS, is_one_of, to_tasks, visible
from .values import Stats, StatusCount, TaskPage, TaskQuery, Usage


class Lists(Part):
    """``find``, ``stats`` and ``usage``: a fixed number of statements, however many tasks there are."""

    def find(self, query: TaskQuery) -> TaskPage:
        """One page of tasks; a page behind the last one is empty."""
        condition = _condition(query)
        page = (
            select(*TASK_COLUMNS)
            .where(condition)
            .order_by(*_order(query.sort))
            .limit(query.per_page)
            .offset((query.page - 1) * query.per_page)
        )
        total = select(func.count()).select_from(RECORDS).where(condition)

        def work(connection: Connection) -> TaskPage:
            tasks = to_tasks(connection.execute(page))
            return TaskPage(tuple(tasks), connection.execute(total).scalar_one())

        return self._database.run(work)

    def stats(self, owner: str | None = None) -> Stats:
        """Counts and bytes by status, of one owner's visible tasks or of everything there is."""
        record = RECORDS.c
        statement = (
            select(record.status, func.count(), func.sum(record.size), func.sum(record.completed))
            .where(visible(owner))
            .group_by(record.status)
        )

        def work(connection: Connection) -> Stats:
            counts = {status: StatusCount() for status in OfflineDownloadStatus}
            for number, tasks, size, completed in connection.execute(statement):
                status = OfflineDownloadStatus.of(number)
                seen = counts[status]
                counts[status] = StatusCount(seen.tasks + tasks, seen.size + int(size), seen.completed + int(completed))
            return Stats(counts)

        return self._database.run(work)

    def usage(self, owner: str) -> Usage:
        """What the limits of tasks and of adds per hour look at, removed tasks included."""
        record = RECORDS.c
        an_hour_ago = self._now() - timedelta(hours=1)
        # Numbers grow with time, so this reads the last hour's tasks and one more, not all that the owner ever had.
        last_old = (
            select(record.odr_id)
            .where(record.owner == owner, record.timestamp <= an_hour_ago)
            .order_by(record.odr_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        added = select(func.count(), func.min(record.timestamp)).where(
            record.owner == owner, record.odr_id > func.coalesce(last_old, 0)
        )
        active = select(func.count()).where(record.owner == owner, is_one_of(ACTIVE))

        def work(connection: Connection) -> Usage:
            count, oldest = connection.execute(added).one()
            return Usage(connection.execute(active).scalar_one(), count, oldest)

        return self._database.run(work)


def _condition(query: TaskQuery) -> ColumnElement[bool]:
    record = RECORDS.c
    conditions: list[ColumnElement[bool]] = []
    if query.owner is not None:
        conditions.append(record.owner == query.owner)
    if not query.hidden:
        conditions.append(record.hidden_at.is_(None))
    if query.statuses:
        conditions.append(is_one_of(query.statuses))
    if query.repo_id:
        conditions.append(record.repo_id == query.repo_id)
    if query.text:
        conditions.append(_contains(query))
    return and_(True, *conditions)


def _contains(query: TaskQuery) -> ColumnElement[bool]:
    record = RECORDS.c
    # Who looks at everybody's tasks does not see the links' queries, and shall not find them out by searching.
    url = record.url if query.owner is not None else func.substr(record.url, 1, func.instr(record.url + "?", "?") - 1)
    return or_(*(column.icontains(query.text, autoescape=True) for column in (record.name, record.path, url)))


def _order(sort: str) -> list[ColumnElement[object]]:
    column = RECORDS.c[sort.lstrip("-")]
    if sort.startswith("-"):
        return [column.desc(), RECORDS.c.odr_id.desc()]
    return [column.asc(), RECORDS.c.odr_id.asc()]
