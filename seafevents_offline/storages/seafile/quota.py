"""Whether there is room for a file: the quota belongs to the owner of the library that the file really goes to."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import LibraryGone, QuotaExceeded, QuotaReserved, StorageUnavailable, TooLarge
from ...task import Task
from ...units import format_size
from .server import NO_QUOTA, SeafServer

#: Notes how many bytes of whose quota a running task needs; gives what those need of it that asked before.
Reserve = Callable[[Task, str, int], int]


def check_limit(server: SeafServer, size: int) -> None:
    """Raise TooLarge when people may not upload such a file; seaf-server would take it from us."""
    limit = server.max_file_size()
    if limit and size > limit:
        raise TooLarge(limit=format_size(limit))


def check_room(server: SeafServer, reserve: Reserve, task: Task, origin: str, size: int) -> None:
    """Raise QuotaExceeded, or QuotaReserved when only the other downloads are in the way."""
    subject = server.owner(origin)
    reserved = reserve(task, subject, size)
    if server.has_room(task.repo_id, size + reserved):
        return
    # It is going to stop: nobody waits for it.
    reserve(task, subject, 0)
    if reserved and server.has_room(task.repo_id, size):
        raise QuotaReserved()
    if server.repo(task.repo_id) is None:
        raise LibraryGone()
    if not _is_full(server, origin, subject, size):
        raise StorageUnavailable(detail="the Seafile server cannot say how much room there is")
    raise QuotaExceeded()


def _is_full(server: SeafServer, origin: str, subject: str, size: int) -> bool:
    """Whether "no room" was an answer: the server says the same when it does not know owner, usage or library."""
    if server.organisation_quota(origin) != NO_QUOTA:
        return True
    if not subject:
        return False
    quota = server.quota(subject)
    return quota != NO_QUOTA and server.usage(subject) + size >= quota
