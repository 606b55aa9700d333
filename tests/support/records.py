"""Rows for tests of the repository."""

from __future__ import annotations

import itertools
from typing import Any

from seafevents_offline.repository import Repository
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import NewTask, Task

from .databases import run_sql

REPO_ID = "12345678-1234-4123-8123-123456789abc"
ADA, BOB = "ada@example.com", "bob@example.com"
NODE, OTHER_NODE = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ROOMY: dict[str, Any] = {"per_user": 1000, "per_host": 1000}

_numbers = itertools.count(1)


def new(url: str = "", *, owner: str = ADA, path: str = "/", **more: Any) -> NewTask:
    """A link that no other test row has, unless one is given."""
    return NewTask(REPO_ID, path, url or f"https://host{next(_numbers)}.example.com/file", owner, **more)


def add_many(repo: Repository, count: int, **more: Any) -> list[int]:
    return [repo.add(new(**more)).odr_id for _ in range(count)]


def claimed(repo: Repository, **more: Any) -> Task:
    """A task that NODE is downloading."""
    odr_id = repo.add(new(**more)).odr_id
    tasks = repo.claim(NODE, 1000, **ROOMY)
    return next(task for task in tasks if task.odr_id == odr_id)


def stored(repo: Repository, **more: Any) -> Task:
    """A task that NODE is putting into the library."""
    task = repo.storing(claimed(repo, **more), name="file", size=10, stored_path="/file")
    assert task is not None
    return task


def put_into(url: str, odr_id: int, **columns: object) -> None:
    """Change columns behind the repository's back."""
    names = ", ".join(f"{name} = ?" for name in columns)
    values = [int(value) if isinstance(value, OfflineDownloadStatus) else value for value in columns.values()]
    run_sql(url, f"UPDATE OfflineDownloadRecord SET {names} WHERE odr_id = ?", *values, odr_id)


def row_of(url: str, odr_id: int) -> tuple[object, ...]:
    """Every column as it is in the database."""
    (row,) = run_sql(url, "SELECT * FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
    return row


def active_key_of(url: str, odr_id: int) -> object:
    ((key,),) = run_sql(url, "SELECT active_key FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
    return key
