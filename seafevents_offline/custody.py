"""Whose a task's folder is: ours, or for as long as it works in it the engine's, which is somebody else.

    ours (0700) ── hand_over ──> the engine's (0700) ── take_back ──> ours, being looked at (0500) ──> ours (0700)
                                                                          └ not what it should be: stays so

What an engine did that was taken over by a hostile server must not outlast the taking back: no name leads out of the
folder, no file has a second name, and what somebody still has open for writing is a copy. Without root nothing changes
hands.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .confine import Account
from .errors import PayloadUnusable

_OURS = 0o700
_LOOKED_AT = 0o500

#: Its members may go through, to what is theirs, and see nothing else.
_LET_THROUGH = 0o710

#: Folders within folders; each takes a descriptor of ours while it is looked at.
_DEEPEST = 32

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def let_through(folder: Path, account: Account | None) -> None:
    """Let ``account`` go through our ``folder`` to those in it that are its own. Raises OSError."""
    if account is not None:
        with _opened(folder) as fd:
            os.fchown(fd, -1, account.gid)
            os.fchmod(fd, _LET_THROUGH)


def hand_over(folder: Path, account: Account | None) -> None:
    """Give our ``folder`` and the files in it to ``account``, if it has not got them already. Raises OSError."""
    if account is None:
        return
    with _opened(folder) as fd:
        if os.fstat(fd).st_uid == account.uid:
            return
        for name in os.listdir(fd):
            found = os.stat(name, dir_fd=fd, follow_symlinks=False)
            # A second name may be in a library.
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                os.chown(name, account.uid, account.gid, dir_fd=fd, follow_symlinks=False)
        # Last: until now nobody else could come near.
        os.fchown(fd, account.uid, account.gid)
        os.fchmod(fd, _OURS)


def take_back(folder: Path) -> None:
    """Make ``folder`` ours again, with all that is in it; nothing happens when it is.

    Raises PayloadUnusable, now and whenever it is called again, when there is anything in it but plain files and
    folders of the engine's own; OSError when it cannot be done.
    """
    with _opened(folder) as fd:
        found = os.fstat(fd)
        if found.st_uid != os.geteuid():
            # First, so that no name in it changes any more.
            _take(fd, _LOOKED_AT)
            _take_contents(fd, found.st_uid, _DEEPEST)
            os.fchmod(fd, _OURS)
        elif stat.S_IMODE(found.st_mode) == _LOOKED_AT:
            # Refused before, or the look was interrupted: whose the files were is not known any more.
            raise PayloadUnusable()


def clear(folder: Path) -> None:
    """Delete all that is in ``folder``: links themselves, and folders however deep. Raises OSError."""
    with _opened(folder) as fd:
        while names := os.listdir(fd):
            for name in names:
                _delete(name, fd)


def _delete(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        with _opened(name, folder) as fd:
            _bring_up(fd, folder)
        os.rmdir(name, dir_fd=folder)


def _bring_up(folder: int, parent: int) -> None:
    """Empty ``folder``; the folders in it come to lie in ``parent``, so that depth costs neither stack nor files."""
    for name in os.listdir(folder):
        try:
            os.unlink(name, dir_fd=folder)
        except IsADirectoryError:
            os.rename(name, uuid.uuid4().hex, src_dir_fd=folder, dst_dir_fd=parent)


def _take_contents(folder: int, owner: int, depth: int) -> None:
    if not depth:
        raise PayloadUnusable()
    for name in os.listdir(folder):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(found.st_mode):
            with _opened(name, folder) as fd:
                _take(fd, _OURS)
                _take_contents(fd, owner, depth - 1)
        elif not stat.S_ISREG(found.st_mode):
            raise PayloadUnusable()
        elif not _is_mark(found):
            _take_file(name, folder, owner)


def _is_mark(found: os.stat_result) -> bool:
    """An empty file of ours is our own mark, which nobody else can write; any other of ours is a second name of a file
    that the engine cannot read."""
    is_ours = found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077
    return is_ours and not found.st_size and found.st_nlink == 1


def _take_file(name: str, folder: int, owner: int) -> None:
    fd = os.open(name, _FILE, dir_fd=folder)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_uid != owner:
            raise PayloadUnusable()
        _take(fd, 0o600)
        if _is_written(fd):
            _replace(name, folder, fd)
    finally:
        os.close(fd)


def _replace(name: str, folder: int, fd: int) -> None:
    """Put a copy of ours in the place of a file that somebody else may still write."""
    found, draft = os.fstat(fd), uuid.uuid4().hex
    new = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        copied = 0
        while copied < found.st_size and (count := os.sendfile(new, fd, copied, found.st_size - copied)):
            copied += count
        os.utime(new, ns=(found.st_atime_ns, found.st_mtime_ns))
    finally:
        os.close(new)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)


def _take(fd: int, mode: int) -> None:
    os.fchown(fd, os.geteuid(), os.getegid())
    os.fchmod(fd, mode)


def is_read(fd: int) -> bool:
    """Whether another descriptor is open for this file anywhere: the kernel gives no lease for writing then (fcntl(2)).
    False also where leases are unknown."""
    return _is_refused(fd, fcntl.F_WRLCK)


def _is_written(fd: int) -> bool:
    """Whether some process may have it open for writing: the kernel gives no lease for reading then; file systems of a
    network often give none at all.

    False also where leases are unknown: it is only the second line of defence.
    """
    return _is_refused(fd, fcntl.F_RDLCK)


def _is_refused(fd: int, lease: int) -> bool:
    try:
        # Who breaks a lease sends a signal, and the usual one ends us.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, lease)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


@contextmanager
def _opened(folder: Path | str, parent: int | None = None) -> Iterator[int]:
    """An open directory that is really one, no link to one."""
    fd = os.open(folder, _DIRECTORY, dir_fd=parent)
    try:
        yield fd
    finally:
        os.close(fd)
