"""On what a folder is: a disk, memory, or a layer that goes with its container."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")

#: File systems that are in memory, and those that containers have for whatever is on no volume.
_IN_MEMORY = ("tmpfs", "ramfs")
_LAYERS = ("overlay", "aufs", "fuse-overlayfs", "fuse.fuse-overlayfs")


def is_in_memory(folder: Path, mounts: Path = _MOUNTS) -> bool:
    return _kind(folder, mounts) in _IN_MEMORY


def is_in_layer(folder: Path, mounts: Path = _MOUNTS) -> bool:
    return _kind(folder, mounts) in _LAYERS


def is_same(one: Path, other: Path) -> bool:
    """Whether both are on one file system. Raises OSError."""
    return one.stat().st_dev == other.stat().st_dev


def _kind(folder: Path, mounts: Path) -> str:
    """The type of the file system (proc(5), mountinfo); empty when it is not known."""
    path = os.path.realpath(folder)
    found, longest = "", -1
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        point = _unescaped(before.split(" ")[4])
        # Of those on one place the last one is on top.
        if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= longest:
            found, longest = after.split(" ")[0], len(point)
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
