"""The library as people see it: folders and ordinary files, always reached step by step, through no link."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...filename import HIDDEN_PREFIX
from ...storages.folder.files import open_folder, open_root, sync
from ...storages.sources import SAFELY

_NUMBERS = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class Entry:
    """One line of a folder's list; ``mtime`` in seconds since 1970."""

    name: str
    is_folder: bool
    size: int
    mtime: float


class Folder:
    """``root`` is the library. A path begins with ``/``; one that is not there raises OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def name(self) -> str:
        # Names that are no text have no place in an address; only the whole file system has no name.
        return self._root.name.encode("utf-8", "replace").decode() or "library"

    def entries(self, path: str) -> list[Entry]:
        """Folders first, each by name. Left out: links, devices, what is not complete yet, and names that are no text,
        because no address leads to them."""
        with self._open(path) as folder, os.scandir(folder) as found:
            entries = [entry for item in found if _is_shown(item.name) and (entry := _entry(item)) is not None]
        return sorted(entries, key=lambda entry: (not entry.is_folder, _order(entry.name)))

    def has_folder(self, path: str) -> bool:
        try:
            with self._open(path):
                return True
        except OSError:
            return False

    def identity(self, path: str) -> str:
        """Two folders have different ones; a folder keeps its own."""
        with self._open(path) as folder:
            found = os.fstat(folder)
            return f"{found.st_dev:x}-{found.st_ino:x}"

    def is_writable(self, path: str) -> bool:
        try:
            with self._open(path) as folder:
                return os.access(".", os.W_OK | os.X_OK, dir_fd=folder, effective_ids=True)
        except OSError:
            return False

    def make_folder(self, path: str) -> None:
        """Raises FileExistsError when something has that name."""
        *parent, name = parts_of(path) or ("",)
        with self._open("/".join(parent)) as folder:
            os.mkdir(name, dir_fd=folder)
            sync(folder)

    def open_file(self, path: str) -> BinaryIO:
        """An ordinary file, to be closed by the caller."""
        *parent, name = parts_of(path) or ("",)
        with self._open("/".join(parent)) as folder:
            fd = os.open(name, os.O_RDONLY | SAFELY, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise FileNotFoundError(path)
        return open(fd, "rb")

    def room(self) -> int:
        """Bytes that are free."""
        found = os.statvfs(self._root)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def _open(self, path: str) -> Iterator[int]:
        with open_root(self._root) as root, open_folder(parts_of(path), root) as folder:
            yield folder


def parts_of(path: str) -> tuple[str, ...]:
    """The steps of a path; one that leads up, or to what is not shown, is not found."""
    parts = tuple(part for part in path.split("/") if part)
    if {".", ".."} & set(parts) or "\0" in path or not all(map(_is_shown, parts)):
        raise FileNotFoundError(path)
    return parts


def _order(name: str) -> tuple[list[str | int], str]:
    """``part 2`` before ``part 10``: words and numbers take turns, so that like is compared with like."""
    parts = _NUMBERS.split(name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name


def _is_shown(name: str) -> bool:
    return _is_text(name) and not name.startswith(HIDDEN_PREFIX)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _entry(item: os.DirEntry[str]) -> Entry | None:
    try:
        found = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    if not is_folder and not stat.S_ISREG(found.st_mode):
        return None
    return Entry(item.name, is_folder, 0 if is_folder else found.st_size, found.st_mtime)
