"""Which processes that came from a test are still there, also when those that started them have been killed."""

from __future__ import annotations

import contextlib
import ctypes
import os

import psutil

_PR_SET_CHILD_SUBREAPER = 36

#: What a test run starts once and keeps: it belongs to no service.
_OF_THE_TESTS = ("multiprocessing.forkserver", "multiprocessing.resource_tracker", "mariadbd", "mysqld")


class Descendants:
    """Those that are born in a block. Meanwhile orphans become children of this process, in place of the system's."""

    def __init__(self) -> None:
        self._before: set[psutil.Process] = set()

    def __enter__(self) -> Descendants:
        _become_reaper(True)
        self._before = set(psutil.Process().children(recursive=True))
        return self

    def __exit__(self, *exc: object) -> None:
        _become_reaper(False)
        for process in psutil.Process().children():
            if process not in self._before:
                _collect(process)

    def left(self) -> list[str]:
        """What still runs, as ``<pid> <words>``."""
        born = [one for one in psutil.Process().children(recursive=True) if one not in self._before]
        return [line for process in born if (line := _line(process))]


def _line(process: psutil.Process) -> str:
    """Empty for what has ended and for what belongs to the test run."""
    with contextlib.suppress(psutil.Error):
        words = " ".join(process.cmdline())
        is_forked = process.ppid() != os.getpid() and "multiprocessing.forkserver" in words
        if process.status() != psutil.STATUS_ZOMBIE and (is_forked or not any(one in words for one in _OF_THE_TESTS)):
            return f"{process.pid} {words[:200]}"
    return ""


def _collect(process: psutil.Process) -> None:
    """An orphan that has ended waits for its new parent."""
    with contextlib.suppress(psutil.Error, ChildProcessError):
        if process.status() == psutil.STATUS_ZOMBIE:
            os.waitpid(process.pid, os.WNOHANG)


def _become_reaper(yes: bool) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
