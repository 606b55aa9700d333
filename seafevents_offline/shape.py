"""A task as JSON: the one form that the web routes and the command line give."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

from .link import without_query, without_user_info
from .status import OfflineDownloadStatus
from .task import Task

_S = OfflineDownloadStatus


def percent(task: Task) -> int | None:
    """0 to 100; None when nobody knows."""
    if task.status is _S.OK:
        return 100
    return min(100, task.completed * 100 // task.size) if task.size else None


def seconds_left(task: Task) -> float | None:
    """At the present speed; None when nobody knows."""
    if task.status is not _S.DOWNLOADING or task.speed <= 0 or task.size <= task.completed:
        return None
    return (task.size - task.completed) / task.speed


def shape(task: Task, repo_name: str) -> dict[str, Any]:
    """Bytes, seconds, ISO-8601 with offset; ``progress`` 0 to 100; null where nobody knows.
    Passwords in links that other programs wrote are left out. ``extras``: of which kinds is what the link needs beside
    itself; ``extras_wiped``: it is not kept any more, and a retry needs it again."""
    left = seconds_left(task)
    return {
        "odr_id": task.odr_id,
        "repo_id": task.repo_id,
        "repo_name": repo_name,
        "path": task.path,
        "url": without_user_info(task.url),
        "name": task.name,
        "size": task.size,
        "completed": task.completed,
        "progress": percent(task),
        "speed": task.speed,
        "eta": None if left is None else math.ceil(left),
        "status": int(task.status),
        "state": task.status.state,
        "comment": task.comment,
        "reason": task.reason,
        "reason_args": dict(task.reason_args or {}),
        "checksum": task.checksum,
        "extras": list(task.asked),
        "extras_wiped": task.is_wiped,
        "priority": task.priority,
        "attempts": task.attempts,
        "owner": task.owner,
        "timestamp": _iso(task.timestamp),
        "started_at": _iso(task.started_at),
        "finished_at": _iso(task.finished_at),
        "stored_path": task.stored_path,
    }


def message(task: Task) -> dict[str, Any]:
    """A task that has ended, as another server is told of it: nothing secret, and whether it succeeded.

    ``error`` is empty when it did. ``response_code``: what the link's server answered, 0 where there was no answer or
    none is known. ``extra``: what the program that made the record wants to find here again.
    """
    succeeded = task.status is _S.OK
    extra = (task.options or {}).get("extra")
    told = shape(task, "")
    del told["repo_name"]
    return told | {
        "url": without_query(task.url),
        "success": succeeded,
        "error": "" if succeeded else task.comment or task.status.sentence,
        "extra": extra if isinstance(extra, str) else "",
        "response_code": _response_code(task),
    }


def _response_code(task: Task) -> int:
    if task.status is _S.OK:
        return 200 if task.url.startswith(("http:", "https:")) else 0
    answered = (task.reason_args or {}).get("status")
    return answered if isinstance(answered, int) else 0


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")
