"""What people may do, by whichever door they come: add, look, act, remove."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, CursorResult, Insert, Update, exc, insert, select, update

from ..errors import AlreadyActive, NotPossible, PriorityInvalid, SecretsWanted, TaskNotFound
from ..extras import Sealed
from ..link import without_user_info
from ..models import RECORDS
from ..status import ACTIVE, FINAL, Action, OfflineDownloadStatus
from ..task import PRIORITIES, NewTask, Task, active_key, with_permission, with_secret
from .deliveries import keep_end
from .lists import usage_of
from .part import Part
from .statements import TASK_COLUMNS, explained, is_one_of, to_tasks, visible, without_login
from .values import Allowance

_S = OfflineDownloadStatus


class Doors(Part):
    """Everything here raises DatabaseUnavailable or SchemaOutdated besides what it says."""

    def add(self, new: NewTask, allowance: Allowance | None = None) -> Task:
        """Put it into the queue, durable on return. Raises AlreadyActive, PriorityInvalid, and TooManyTasks or
        TooManyAdds where the owner has what the ``allowance`` gives: never one more, however many add at once."""
        if new.priority not in PRIORITIES:
            raise PriorityInvalid(priority=new.priority)
        values = self._row_of(new)
        if allowance is None:
            return self._database.run(lambda connection: _insert(connection, values))

        def work(connection: Connection) -> Task:
            allowance.check(usage_of(connection, new.owner, self._now()), adds=True)
            return _insert(connection, values)

        return self._database.alone(new.owner, work)

    def get(self, odr_id: int, owner: str | None = None) -> Task:
        """One task. With ``owner``, other people's and removed ones are not found. Raises TaskNotFound."""
        return self._database.run(lambda connection: _read(connection, odr_id, owner))

    def act(
        self,
        odr_id: int,
        action: Action,
        owner: str | None = None,
        *,
        permission: str = "",
        sealed: Sealed | None = None,
        allowance: Allowance | None = None,
    ) -> Task:
        """Do what its owner asks for. Raises TaskNotFound, NotPossible, and for a retry AlreadyActive when the link was
        added again meanwhile, TooManyTasks, which needs the ``owner``, as ``add``, and SecretsWanted where what the
        link needs was wiped and is not given again. ``permission``, the library's name for the right that the door has
        found now, and ``sealed``, what the link needs from now on, are for what waits again."""
        is_limited = allowance is not None and owner is not None and action is Action.RETRY

        def work(connection: Connection) -> Task:
            task = _read(connection, odr_id, owner, lock=True)
            if task.status not in action.sources:
                raise NotPossible(odr_id=odr_id, state=task.status.state, action=action.value)
            if allowance and owner and is_limited:
                allowance.check(usage_of(connection, owner, self._now()), adds=False)
            if sealed:
                # That is what it was sealed for.
                task = replace(task, url=without_user_info(task.url))
            values = self._row_after_action(action, task)
            if action is Action.RETRY:
                if task.is_wiped and not sealed:
                    raise SecretsWanted(asked=list(task.asked))
                keep_end(connection, task, self._now())
            if action.target is _S.WAITING:
                values |= _needed(task, permission, sealed)
            return _write(connection, task, values)

        return self._database.alone(owner, work) if owner and is_limited else self._database.transaction(work)

    def prioritise(self, odr_id: int, priority: int, owner: str | None = None) -> Task:
        """Change its place among its owner's tasks. Raises PriorityInvalid, TaskNotFound, NotPossible when final."""
        if priority not in PRIORITIES:
            raise PriorityInvalid(priority=priority)

        def work(connection: Connection) -> Task:
            task = _read(connection, odr_id, owner, lock=True)
            if task.status not in ACTIVE:
                raise NotPossible(odr_id=odr_id, state=task.status.state, action="prioritise")
            return _write(connection, task, {"priority": priority, "updated_at": self._now()})

        return self._database.transaction(work)

    def remove(self, odr_id: int, owner: str | None = None) -> Task:
        """Take it out of its owner's list; cancel it first where that is possible. Raises TaskNotFound."""

        def work(connection: Connection) -> Task:
            task = _read(connection, odr_id, owner, lock=True)
            now = self._now()
            values: dict[str, Any] = {"hidden_at": task.hidden_at or now, "updated_at": now}
            if task.status in Action.CANCEL.sources:
                values.update(self._ended(_S.CANCELLED, now), **without_login(task))
            return _write(connection, task, values)

        return self._database.transaction(work)

    def clean_up(self, owner: str, statuses: frozenset[OfflineDownloadStatus]) -> int:
        """Take the owner's finished tasks in these states out of the list; gives how many. Others stay."""
        now = self._now()
        statement = (
            update(RECORDS).where(visible(owner), is_one_of(statuses & FINAL)).values(hidden_at=now, updated_at=now)
        )
        return self._database.run(lambda connection: connection.execute(statement).rowcount)

    def _row_of(self, new: NewTask) -> dict[str, Any]:
        now = self._now()
        return {
            "repo_id": new.repo_id,
            "path": new.path,
            "url": new.url,
            "owner": new.owner,
            "name": new.name,
            "priority": new.priority,
            "quota_subject": new.quota_subject,
            "options": new.options,
            "active_key": new.active_key,
            "status": _S.WAITING,
            "timestamp": now,
            "updated_at": now,
        }

    def _row_after_action(self, action: Action, task: Task) -> dict[str, Any]:
        now = self._now()
        values: dict[str, Any] = {"status": action.target, "speed": 0, "updated_at": now}
        if action is Action.CANCEL:
            return values | self._ended(action.target, now) | without_login(task)
        # With a time it takes its turn; without one it would go first, like what the service itself interrupted.
        if action is Action.RESUME:
            return values | {"not_before": now}
        if action is Action.RETRY:
            return values | {"not_before": now} | _fresh_start(task)
        return values


