"""Make one file appear in a folder: whole or not at all, durable on return, never over anything else.

    same file system      link source -> name                                              1
    another one           copy to hidden, link hidden -> name, unlink hidden               2, 3
    ... without links     copy to hidden, call it reserved, create name, reserved -> name  2, 4, 3

What a kill leaves after these steps, and how the next call (``settled`` first) tells it from a success:

1. Success: ``name`` is the very inode of the source. Before, there was nothing.
2. A copy, half or whole, under a hidden name. The task's next call replaces it.
3. Success, but for ``hidden``, which is removed. Our copy is known by size, time and bytes: it carries its source's
   time to the nanosecond, as a link would.
4. ``name`` is empty and ``reserved`` is a whole copy: the reservation is our own and is filled. The worst that can
   happen is that a file which somebody else left empty in just that moment gets our content.

When the power fails it is the same, because a file is synced before it gets its name.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

from ..sources import SAFELY
from .files import exists, look, remove, rename, sync

_CHUNK = 1024 * 1024
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | SAFELY
_CANNOT_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
#: Nothing, a link, a socket, a file that we may not read. A disk that fails is no answer.
_NOT_OURS = frozenset({errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EACCES})
#: Nanoseconds to which file systems round a file's time.
_ROUNDINGS = (1, 100, 1_000, 1_000_000, 1_000_000_000, 2_000_000_000)


@dataclass(frozen=True)
class Place:
    """Where something shall appear: ``name`` in the open directory ``folder``. ``hidden`` is the task's own name for
    what is not ready yet; no two tasks share it."""

    folder: int
    name: str
    hidden: str

    @property
    def reserved(self) -> str:
        return f"{self.hidden}.reserved"


def publish(source: int, place: Place) -> None:
    """Make the open file ``source`` appear at ``place``. Raises FileExistsError when something else is there."""
    if settled(source, place):
        return
    try:
        if not _is_linked(source, place):
            _copy(source, place)
    finally:
        tidy(place)
    sync(place.folder)


def settled(source: int, place: Place) -> bool:
    """Whether an earlier call put ``source`` there. What it had left to do when it was killed is done then."""
    if not (exists(place.folder, place.name) and (_is_ours(source, place) or _fill_reservation(source, place))):
        return False
    tidy(place)
    sync(place.folder)
    return True


def keep_reserved(place: Place, size: int) -> None:
    """Where the source is gone: give a whole copy of ``size`` bytes the name that was reserved for it."""
    named, reserved = look(place.folder, place.name), look(place.folder, place.reserved)
    if named is None or reserved is None or not (stat.S_ISREG(named.st_mode) and stat.S_ISREG(reserved.st_mode)):
        return
    if named.st_size == 0 and reserved.st_size == size:
        rename(place.folder, place.reserved, place.name)


def tidy(place: Place) -> None:
    """Remove what is hidden there."""
    remove(place.folder, place.hidden)
    remove(place.folder, place.reserved)


def holds(source: int, place: Place) -> bool:
    """Whether the bytes of ``source`` are there, whoever put them and when."""
    return _is_there(source, place, _is_equal)


# --- is it ours? --------------------------------------------------------------------------------------


def _is_ours(source: int, place: Place) -> bool:
    return _is_there(source, place, _is_same)


def _is_there(source: int, place: Place, matches: Callable[[int, int], bool]) -> bool:
    try:
        fd = os.open(place.name, os.O_RDONLY | SAFELY, dir_fd=place.folder)
    except OSError as error:
        if error.errno in _NOT_OURS:
            return False
        raise
    try:
        found = matches(source, fd)
        if found:
            os.fsync(fd)
        return found
    finally:
        os.close(fd)


def _is_same(source: int, fd: int) -> bool:
    """The same inode or a copy of ours."""
    mine, theirs = os.fstat(source), os.fstat(fd)
    if os.path.samestat(mine, theirs):
        return True
    times = {mine.st_mtime_ns // rounding * rounding for rounding in _ROUNDINGS}
    return theirs.st_mtime_ns in times and _is_equal(source, fd)


def _is_equal(source: int, fd: int) -> bool:
    mine, theirs = os.fstat(source), os.fstat(fd)
    if not stat.S_ISREG(theirs.st_mode) or theirs.st_size != mine.st_size:
        return False
    offsets = range(0, mine.st_size, _CHUNK)
    return all(os.pread(source, _CHUNK, offset) == os.pread(fd, _CHUNK, offset) for offset in offsets)


def _fill_reservation(source: int, place: Place) -> bool:
    named = look(place.folder, place.name)
    if named is None or not stat.S_ISREG(named.st_mode) or named.st_size:
        return False
    if not _is_ours(source, replace(place, name=place.reserved)):
        return False
    rename(place.folder, place.reserved, place.name)
    return True


# --- the ways to appear -------------------------------------------------------------------------------


def _is_linked(source: int, place: Place) -> bool:
    """False when a link is not possible here."""
    if os.fstat(source).st_dev != os.fstat(place.folder).st_dev:
        return False
    try:
        _make_ordinary(source)
        os.fsync(source)
        _link(source, place)
    except OSError as error:
        if error.errno in _CANNOT_LINK:
            return False
        raise
    return True


def _copy(source: int, place: Place) -> None:
    if exists(place.folder, place.name):
        raise FileExistsError(place.name)
    tidy(place)
    fd = os.open(place.hidden, _NEW, 0o666, dir_fd=place.folder)
    try:
        _copy_bytes(source, fd)
        linked = _is_copy_linked(fd, place)
    finally:
        os.close(fd)
    if not linked:
        _reserve(place)


def _copy_bytes(source: int, target: int) -> None:
    offset = 0
    while chunk := os.pread(source, _CHUNK, offset):
        offset += len(chunk)
        while chunk:
            chunk = chunk[os.write(target, chunk) :]
    found = os.fstat(source)
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.fsync(target)


def _is_copy_linked(fd: int, place: Place) -> bool:
    try:
        _link(fd, place)
    except OSError as error:
        if error.errno in _CANNOT_LINK:
            return False
        raise
    return True


def _reserve(place: Place) -> None:
    rename(place.folder, place.hidden, place.reserved)
    os.close(os.open(place.name, _NEW, 0o666, dir_fd=place.folder))
    rename(place.folder, place.reserved, place.name)


def _link(fd: int, place: Place) -> None:
    # By descriptor: this very inode, whatever has its old name by now. One that lost all its names is refused, so
    # a worker that was thought dead cannot publish the half copy of the one that came after it.
    os.link(f"/proc/self/fd/{fd}", place.name, dst_dir_fd=place.folder, follow_symlinks=True)


def _make_ordinary(fd: int) -> None:
    """Owner and mode of a file that was simply created: the engine may be another user, and secretive."""
    found = os.fstat(fd)
    if found.st_uid != os.geteuid():
        os.fchown(fd, os.geteuid(), os.getegid())
    os.fchmod(fd, 0o666 & ~_umask())


@cache
def _umask() -> int:
    # os.umask() can only be asked by setting it, which other threads would notice.
    with suppress(OSError, StopIteration), open("/proc/self/status", encoding="utf-8") as status:
        return int(next(line for line in status if line.startswith("Umask:")).split()[1], 8)
    return 0o022
