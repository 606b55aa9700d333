"""Work on names relative to an open directory, so that no link planted on the way leads elsewhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..sources import SAFELY

_CANNOT_SYNC_FOLDER = frozenset({errno.EINVAL, errno.EOPNOTSUPP})


@contextmanager
def open_root(path: Path) -> Iterator[int]:
    """An open directory; the path to it may have links in it."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def open_folder(parts: Sequence[str], folder: int) -> Iterator[int]:
    """The open directory ``parts[0]/parts[1]/…`` within ``folder``, which is the answer when there are no parts."""
    with ExitStack() as opened:
        for part in parts:
            folder = os.open(part, os.O_RDONLY | os.O_DIRECTORY | SAFELY, dir_fd=folder)
            opened.callback(os.close, folder)
        yield folder


def look(folder: int, name: str) -> os.stat_result | None:
    """What has that name; None when nothing has."""
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def exists(folder: int, name: str) -> bool:
    """Whether anything has that name, a dangling link too."""
    return look(folder, name) is not None


def rename(folder: int, name: str, new: str) -> None:
    """Within one folder. A file that is called ``new`` is replaced, so is an empty folder."""
    os.rename(name, new, src_dir_fd=folder, dst_dir_fd=folder)


def remove(folder: int, name: str) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        with open_folder((name,), folder) as inner:
            for entry in os.listdir(inner):
                remove(inner, entry)
        os.rmdir(name, dir_fd=folder)


def sync(folder: int) -> None:
    """Make the names in an open directory durable, where the file system can."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC_FOLDER:
            raise
