"""The node's own directory: its identity, the lock that keeps a second daemon out, one folder a task.

    tempdir/node        a random id, made once: identity survives a new host name or container
    tempdir/lock        flock, held by the daemon and inherited by its engine, so that it is free only when both ended
    tempdir/<odr_id>/   what is downloaded for that task

Nothing outside this directory is ever deleted.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .custody import clear, take_back
from .disk import used
from .errors import AlreadyRunning, PayloadUnusable, TempDirUnusable
from .process import alive, identity
from .threads import offload

logger = logging.getLogger(__name__)

#: A task's folder, as we write its name: what only looks like one is nobody's of us.
_TASK = re.compile("0|[1-9][0-9]{0,18}", re.ASCII)

#: How often a lock that an ending process still holds is tried again, in seconds.
_LOCK_PAUSE = 0.05

#: The group may go through the directory, to what it knows the name of and has a right to: so does root's engine.
_LET_THROUGH = 0o010


class TempDir:
    """Call ``open`` before anything else; ``lock`` before anything is written to a task's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.node_id = ""
        self._lock_fd: int | None = None

    def open(self) -> None:
        """Make the directory if needed, check that it is ours alone, read or make the node's id.

        Raises TempDirUnusable with what is wrong.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._check(os.lstat(self.path), allowed=_LET_THROUGH)
            self.node_id = self._read_or_make_node()
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def inspect(self) -> bool:
        """Whether it is there, with the same verdict as ``open`` but without making anything: the node's id stays empty
        where there is none yet. Raises TempDirUnusable with what is wrong."""
        try:
            found = self._look()
            if found is None:
                return False
            self._check(found, allowed=_LET_THROUGH)
            if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
                raise self._unusable("its owner may not write it; run `chmod 700` on it")
            self.node_id = self._read_node() if (self.path / "node").exists() else ""
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        return True

    def nearest(self) -> Path:
        """It, or the nearest folder above it that there is. Raises TempDirUnusable."""
        try:
            return next(path for path in (self.path, *self.path.parents) if path.exists())
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def lock(self, deadline: float) -> int:
        """Take the lock and return its file descriptor, for the engine to inherit.

        Raises AlreadyRunning: at once when the daemon that has it lives, at ``deadline`` (``time.monotonic()``)
        when only something that it left behind still holds it.
        """
        fd = self._open_lock()
        pause = threading.Event()
        while not _try_lock(fd):
            holder = os.pread(fd, 100, 0).decode("ascii", "replace")
            if alive(holder) or time.monotonic() >= deadline:
                os.close(fd)
                raise AlreadyRunning(path=str(self.path))
            pause.wait(_LOCK_PAUSE)
        _sign(fd)
        self._lock_fd = fd
        return fd

    def mend(self) -> bool:
        """Make the directory that is locked anew where somebody has deleted it, or only its lock; whether that was so.
        The node stays who it is, and so does the descriptor of the lock. Where another disk is in its place nothing is
        made: its own will come back."""
        if self._lock_fd is None or offload(self._is_there):
            return False
        try:
            return bool(offload(self._make_anew, self._lock_fd))
        except (OSError, TempDirUnusable):
            return False

    def is_locked(self) -> bool:
        """Whether some daemon has this directory now. Makes nothing: who only looks may be another user."""
        try:
            fd = os.open(self.path / "lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            # Shared, so that two who look at once do not see each other.
            return not _try_lock(fd, fcntl.LOCK_SH)
        finally:
            os.close(fd)

    @contextmanager
    def unused(self) -> Iterator[bool]:
        """Whether no daemon has this directory; one that starts in the meantime waits, as for the engine of a dead one.
        Raises TempDirUnusable."""
        fd = self._open_lock()
        try:
            yield _try_lock(fd)
        finally:
            os.close(fd)

    def unlock(self) -> None:
        """Give the lock up; idempotent."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def folder(self, odr_id: int) -> Path:
        """The task's folder, whether it exists or not."""
        return self.path / str(odr_id)

    def make(self, odr_id: int) -> Path:
        """The task's folder, ours alone, made if needed. Raises TempDirUnusable."""
        folder = self.folder(odr_id)
        if not offload(self._is_there):
            raise self._unusable("it has been deleted, or its disk is not there")
        try:
            if not offload(_made, folder):
                if not offload(_renewed, folder):
                    logger.warning("task %s: its temporary folder was tampered with; it begins again", odr_id)
                self._check(os.lstat(folder))
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        return folder

    def held(self, odr_id: int) -> int:
        """Bytes that the task's folder takes on the disk."""
        return used(self.folder(odr_id))

    def delete(self, odr_id: int) -> None:
        """Delete the task's folder with all that is in it; what resists is left to the next sweep."""
        if not offload(_delete, self.folder(odr_id)):
            logger.warning("task %s: its temporary folder cannot be deleted now", odr_id)

    def task_folders(self) -> set[int]:
        """The ids of all tasks that have a folder here. Raises TempDirUnusable."""
        try:
            return {int(name) for name in offload(os.listdir, self.path) if _TASK.fullmatch(name)}
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def _is_there(self) -> bool:
        """Whether it still is the directory that was locked, and not what its disk was mounted on."""
        if self._lock_fd is None:
            return True
        try:
            return os.path.samestat(os.lstat(self.path / "lock"), os.fstat(self._lock_fd))
        except OSError:
            return False

    def _make_anew(self, lock_fd: int) -> bool:
        if os.stat(self.nearest()).st_dev != os.fstat(lock_fd).st_dev:
            return False
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check(os.lstat(self.path), allowed=_LET_THROUGH)
        if self._read_or_make_node(self.node_id) != self.node_id:
            return False
        fd = self._open_lock()
        try:
            if not _try_lock(fd):
                return False
            _sign(fd)
            # Whoever has been told the number, to let others inherit it, need not know.
            os.dup2(fd, lock_fd, inheritable=False)
        finally:
            os.close(fd)
        return True

    def _open_lock(self) -> int:
        try:
            return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def _look(self) -> os.stat_result | None:
        """None when it is not there but can be made."""
        try:
            return os.lstat(self.path)
        except FileNotFoundError:
            above = self.nearest()
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise self._unusable(f"it cannot be made in {above}")
        return None

    def _check(self, found: os.stat_result, allowed: int = 0) -> None:
        if not stat.S_ISDIR(found.st_mode):
            raise self._unusable("it is not a real directory")
        if found.st_uid != os.geteuid():
            raise self._unusable(f"it belongs to another user; run `chown -R {os.geteuid()}:` on it")
        if found.st_mode & 0o077 & ~allowed:
            raise self._unusable("others may read or write it; run `chmod 700` on it")

    def _read_or_make_node(self, node_id: str = "") -> str:
        path = self.path / "node"
        draft = self.path / f"node.{os.getpid()}"
        if not path.exists():
            draft.write_text(f"{node_id or uuid.uuid4()}\n", encoding="ascii")
            try:
                os.link(draft, path)
            except FileExistsError:
                # Another process was faster.
                pass
            finally:
                draft.unlink()
        return self._read_node()

    def _read_node(self) -> str:
        try:
            return str(uuid.UUID((self.path / "node").read_text(encoding="ascii").strip()))
        except ValueError:
            raise self._unusable("its file `node` is damaged; delete that file") from None

    def _unusable(self, detail: str) -> TempDirUnusable:
        return TempDirUnusable(path=str(self.path), detail=detail)


def _made(folder: Path) -> bool:
    """Make it; False when something was there."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        return False
    return True


def _renewed(folder: Path) -> bool:
    """Make what was there ours; False when it had been tampered with and had to go."""
    try:
        take_back(folder)
    except PayloadUnusable:
        clear(folder)
        folder.chmod(0o700)
        return False
    return True


def _delete(folder: Path) -> bool:
    """Whether nothing is left of it."""
    with suppress(OSError):
        clear(folder)
        os.rmdir(folder)
        return True
    return not os.path.lexists(folder)


def _sign(fd: int) -> None:
    """Say in the lock who has it."""
    os.ftruncate(fd, 0)
    os.pwrite(fd, identity(os.getpid()).encode(), 0)


def _try_lock(fd: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
