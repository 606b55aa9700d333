"""Whether a file may come into a library now, and into which folder of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import (
    FolderGone,
    LibraryEncrypted,
    LibraryGone,
    LibraryIsWiki,
    LibraryReadOnly,
    OwnerInactive,
    UploadForbidden,
)
from ...task import Task
from .server import SeafServer

#: The one permission that always lets people upload. Others may: what they allow only Seahub knows, which has looked
#: when the link was added, and has left the permission's name in the record.
READ_WRITE = "rw"


def origin_of(server: SeafServer, repo_id: str) -> str:
    """The library whose files these are: a shared folder is a library of its own, and its files are another one's.

    Raises LibraryGone, LibraryEncrypted, LibraryIsWiki or LibraryReadOnly.
    """
    repo = _writable(server, repo_id)
    if not repo.is_virtual:
        return repo_id
    _writable(server, repo.origin_repo_id)
    return str(repo.origin_repo_id)


def check_owner(server: SeafServer, task: Task) -> None:
    """Raise OwnerInactive; permissions do not ask for it."""
    if not (task.owner and server.is_active(task.owner)):
        raise OwnerInactive()


def folder_for(server: SeafServer, task: Task) -> str:
    """The task's folder, or when it has gone the nearest one above it that there is and may be written.

    Raises UploadForbidden; and FolderGone for a task whose folder nobody has looked at before it came into the table.
    """
    for folder in _upwards(task.path):
        if not server.has_folder(task.repo_id, folder):
            if not task.permission:
                raise FolderGone(path=task.path)
        elif server.permission(task.repo_id, folder, task.owner) in {READ_WRITE, task.permission or READ_WRITE}:
            return folder
        elif folder == task.path:
            break
    raise UploadForbidden(path=task.path)


def _writable(server: SeafServer, repo_id: str) -> Any:
    repo = server.repo(repo_id)
    if repo is None:
        raise LibraryGone()
    if repo.encrypted:
        raise LibraryEncrypted()
    if repo.repo_type == "wiki":
        raise LibraryIsWiki()
    # The server itself would go on writing into one that is read-only.
    if repo.status:
        raise LibraryReadOnly()
    return repo


def _upwards(folder: str) -> Iterator[str]:
    while folder != "/":
        yield folder
        folder = folder.rpartition("/")[0] or "/"
    yield folder
