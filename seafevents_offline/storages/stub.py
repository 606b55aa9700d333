"""A library in memory: for tests, for documentation, and to see what the port asks of an adapter."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import DiskFull, FolderGone, NameTaken, PayloadLost, PayloadUnusable
from ..filename import numbered
from ..task import Payload, PayloadFile, Task
from .base import Storage


@dataclass(frozen=True)
class StoredFile:
    """What lies under one path, and the task that put it there (0: somebody else)."""

    data: bytes
    odr_id: int = 0


class StubStorage(Storage):
    """``files`` by library path; ``folders`` that exist; ``calls`` as (verb, odr_id); ``room`` in bytes; ``strangers``:
    who is not known here.

    ``script`` lines up what the next calls of a verb do first: raise an error, or call something (to wait, to count,
    to put another file in the way); None lets one call pass.
    """

    def __init__(self, folders: Iterable[str] = ("/",), room: int = 1 << 62) -> None:
        self.files: dict[str, StoredFile] = {}
        self.folders = set(folders)
        self.room = room
        self.strangers: set[str] = set()
        self.calls: list[tuple[str, int]] = []
        self._scripts: dict[str, deque[Exception | Callable[[], None] | None]] = {}
        self._lock = threading.Lock()

    def script(self, verb: str, *steps: Exception | Callable[[], None] | None) -> None:
        """One step for each of the next calls of ``verb``: check, choose, put, arrived, knows or health."""
        with self._lock:
            self._scripts.setdefault(verb, deque()).extend(steps)

    def fail(self, verb: str, error: Exception, times: int = 1) -> None:
        """Let the next ``times`` calls of ``verb`` raise ``error``."""
        self.script(verb, *[error] * times)

    def check(self, task: Task, size: int) -> Task:
        self._begin("check", task.odr_id)
        with self._lock:
            if task.path not in self.folders:
                raise FolderGone(path=task.path)
            if size > self.room:
                raise DiskFull()
        return task

    def choose(self, task: Task, name: str) -> str:
        self._begin("choose", task.odr_id)
        parent = task.path.rstrip("/")
        with self._lock:
            if task.path not in self.folders:
                raise FolderGone(path=task.path)
            paths = (f"{parent}/{numbered(name, number)}" for number in itertools.count())
            recorded = [path for path in (task.stored_path,) if path and path.rpartition("/")[0] == parent]
            return next(path for path in itertools.chain(recorded, paths) if not self._is_taken(path))

    def put(self, task: Task, payload: Payload) -> str:
        self._begin("put", task.odr_id)
        wanted = {path: _read(file, task.odr_id) for path, file in _paths(task, payload)}
        with self._lock:
            if (task.stored_path.rpartition("/")[0] or "/") not in self.folders:
                raise FolderGone(path=task.path)
            found = self._below(task.stored_path)
            if not found.items() <= wanted.items() or (not found and task.stored_path in self.folders):
                raise NameTaken(stored_path=task.stored_path)
            self.files.update(wanted)
            self.folders.update(path.rpartition("/")[0] or "/" for path in wanted)
        return task.stored_path

    def arrived(self, task: Task, payload: Payload | None) -> str | None:
        self._begin("arrived", task.odr_id)
        with self._lock:
            found = self._below(task.stored_path)
        if payload is None:
            is_there = bool(found) and sum(len(file.data) for file in found.values()) == task.size
        else:
            is_there = found == {path: _read(file, task.odr_id) for path, file in _paths(task, payload)}
        return task.stored_path if is_there else None

    def knows(self, owner: str) -> bool:
        self._begin("knows", 0)
        return owner not in self.strangers

    def health(self) -> str:
        self._begin("health", 0)
        return "Files are kept in memory."

    def _begin(self, verb: str, odr_id: int) -> None:
        with self._lock:
            self.calls.append((verb, odr_id))
            steps = self._scripts.get(verb)
            step = steps.popleft() if steps else None
        if isinstance(step, Exception):
            raise step
        if step is not None:
            step()

    def _is_taken(self, path: str) -> bool:
        return path in self.folders or bool(self._below(path))

    def _below(self, path: str) -> dict[str, StoredFile]:
        return {found: file for found, file in self.files.items() if found == path or found.startswith(f"{path}/")}


def _paths(task: Task, payload: Payload) -> list[tuple[str, PayloadFile]]:
    if len(payload.files) == 1:
        return [(task.stored_path, payload.files[0])]
    return [(f"{task.stored_path}/{file.name}", file) for file in payload.files]


def _read(file: PayloadFile, odr_id: int) -> StoredFile:
    try:
        with open(file.source, "rb") as source:
            data = source.read()
    except FileNotFoundError:
        raise PayloadLost() from None
    if len(data) != file.size:
        raise PayloadUnusable()
    return StoredFile(data, odr_id)
