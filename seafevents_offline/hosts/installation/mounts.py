"""What is mounted where, as the kernel tells this process: ``docker run -v FILE:FILE`` mounts a single file."""

from __future__ import annotations

import os
import re
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


def is_mount_point(path: Path) -> bool:
    """Whether something is mounted at exactly ``path``, which is no link; False where the kernel does not tell."""
    try:
        lines = _TABLE.read_bytes().splitlines()
    except OSError:
        return False
    # proc(5): the fifth field, in which blanks and the like are octal.
    points = (_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), line.split(b" ")[4]) for line in lines)
    return os.fsencode(path) in points
