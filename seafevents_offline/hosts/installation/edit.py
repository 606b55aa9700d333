"""Changing files so that each is at every moment the old one or the new one, and all of them or none.

A draft in the same folder, with the old one's owner, mode and attributes, is flushed to the disk and takes the old
one's name. Of what a link leads to, the link stays. The file as it was stays beside it, once, under ``BACKUP``.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import obstacles
from .refusal import HalfChanged, NotChanged

BACKUP = ".before-offline-download"
_DRAFT = ".offline-download-draft"
_KEPT = ".offline-download-kept"


@dataclass(frozen=True)
class Change:
    """``old`` and ``new`` are the whole content; None where there is no file. ``part``: what comes in or goes, for
    those who do it by hand. ``owner`` (user, group) and ``mode`` are for a file that is made. ``keeps``: there is
    a backup whatever ``new`` is."""

    file: Path
    old: bytes | None
    new: bytes | None
    part: bytes
    owner: tuple[int, int]
    mode: int = 0o600
    keeps: bool = False

    @property
    def is_needed(self) -> bool:
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
        if file.exists() and not file.is_file():
            raise NotChanged(f"{file} is no ordinary file.")
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotChanged(f"{file} cannot be read: {_words(error)}.") from None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else who asks for this changes anything in ``folder`` meanwhile. Raises NotChanged."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NotChanged(f"{folder} cannot be looked into: {_words(error)}.") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise NotChanged(f"Another `enable` or `disable` is at work in {folder}.") from None
    except OSError:
        # Some file systems of a network have no locks; two administrators at once are rare.
        pass
    try:
        yield
    finally:
        os.close(fd)


def apply(changes: Sequence[Change]) -> None:
    """Make all these changes, or none, and tidy up after one that was killed.

    Raises NotChanged; HalfChanged when one could not be taken back.
    """
    for change in changes:
        _tidy_up(change.target)
    needed = [change for change in changes if change.is_needed]
    for change in needed:
        obstacles.look_for(change.file, change.target)
    editions = [_Edition(change) for change in needed]
    try:
        for edition in editions:
            edition.prepare()
        for edition in editions:
            edition.put()
    except BaseException as error:
        with ExitStack() as undo:
            for edition in editions:
                undo.callback(edition.put_back)
        if isinstance(error, _Failed):
            raise NotChanged(str(error), by_hand=error.is_read_only) from None
        raise
    for edition in editions:
        edition.finish()


def _tidy_up(target: Path) -> None:
    """What was kept to be put back is the file before the last change: its backup."""
    draft, kept, backup = (target.with_name(target.name + end) for end in (_DRAFT, _KEPT, BACKUP))
    with suppress(OSError):
        _remove(draft)
        kept.rename(backup)


class _Failed(Exception):
    def __init__(self, change: Change, error: OSError) -> None:
        super().__init__(f"{change.file} cannot be changed: {_words(error)}.")
        self.is_read_only = error.errno in (errno.EROFS, errno.EBUSY, errno.EXDEV)


class _Edition:
    """One change on its way. ``kept``: the file as it was, first to put it back, then as its backup."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._draft, self._kept = (change.target.with_name(change.target.name + end) for end in (_DRAFT, _KEPT))
        self._is_put = False

    def prepare(self) -> None:
        """All that needs room and rights. Raises _Failed."""
        change = self._change
        try:
            if change.new is not None:
                self._write(self._draft, change.new)
            if change.old is not None:
                self._write(self._kept, change.old)
        except OSError as error:
            raise _Failed(change, error) from None

    def put(self) -> None:
        """Raises _Failed; NotChanged when somebody else has changed the file since it was read."""
        change = self._change
        if read(change.target) != change.old:
            raise NotChanged(f"{change.file} is being changed by somebody else.")
        # Before it is: Ctrl-C may come between the two.
        self._is_put = True
        try:
            if change.new is None:
                change.target.unlink()
            else:
                self._draft.rename(change.target)
        except OSError as error:
            self._is_put = False
            raise _Failed(change, error) from None
        _sync(change.target.parent)

    def put_back(self) -> None:
        """Everything as it was before ``prepare``. Raises HalfChanged."""
        change = self._change
        try:
            if self._is_put and change.old is None:
                _remove(change.target)
            elif self._is_put:
                self._kept.rename(change.target)
        except OSError as error:
            raise HalfChanged(file=change.file, detail=_words(error), kept=self._kept) from None
        self._clean()

    def finish(self) -> None:
        """The backup; none of what was only ever ours, nor beside a file that is again what its backup is."""
        change = self._change
        with suppress(OSError):
            if change.new is None or (not change.keeps and _is(change.backup, change.new)):
                _remove(change.backup)
            elif change.old is not None:
                self._kept.rename(change.backup)
            self._clean()

    def _clean(self) -> None:
        for path in (self._draft, self._kept):
            with suppress(OSError):
                _remove(path)

    def _write(self, path: Path, data: bytes) -> None:
        """Owner first: a mode may be lost by its change. Nobody else may open it before it is what it shall be."""
        _remove(path)
        like = self._change.target if self._change.old is not None else None
        found = like.stat() if like else None
        uid, gid = (found.st_uid, found.st_gid) if found else self._change.owner
        mode = stat.S_IMODE(found.st_mode) if found else self._change.mode
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            file.write(data)
            made = os.fstat(fd)
            if (made.st_uid, made.st_gid) != (uid, gid):
                os.fchown(fd, uid, gid)
            # Some file systems have one owner and mode for all, and permit no change even to what it is.
            if stat.S_IMODE(os.fstat(fd).st_mode) != mode:
                os.fchmod(fd, mode)
            if like:
                _copy_attributes(like, fd)
            file.flush()
            os.fsync(fd)


def _words(error: OSError) -> str:
    if error.errno == errno.EPERM and not os.geteuid():
        return "the system does not permit it (`lsattr` shows whether it is immutable)"
    return error.strerror or str(error)


def _copy_attributes(source: Path, fd: int) -> None:
    """Access lists, labels of SELinux and the like, as far as the file systems know them."""
    with suppress(OSError):
        for name in os.listxattr(source):
            with suppress(OSError):
                os.setxattr(fd, name, os.getxattr(source, name))


def _sync(folder: Path) -> None:
    """So that the new name outlives a power cut; some file systems cannot."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _is(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()
