"""A task in words, for people. Nothing here is escaped yet: whoever prints does that."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from urllib.parse import unquote

from ..link import without_user_info
from ..shape import percent, seconds_left
from ..status import OfflineDownloadStatus
from ..task import Task
from ..units import format_size, format_time

_S = OfflineDownloadStatus

_FIXED_SITUATIONS = {
    _S.UNKNOWN: "in a state that this version does not know",
    _S.STORING: "complete, is being put into the library",
    _S.PAUSED: "paused; `seafevents-offline resume {odr_id}` goes on",
    _S.CANCELLED: "cancelled; `seafevents-offline retry {odr_id}` starts again",
}


def utc_now() -> datetime:
    """Naive UTC, as the records have it."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def title(task: Task) -> str:
    """What people call it: its name, else the last part of its link."""
    # By hand: a row that came by plain SQL may hold a link that urlsplit refuses.
    url = without_user_info(task.url)
    return task.name or unquote(url.partition("?")[0].rstrip("/").rpartition("/")[2]) or url


def amount(task: Task) -> str:
    """``4.2 MB of 10.0 MB``; empty when there is nothing yet."""
    if task.status is _S.OK or (task.size and task.completed == task.size):
        return format_size(task.size)
    if task.size:
        return f"{format_size(task.completed)} of {format_size(task.size)}"
    return format_size(task.completed) if task.completed else ""


def moment(time: datetime | None) -> str:
    """In this machine's time zone; empty when it has not come."""
    return time.replace(tzinfo=timezone.utc).astimezone().strftime("%Y-%m-%d %H:%M:%S") if time else ""


def why(task: Task, now: datetime) -> str:
    """Its comment, and when a waiting task is tried again."""
    left = (task.not_before - now).total_seconds() if task.not_before else 0
    is_later = task.status is _S.WAITING and left >= 1
    return " ".join(filter(None, (task.comment, f"Next try in {format_time(left)}." if is_later else "")))


def situation(task: Task, now: datetime) -> str:
    """Where it stands and why, in one line."""
    match task.status:
        case _S.WAITING:
            return _waiting(task, now)
        case _S.DOWNLOADING:
            return _downloading(task)
        case _S.OK:
            return " ".join(filter(None, (f"done, {amount(task)}.", task.comment)))
        case _S.ERROR:
            return f"failed: {task.comment}"
    return _FIXED_SITUATIONS[task.status].format(odr_id=task.odr_id)


def _waiting(task: Task, now: datetime) -> str:
    reason = why(task, now)
    return f"waiting: {reason}" if reason else "waiting"


def _downloading(task: Task) -> str:
    done, left = percent(task), seconds_left(task)
    parts = (
        "" if done is None else f"{done} %",
        amount(task),
        f"{format_size(task.speed)}/s" if task.speed else "",
        "" if left is None else f"{format_time(math.ceil(left))} left",
    )
    return ", ".join(filter(None, parts)) or "downloading"
