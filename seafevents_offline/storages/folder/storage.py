"""The library is a folder; publish.py and tree.py know how files appear in it."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ...errors import DiskFull, FolderGone, NameTaken, StorageRefused, StorageUnavailable
from ...filename import HIDDEN_PREFIX, numbered
from ...task import Payload, Task
from ...threads import offload
from ...units import format_size
from ..base import Storage
from ..layout import layout_of
from ..sources import open_source
from .files import exists, look, open_folder, open_root
from .publish import Place, holds, keep_reserved, publish, settled, tidy
from .tree import publish_tree, settled_tree

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_REFUSED = frozenset({errno.EFBIG, errno.ENAMETOOLONG, errno.EILSEQ})


class FolderStorage(Storage):
    """``root`` is the library. ``tempdir`` is where payloads come from: on the same file system storing one needs no
    room; without it nothing is said about room beforehand."""

    def __init__(self, root: Path, tempdir: Path | None = None) -> None:
        self.root = root
        self._tempdir = tempdir

    def check(self, task: Task, size: int) -> Task:
        with self._explained(), self._open(task.path) as folder:
            self._check_writable(folder, task.path)
            if size > _room(folder) and self._needs_copy(folder):
                raise DiskFull()
        return task

    def choose(self, task: Task, name: str) -> str:
        with self._explained(), self._open(task.path) as folder:
            parent, recorded = _split(task.stored_path)
            if recorded and parent == _parts(task.path) and not exists(folder, recorded):
                return task.stored_path
            names = (numbered(name, number) for number in itertools.count())
            free = next(name for name in names if not exists(folder, name))
        return f"{task.path.rstrip('/')}/{free}"

    def put(self, task: Task, payload: Payload) -> str:
        return offload(self._put, task, payload)

    def arrived(self, task: Task, payload: Payload | None) -> str | None:
        return offload(self._arrived, task, payload)

    def _put(self, task: Task, payload: Payload) -> str:
        with self._explained(), self._open_place(task) as place:
            try:
                if len(payload.files) == 1:
                    with open_source(payload.files[0]) as source:
                        publish(source, place)
                else:
                    publish_tree(layout_of(payload.files), place)
            except FileExistsError:
                raise NameTaken(stored_path=task.stored_path) from None
        return task.stored_path

    def _arrived(self, task: Task, payload: Payload | None) -> str | None:
        try:
            with self._explained(), self._open_place(task) as place:
                return task.stored_path if _has_arrived(task, payload, place) else None
        except FolderGone:
            return None

    def knows(self, owner: str) -> bool:
        # A folder has no people of its own; nobody has ever gone.
        return True

    def health(self) -> str:
        with self._explained(), self._open("/") as folder:
            self._check_writable(folder, "/")
            return f"Files are put into the folder {self.root}; {format_size(_room(folder))} are free."

    @contextmanager
    def _open(self, path: str) -> Iterator[int]:
        """The folder ``path`` of the library, opened step by step: no link on the way is followed."""
        with ExitStack() as opened:
            root = opened.enter_context(open_root(self.root))
            try:
                folder = opened.enter_context(open_folder(_parts(path), root))
            except OSError as error:
                if error.errno in _NO_FOLDER:
                    raise FolderGone(path=path) from None
                raise
            yield folder

    @contextmanager
    def _open_place(self, task: Task) -> Iterator[Place]:
        parent, name = _split(task.stored_path)
        path = "/" + "/".join(parent)
        if not name:
            raise FolderGone(path=path)
        with self._open(path) as folder:
            yield Place(folder, name, _hidden_name(task))

    def _needs_copy(self, folder: int) -> bool:
        return self._tempdir is not None and os.stat(self._tempdir).st_dev != os.fstat(folder).st_dev

    def _check_writable(self, folder: int, path: str) -> None:
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=True):
            raise StorageUnavailable(detail=f"there is no right to write into {path} of {self.root}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the file system's words into ours."""
        try:
            yield
        except OSError as error:
            if error.errno in _FULL:
                raise DiskFull() from error
            if error.errno in _REFUSED:
                raise StorageRefused(detail=error.strerror) from error
            raise StorageUnavailable(detail=f"{self.root}: {error.strerror or error}") from error


def _has_arrived(task: Task, payload: Payload | None, place: Place) -> bool:
    if payload is None:
        keep_reserved(place, task.size)
        # A copy that a dead node had begun is of no use to anybody, and there may never be another one of this task.
        tidy(place)
        return _size_of(place.folder, place.name) == task.size
    if len(payload.files) == 1:
        with open_source(payload.files[0]) as source:
            # A node that was thought dead may have put what it downloaded, after this one had begun anew.
            return settled(source, place) or holds(source, place)
    return settled_tree(layout_of(payload.files), place)


def _size_of(folder: int, name: str) -> int | None:
    """The bytes of a file, or of all files in a folder; None when there is neither."""
    found = look(folder, name)
    if found is None or stat.S_ISREG(found.st_mode):
        return None if found is None else found.st_size
    if not stat.S_ISDIR(found.st_mode):
        return None
    with open_folder((name,), folder) as inner:
        return sum(_size_of(inner, entry) or 0 for entry in os.listdir(inner))


def _room(folder: int) -> int:
    found = os.fstatvfs(folder)
    return found.f_bavail * found.f_frsize


def _parts(path: str) -> tuple[str, ...]:
    """The steps of a library path; one that leads up is no folder of the library."""
    parts = tuple(part for part in path.split("/") if part)
    if {".", ".."} & set(parts) or "\0" in path:
        raise FolderGone(path=path)
    return parts


def _split(stored_path: str) -> tuple[tuple[str, ...], str]:
    *parent, name = _parts(stored_path) or ("",)
    return tuple(parent), name


def _hidden_name(task: Task) -> str:
    """The same for every run of the task; and two services that share a library do not share it."""
    seal = hashlib.sha256(f"{task.odr_id} {task.timestamp} {task.owner} {task.url}".encode("utf-8", "replace"))
    return f"{HIDDEN_PREFIX}{task.odr_id}-{seal.hexdigest()[:12]}"
