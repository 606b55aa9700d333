"""File systems beside the one of ``tmp_path``: real ones, mounted for the test where that is allowed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

# <linux/fs.h>: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL
_GETFLAGS, _SETFLAGS, _IMMUTABLE = 0x80086601, 0x40086602, 0x10


class FakeDisk:
    """A disk of ``total`` bytes that says what a test wants: stands where ``os.statvfs`` is called."""

    def __init__(self, percent: float = 0.0, total: int = 1000) -> None:
        self.percent = percent
        self.total = total
        self.error: OSError | None = None

    def __call__(self, folder: Path) -> SimpleNamespace:
        if self.error is not None:
            raise self.error
        free = round(self.total * (100 - self.percent) / 100)
        # What only root may have is no room for anybody else.
        return SimpleNamespace(f_frsize=1, f_blocks=self.total + 50, f_bfree=free + 50, f_bavail=free)


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """An empty folder on another file system than ``tmp_path``: memory, which every Linux has."""
    folder = Path(tempfile.mkdtemp(prefix="other-disk-", dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 1 MiB; only root may mount one."""
    with disk_of("1m", tmp_path / "small-disk") as folder:
        yield folder


@contextmanager
def disk_of(size: str, folder: Path) -> Iterator[Path]:
    """An empty file system of that size, in memory, at a new folder; for the block."""
    skip_unless_root()
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        unmount(folder)


def mount_folder(what: Path, at: Path) -> None:
    """Let the folder ``what`` appear at ``at``, another one, until ``unmount``."""
    skip_unless_root()
    _mount("--bind", str(what), str(at))


def unmount(folder: Path) -> None:
    """Now, although somebody may have files open there."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)


def fill(disk: Path) -> Path:
    """Leave not a byte of room; the file that takes it."""
    ballast = disk / "ballast"
    with suppress(OSError), open(ballast, "wb", buffering=0) as file:
        while file.write(b"x" * 65536):
            pass
    return ballast


@contextmanager
def immutable(folder: Path) -> Iterator[None]:
    """Nothing can be made or deleted in the folder, not even by root: what is left of a disk that has become read-only
    under open files, which nothing but a broken disk can do."""
    skip_unless_root()
    with _open_folder(folder) as fd:
        before = array("l", [0])
        fcntl.ioctl(fd, _GETFLAGS, before, True)
        fcntl.ioctl(fd, _SETFLAGS, array("l", [before[0] | _IMMUTABLE]))
        try:
            yield
        finally:
            fcntl.ioctl(fd, _SETFLAGS, before)


def skip_unless_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; the tests beside this one raise the same errors by hand")


@contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield fd
    finally:
        os.close(fd)


def make_read_only(disk: Path, read_only: bool = True) -> None:
    """Let a mounted disk take nothing, or everything again."""
    _mount("-o", f"remount,{'ro' if read_only else 'rw'}", str(disk))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=60)
