"""Changing files so that each is at every moment the old one or the new one, and all of them or none.

A draft in the same folder, with the old one's owner and mode, is flushed to the disk and takes the old one's name. Of
what a link leads to, the link stays. The file as it was stays beside it under ``BACKUP``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from .refusal import NotChanged

BACKUP = ".before-offline-download"
_DRAFT = ".offline-download-draft"


@dataclass(frozen=True)
class Change:
    """``old`` and ``new`` are the whole content; None where there is no file."""

    file: Path
    old: bytes | None
    new: bytes | None
    owner: tuple[int, int]
    mode: int = 0o644

    @property
    def is_one(self) -> bool:
        return self.old != self.new

    @property
    def target(self) -> Path:
        """The file itself, where ``file`` is a link."""
        return Path(os.path.realpath(self.file))

    @property
    def backup(self) -> Path:
        return self.target.with_name(self.target.name + BACKUP)


def read(file: Path) -> bytes | None:
    """The content; None when there is no file. Raises NotChanged."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotChanged(f"{file} cannot be read: {error.strerror}.") from None


def apply(changes: Iterable[Change]) -> None:
    """Make all these changes, or none. Raises NotChanged."""
    with ExitStack() as undo:
        puts = [_prepare(change, undo) for change in changes if change.is_one]
        for change, draft in puts:
            try:
                _put(change, draft)
            except OSError as error:
                raise NotChanged(f"{change.file} cannot be changed: {error.strerror}.") from None
            undo.callback(_put_back, change)
        undo.pop_all()


def _prepare(change: Change, undo: ExitStack) -> tuple[Change, Path]:
    draft = change.target.with_name(change.target.name + _DRAFT)
    undo.callback(_remove, draft)
    try:
        if change.new is not None:
            _write(draft, change.new, change)
        if change.old is not None and change.new is not None:
            undo.callback(_remove, change.backup)
            _write(change.backup, change.old, change)
    except OSError as error:
        raise NotChanged(f"{change.file} cannot be changed: {error.strerror}.") from None
    return change, draft


def _write(path: Path, data: bytes, like: Change) -> None:
    _remove(path)
    uid, gid, mode = *like.owner, like.mode
    if like.old is not None:
        found = like.target.stat()
        uid, gid, mode = found.st_uid, found.st_gid, found.st_mode & 0o7777
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        if (os.geteuid(), os.getegid()) != (uid, gid):
            os.fchown(fd, uid, gid)
        os.fchmod(fd, mode)
        file.write(data)
        file.flush()
        os.fsync(fd)


def _put(change: Change, draft: Path) -> None:
    if change.new is None:
        change.target.unlink()
    else:
        draft.rename(change.target)
    _sync(change.target.parent)


def _put_back(change: Change) -> None:
    if change.old is None:
        _remove(change.target)
    elif change.backup.exists():
        change.backup.rename(change.target)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
