"""What keeps a file from being replaced by another one of its name, found before anything is tried."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .refusal import NotChanged

_MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def look_for(file: Path, target: Path) -> None:
    """``target``: where ``file`` leads to when it is a link, else itself; need not exist. Raises NotChanged."""
    if _is_foreign_link(file, target):
        raise NotChanged(f"{file} is a link, and what it leads to belongs to somebody else.", by_hand=True)
    if is_mount_point(target):
        raise NotChanged(f"{file} is mounted by itself, so it cannot be replaced.", by_hand=True)
    if target.exists() and target.stat().st_nlink > 1:
        raise NotChanged(f"{file} has a second name (a hard link), which would be left behind.", by_hand=True)
    for path in (target.parent, target):
        # For root this says no where the file system is read-only, and nowhere else.
        if path.exists() and not os.access(path, os.W_OK):
            raise NotChanged(f"{path} cannot be written{_who_may(path)}.", by_hand=_is_read_only(path))


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted at exactly ``path``, as ``docker run -v FILE:FILE`` does with a single file. False
    where the kernel does not tell."""
    try:
        lines = _MOUNTS.read_bytes().splitlines()
    except OSError:
        return False
    # proc(5): the fifth field, in which blanks and the like are octal.
    points = (_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), line.split(b" ")[4]) for line in lines)
    return os.fsencode(path) in points


def _is_foreign_link(file: Path, target: Path) -> bool:
    """A user's own link may lead to that user's own files only: root must not be led to any other."""
    link = file.lstat().st_uid if file.is_symlink() else 0
    return link != 0 and target.exists() and target.stat().st_uid != link


def _who_may(path: Path) -> str:
    if _is_read_only(path):
        return ": it is on a read-only file system"
    return "; please run this as root or as the user of the Seafile server" if os.geteuid() else ""


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
