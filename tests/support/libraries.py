"""One library of each kind behind one face, so that the same tests can look into all of them."""

from __future__ import annotations

import itertools
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from seafevents_offline.errors import StorageUnavailable
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.storages.base import Storage
from seafevents_offline.storages.folder import FolderStorage
from seafevents_offline.storages.seafile import SeafileStorage
from seafevents_offline.storages.seafile.server import SeafServer
from seafevents_offline.storages.stub import StoredFile, StubStorage
from seafevents_offline.task import Payload, PayloadFile, Task

from .seafile import OWNER, SOMEBODY, Node, Seafile

REPO_ID = "11111111-1111-1111-1111-111111111111"

_numbers = itertools.count(1)


def make_task(path: str = "/", stored_path: str = "", size: int = 0) -> Task:
    """A new task that is being stored."""
    odr_id = next(_numbers)
    return Task(
        odr_id=odr_id,
        repo_id=REPO_ID,
        path=path,
        url=f"https://example.com/{odr_id}",
        owner=OWNER,
        timestamp=datetime(2026, 11, 21),
        status=OfflineDownloadStatus.STORING,
        stored_path=stored_path,
        size=size,
    )


def make_payload(folder: Path, files: dict[str, bytes], name: str = "payload") -> Payload:
    """``files`` by name, written into a new folder in ``folder``."""
    root = folder / f"payload-{next(_numbers)}"
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return Payload(name, tuple(PayloadFile(path, str(root / path), len(data)) for path, data in files.items()))


def store(storage: Storage, task: Task, payload: Payload, name: str) -> Task:
    """Choose and put, as the pipeline does; the task as it is recorded then."""
    task = replace(task, stored_path=storage.choose(task, name), size=payload.size)
    return replace(task, stored_path=storage.put(task, payload))


class Library(ABC):
    """A storage, and a way to look and to reach into what it keeps."""

    storage: Storage

    @abstractmethod
    def make_folder(self, path: str) -> None: ...

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """As somebody else would."""

    @abstractmethod
    def content(self) -> dict[str, bytes]:
        """Every file by its path, hidden ones too."""

    @abstractmethod
    def break_down(self) -> None: ...

    @abstractmethod
    def mend(self) -> None: ...


class StubLibrary(Library):
    def __init__(self) -> None:
        self.storage: StubStorage = StubStorage()

    def make_folder(self, path: str) -> None:
        self.storage.folders.add(path)

    def write(self, path: str, data: bytes) -> None:
        self.storage.files[path] = StoredFile(data)

    def content(self) -> dict[str, bytes]:
        return {path: file.data for path, file in self.storage.files.items()}

    def break_down(self) -> None:
        for verb in ("check", "choose", "put", "arrived", "knows", "health"):
            self.storage.fail(verb, StorageUnavailable(detail="it is away"))

    def mend(self) -> None:
        """Each verb fails once."""


class FolderLibrary(Library):
    def __init__(self, root: Path) -> None:
        self.root = root
        self.storage: FolderStorage = FolderStorage(root)

    def make_folder(self, path: str) -> None:
        self.at(path).mkdir()

    def write(self, path: str, data: bytes) -> None:
        self.at(path).write_bytes(data)

    def content(self) -> dict[str, bytes]:
        return {f"/{path.relative_to(self.root)}": path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def break_down(self) -> None:
        self.root.rename(self.root.with_name("away"))

    def mend(self) -> None:
        self.root.with_name("away").rename(self.root)


class SeafileLibrary(Library):
    """``install`` of seaserv.py has put the server in place. ``reserved``: what running downloads need of whose quota;
    ``noted``: who was asked for. ``now`` is the storage's clock."""

    def __init__(self, seafile: Seafile) -> None:
        self.seafile = seafile
        self.repo = seafile.make(REPO_ID)
        self.reserved: dict[str, int] = {}
        self.noted: list[tuple[int, str]] = []
        self.now = 1000.0
        self.server = SeafServer(lambda: self.now)
        self.storage: SeafileStorage = SeafileStorage(self._reserve, self.server)

    def make_folder(self, path: str) -> None:
        self.repo.nodes[self.repo.at(path)] = Node(None, "", int(time.time()))

    def write(self, path: str, data: bytes) -> None:
        self.repo.nodes[self.repo.at(path)] = Node(data, SOMEBODY, int(time.time()))

    def content(self) -> dict[str, bytes]:
        return {path: node.data for path, node in self.repo.nodes.items() if node.data is not None}

    def break_down(self) -> None:
        self.seafile.is_down = True

    def mend(self) -> None:
        self.seafile.is_down = False
        self.seafile.restart()

    def _reserve(self, task: Task, subject: str, size: int) -> int:
        self.noted.append((task.odr_id, subject))
        return self.reserved.get(subject, 0)