def _needed(task: Task, permission: str, sealed: Sealed | None) -> dict[str, Any]:
    """What a door has found, and been given, for the next run; nothing of it leaves everything as it is."""
    values: dict[str, Any] = {"options": with_permission(task.options, permission)} if permission else {}
    if sealed:
        values |= {"url": task.url, "options": with_secret(values.get("options", task.options), sealed)}
    return values


def _fresh_start(task: Task) -> dict[str, Any]:
    """What a retry resets; what was downloaded so far stays, unless the task was cancelled: then it is deleted."""
    begun: dict[str, Any] = {"completed": 0} if task.status is _S.CANCELLED else {}
    return begun | {
        "active_key": active_key(task.owner, task.repo_id, task.path, task.url),
        "attempts": 0,
        "restores": 0,
        "finished_at": None,
        "untold": None,
        **explained(),
    }


def _insert(connection: Connection, values: dict[str, Any]) -> Task:
    result = _execute_unless_taken(connection, insert(RECORDS).values(values), values["active_key"])
    assert result.inserted_primary_key is not None
    columns = {name: value for name, value in values.items() if name != "active_key"}
    return Task(odr_id=result.inserted_primary_key[0], **columns)


def _write(connection: Connection, task: Task, values: dict[str, Any]) -> Task:
    """The task with these columns changed; ``_read`` has locked it in this transaction, so nobody came between."""
    statement = update(RECORDS).where(RECORDS.c.odr_id == task.odr_id).values(values)
    _execute_unless_taken(connection, statement, values.get("active_key"))
    return _read(connection, task.odr_id, None)


def _read(connection: Connection, odr_id: int, owner: str | None, *, lock: bool = False) -> Task:
    statement = select(*TASK_COLUMNS).where(RECORDS.c.odr_id == odr_id, visible(owner))
    found = to_tasks(connection.execute(statement.with_for_update() if lock else statement))
    if not found:
        raise TaskNotFound(odr_id=odr_id)
    return found[0]


def _execute_unless_taken(connection: Connection, statement: Insert | Update, key: str | None) -> CursorResult[Any]:
    """Raises AlreadyActive when another task has the active key: the database decides, nobody can come between."""
    for _ in range(3):
        try:
            return connection.execute(statement)
        except exc.IntegrityError as error:
            holder = connection.execute(select(RECORDS.c.odr_id).where(RECORDS.c.active_key == key)).scalar()
            if holder is not None:
                raise AlreadyActive(odr_id=holder) from None
            # It became final between the two statements.
            refused = error
    raise refused
