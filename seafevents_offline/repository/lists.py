"""Lists and sums, for pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, case, func, or_, select

from ..models import RECORDS
from ..status import ACTIVE, OfflineDownloadStatus
from .part import Part
from .statements import TASK_COLUMNS, is_one_of, to_tasks, using, visible
from .values import Stats, StatusCount, TaskPage, TaskQuery, Usage

_Select = TypeVar("_Select", bound=Select[Any])

_R = RECORDS.c
_S = OfflineDownloadStatus


class Lists(Part):
    """``find``, ``stats`` and ``usage``: at most two statements each, however many tasks there are."""

    def find(self, query: TaskQuery) -> TaskPage:
        """One page of tasks; a page behind the last one is empty."""
        return self._database.run(lambda connection: _found(connection, query))

    def stats(self, owner: str | None = None) -> Stats:
        """Counts and bytes by status, of one owner's visible tasks or of everything there is."""
        counts = using("list", select(_R.status, func.count(), func.sum(_R.size)).where(visible(owner)))
        # Of what is in the library everything is complete; that spares the look at most of the rows.
        partial = using("list", select(_R.status, func.sum(_R.completed)).where(visible(owner), _R.status != _S.OK))

        def work(connection: Connection) -> Stats:
            completed = {row[0]: int(row[1]) for row in connection.execute(partial.group_by(_R.status))}
            found = dict.fromkeys(_S, StatusCount())
            for number, tasks, size in connection.execute(counts.group_by(_R.status)):
                seen = found[_S.of(number)]
                found[_S.of(number)] = StatusCount(
                    seen.tasks + tasks, seen.size + int(size), seen.completed + completed.get(number, int(size))
                )
            return Stats(found)

        return self._database.run(work)

    def usage(self, owner: str) -> Usage:
        """What the limits of tasks and of adds per hour look at, removed tasks included."""
        return self._database.run(lambda connection: usage_of(connection, owner, self._now()))


def usage_of(connection: Connection, owner: str, now: datetime) -> Usage:
    own = _R.owner == owner
    older = using("list", select(_R.odr_id).where(own, _R.timestamp <= now - timedelta(hours=1)))
    active = using("turn", select(func.count()).where(own, is_one_of(ACTIVE)))
    # Numbers grow with time, so this reads the last hour's tasks and one more, not all that the owner has.
    last = connection.execute(older.order_by(_R.odr_id.desc()).limit(1)).scalar() or 0
    added = using("list", select(func.count(), func.min(_R.timestamp)).where(own, _R.odr_id > last))
    count, oldest = connection.execute(added).one()
    return Usage(connection.execute(active).scalar_one(), count, oldest)


def _found(connection: Connection, query: TaskQuery) -> TaskPage:
    before = (query.page - 1) * query.per_page
    tasks = tuple(to_tasks(connection.execute(_page(query, before))))
    if len(tasks) < query.per_page and (tasks or not before):
        # The last page says by itself how many there are, and a search need not look at everything once more.
        return TaskPage(tasks, before + len(tasks))
    total = _wanted(query, select(func.count()).select_from(RECORDS))
    return TaskPage(tasks, connection.execute(total).scalar_one())


def _page(query: TaskQuery, before: int) -> Select[Any]:
    """Only what is on the page is read whole: an index has most of what decides which tasks that is, and what has to be
    sorted or passed over for it are numbers."""
    order = _order(query.sort)
    numbers = _wanted(query, select(_R.odr_id)).order_by(*order).limit(query.per_page).offset(before).subquery()
    return select(*TASK_COLUMNS).join(numbers, numbers.c.odr_id == _R.odr_id).order_by(*order)


def _wanted(query: TaskQuery, statement: _Select) -> _Select:
    found = statement.where(condition(query))
    return found if query.owner is None else using("list", found)


def condition(query: TaskQuery) -> ColumnElement[bool]:
    """What ``query`` asks for, whatever its page."""
    conditions: list[ColumnElement[bool]] = []
    if query.owner is not None:
        conditions.append(_R.owner == query.owner)
    if not query.hidden:
        conditions.append(_R.hidden_at.is_(None))
    if query.statuses:
        conditions.append(is_one_of(query.statuses))
    if query.repo_id:
        conditions.append(_R.repo_id == query.repo_id)
    if query.text:
        conditions.append(_contains(query))
    return and_(True, *conditions)


def _contains(query: TaskQuery) -> ColumnElement[bool]:
    name, path, link = (column.icontains(query.text, autoescape=True) for column in (_R.name, _R.path, _R.url))
    if query.owner is None or query.redacted:
        # Who may not see all of a link shall not find it out by searching. The first look spares most rows the other.
        link = and_(link, _public_link().icontains(query.text, autoescape=True))
    return or_(name, path, link)


def _public_link() -> ColumnElement[str]:
    """What ``link.without_query`` leaves of a link; nothing of one that names a user, which no door lets in."""
    link = _before("#", _before("?", _R.url))
    authority = _before("/", func.substr(link, func.instr(link, "://") + 3, type_=Text))
    return case((and_(func.instr(link, "://") > 0, func.instr(authority, "@") == 0), link), else_="")


def _before(mark: str, text: ColumnElement[str]) -> ColumnElement[str]:
    return func.substr(text, 1, func.instr(text + mark, mark) - 1, type_=Text)


def _order(sort: str) -> list[ColumnElement[object]]:
    column = _R[sort.lstrip("-")]
    if sort.startswith("-"):
        return [column.desc(), _R.odr_id.desc()]
    return [column.asc(), _R.odr_id.asc()]
