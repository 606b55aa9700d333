"""Pipes for splice(2), lent only while bytes are under way: most tunnels wait for their network most of the time."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass

#: Bytes that a pipe should hold; an account that has many gets smaller ones (pipe(7)), which are slower.
SIZE = 1024**2

#: Empty pipes that are kept.
_SPARE = 8


@dataclass
class Pipe:
    """``filled``: bytes in it. ``full_size``: it holds ``SIZE`` bytes."""

    source: int
    target: int
    full_size: bool
    filled: int = 0


class Pipes:
    """Lends pipes. Kept are those that come back empty and are worth it."""

    def __init__(self) -> None:
        self._spare: list[Pipe] = []

    def take(self) -> Pipe:
        """An empty one; raises OSError when there are too many open files."""
        if self._spare:
            return self._spare.pop()
        # Without O_NONBLOCK a full pipe would stop everybody.
        source, target = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        return Pipe(source, target, _enlarge(target))

    def give_back(self, pipe: Pipe) -> None:
        if pipe.filled == 0 and pipe.full_size and len(self._spare) < _SPARE:
            self._spare.append(pipe)
        else:
            os.close(pipe.source)
            os.close(pipe.target)


def _enlarge(fd: int) -> bool:
    try:
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, SIZE)
    except OSError:
        return False
    return True
