"""The adapter: asked for its right, given a name, put there by seaf-server, found again after a crash."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from dataclasses import replace

from ...custody import is_read
from ...errors import FolderGone, NameTaken, StorageUnavailable
from ...filename import safe_name
from ...task import Payload, PayloadFile, Task
from ..base import Storage
from ..sources import open_source
from .find import Wanted, find
from .names import candidates, join, split
from .quota import Reserve, check_limit, check_room
from .rights import READ_WRITE, check_owner, folder_for, origin_of
from .server import ConnectionLost, SeafServer
from .tree import Tree

#: Of so many files it is remembered where they were put.
_REMEMBERED = 1000


class SeafileStorage(Storage):
    """seaf-server must be able to read the temporary folder: it opens the files itself."""

    def __init__(self, reserve: Reserve, server: SeafServer | None = None) -> None:
        self._reserve = reserve
        self._server = server or SeafServer()
        self._placed: OrderedDict[tuple[int, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, task: Task, size: int) -> Task:
        check_limit(self._server, size)
        origin = origin_of(self._server, task.repo_id)
        check_owner(self._server, task)
        folder_for(self._server, task)
        check_room(self._server, self._reserve, task, origin, size)
        # From now on its folder may go: it has been seen.
        return task if task.permission else task.permitted(READ_WRITE)

    def choose(self, task: Task, name: str) -> str:
        folder = folder_for(self._server, task)
        if split(task.stored_path)[0] == folder and self._is_free(task, task.stored_path):
            return task.stored_path
        if not self._server.takes_name(task.repo_id, next(candidates(name))):
            name = safe_name("")
        paths = (join(folder, candidate) for candidate in candidates(name))
        return next(path for path in paths if self._is_free(task, path))

    def put(self, task: Task, payload: Payload) -> str:
        folder, name = split(task.stored_path)
        if not name or not self._server.has_folder(task.repo_id, folder):
            raise FolderGone(path=folder)
        if len(payload.files) == 1:
            return self._put_file(task, payload.files[0])
        self._put_files(task, payload)
        return task.stored_path

    def arrived(self, task: Task, payload: Payload | None) -> str | None:
        # Whether the library is still there the next check says better.
        if not split(task.stored_path)[1] or self._server.repo(task.repo_id) is None:
            return None
        if payload is not None and len(payload.files) == 1:
            (file,) = payload.files
            return self._remembered(task, file) or find(self._server, _wanted(task, task.stored_path, file))
        tree = Tree(self._server, task)
        is_whole = tree.size() == task.size if payload is None else tree.is_whole(payload)
        return task.stored_path if is_whole else None

    def knows(self, owner: str) -> bool:
        return bool(owner) and self._server.has_user(owner)

    def health(self) -> str:
        self._server.prove()
        return "Files are put into the libraries of the Seafile server."

    def _is_free(self, task: Task, path: str) -> bool:
        return bool(split(path)[1]) and self._server.entry(task.repo_id, path) is None

    # --- one file -------------------------------------------------------------------------------------

    def _put_file(self, task: Task, file: PayloadFile) -> str:
        if path := self._remembered(task, file):
            return path
        if not self._is_free(task, task.stored_path):
            raise NameTaken(stored_path=task.stored_path)
        path = self._post(task, task.stored_path, file)
        with self._lock:
            self._placed[task.odr_id, task.stored_path] = path
            if len(self._placed) > _REMEMBERED:
                self._placed.popitem(last=False)
        return path

    def _remembered(self, task: Task, file: PayloadFile) -> str | None:
        """Where this process has put it, if it is still there."""
        with self._lock:
            path = self._placed.get((task.odr_id, task.stored_path))
        if path is None:
            return None
        wanted = _wanted(task, path, file)
        return path if wanted.is_it(self._server.entry(task.repo_id, path)) else None

    def _post(self, task: Task, path: str, file: PayloadFile) -> str:
        """Where the file is now: the server never overwrites, it gives it another name."""
        wanted = _wanted(task, path, file)
        with open_source(file) as source:
            if is_read(source):
                # By a call of a service that was killed: the server goes on with it, and it will be found.
                raise StorageUnavailable(detail="the server is still storing what it was given before.")
        try:
            posted = self._post_once(wanted, file)
        except ConnectionLost:
            # It may have got there before the connection broke. If not: the server may be back.
            return find(self._server, wanted) or self._post_once(wanted, file)
        return posted

    def _post_once(self, wanted: Wanted, file: PayloadFile) -> str:
        try:
            name, id_ = self._server.post(wanted.repo_id, wanted.folder, wanted.name, file.source, wanted.owner)
        except ConnectionLost:
            raise
        except StorageUnavailable:
            if not self._server.has_folder(wanted.repo_id, wanted.folder):
                raise FolderGone(path=wanted.folder) from None
            raise
        posted = replace(wanted, name=name, id=id_)
        # What is not found was moved in the very moment; where it was is the best that can be said.
        return find(self._server, posted) or posted.path

    # --- several --------------------------------------------------------------------------------------

    def _put_files(self, task: Task, payload: Payload) -> None:
        tree = Tree(self._server, task)
        for path, file in tree.missing(payload):
            tree.make_folder(split(path)[0])
            self._post(task, path, file)


def _wanted(task: Task, path: str, file: PayloadFile) -> Wanted:
    """Raises PayloadLost or PayloadUnusable."""
    folder, name = split(path)
    with open_source(file) as source:
        since = int(os.fstat(source).st_mtime)
    return Wanted(task.repo_id, folder, name, task.owner, file.size, since)
