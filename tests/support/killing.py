"""A process that is killed in the middle: before the n-th of its calls that change something on a disk."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from .forked import PROCESSES

_CHANGES = ("open", "link", "rename", "unlink", "rmdir", "mkdir", "write", "fsync", "utime", "fchmod")


def run_and_die(n: int, action: Callable[..., None], *args: Any) -> bool:
    """Run ``action(*args)`` in a new process and kill it before its n-th change; a write is done by half.

    True when it was killed, False when it had ended before that. ``action`` and its values must be picklable.
    """
    process = PROCESSES.Process(target=_run, args=(n, action, *args))
    process.start()
    process.join(120)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise AssertionError(f"ended with {process.exitcode}")
    killed = process.exitcode != 0
    process.close()
    return killed


def _run(n: int, action: Callable[..., None], *args: Any) -> None:
    left = [n]
    for name in _CHANGES:
        setattr(os, name, _counted(name, getattr(os, name), left))
    action(*args)


def _counted(name: str, function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if name != "open" or args[1] & os.O_CREAT:
            left[0] -= 1
        if left[0] == 0:
            if name == "write":
                function(args[0], args[1][: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return call
