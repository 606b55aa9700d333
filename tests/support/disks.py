"""File systems beside the one of ``tmp_path``: real ones, mounted for the test where that is allowed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest


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
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk; the tests beside this one raise the same errors by hand")
    folder = tmp_path / "small-disk"
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=60)


def make_read_only(disk: Path, read_only: bool = True) -> None:
    """Let a mounted disk take nothing, or everything again."""
    _mount("-o", f"remount,{'ro' if read_only else 'rw'}", str(disk))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=60)
