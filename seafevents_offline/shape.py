"""A task as JSON: the one form that the web routes and the command line give."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import Any

from .link import without_user_info
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
    Passwords in links that other programs wrote are left out."""
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
        "priority": task.priority,
        "attempts": task.attempts,
        "owner": task.owner,
        "timestamp": _iso(task.timestamp),
        "started_at": _iso(task.started_at),
        "finished_at": _iso(task.finished_at),
        "stored_path": task.stored_path,
    }


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.replace(tzinfo=timezone.utc).isoformat(timespec="seconds")
