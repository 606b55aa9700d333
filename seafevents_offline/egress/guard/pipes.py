"""Pipes for splice(2), lent only while bytes are under way: most tunnels wait for their network most of the time."""

from __future__ import annotations

import contextlib
import fcntl
import os
from dataclasses import dataclass

#: Bytes that a pipe should hold; the kernel grants less to an account that has many (pipe(7)).
SIZE = 1024**2

#: Empty pipes that are kept.
_SPARE = 8

#: Linux; Python names it since 3.10 but type checkers do not.
_F_SETPIPE_SZ = 1031


@dataclass
class Pipe:
    """``filled``: bytes in it."""

    source: int
    target: int
    filled: int = 0


class Pipes:
    """Lends pipes; what comes back must be empty, else it is closed."""

    def __init__(self) -> None:
        self._spare: list[Pipe] = []

    def take(self) -> Pipe:
        """An empty one; raises OSError when there are too many open files."""
        if self._spare:
            return self._spare.pop()
        # Without O_NONBLOCK a full pipe would stop everybody.
        source, target = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            fcntl.fcntl(target, _F_SETPIPE_SZ, SIZE)
        return Pipe(source, target)

    def give_back(self, pipe: Pipe) -> None:
        if pipe.filled == 0 and len(self._spare) < _SPARE:
            self._spare.append(pipe)
        else:
            os.close(pipe.source)
            os.close(pipe.target)
