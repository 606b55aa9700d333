"""Processes that have imported everything already: forked from one that has done that, and nothing else.

A new interpreter reads SQLAlchemy, Alembic and aria2p for more than a second of a core before the first line of a
test's program runs, and there are hundreds of them. What a forked one lacks is the beginning and the end of an
interpreter, so tests of just that (signals while it ends, PYTHON… variables) run the real program.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import termios
import warnings
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

#: A fork of the test's own process would carry its threads' locks; this one forks from a clean server.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "__main__",
        "pytest",
        "logging.config",
        "django.core.handlers.wsgi",
        "seafevents_offline.cli.main",
        "tests.support.claimer",
        "tests.support.daemon",
        "tests.support.putting",
    ]
)


class Forked:
    """``function(*args)`` in a process and a session of its own; its value is the exit code. To whoever started it,
    it is like a ``subprocess.Popen``.

    ``files``: descriptors that become its stdin, stdout and stderr; those of the caller stay open.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *args: Any,
        files: Sequence[int],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        passed = [DupFd(fd) for fd in files]
        order = (passed, str(cwd or Path.cwd()), dict(os.environ if env is None else env), function, args)
        self._process = PROCESSES.Process(target=_run, args=order, daemon=True)
        self._process.start()
        self.pid: int = self._process.pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code (negative: the signal that ended it), None while it runs."""
        if self.returncode is None and (code := self._process.exitcode) is not None:
            self.returncode = code
            self._process.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._process.join(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(files: list[Any], cwd: str, env: dict[str, str], function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate(files):
        _become(number, file.detach())
    if os.isatty(1):
        # /dev/tty, which a password is read from.
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    sys.stdin = TextIOWrapper(BufferedReader(FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = _text(1, errors="strict", line_buffering=os.isatty(1))
    sys.stderr = _text(2, errors="backslashreplace", line_buffering=True)
    warnings.simplefilter("error")
    sys.exit(function(*args))


def _text(number: int, **how: Any) -> TextIOWrapper:
    return TextIOWrapper(BufferedWriter(FileIO(number, "w", closefd=False)), encoding="utf-8", **how)


def _become(number: int, fd: int) -> None:
    os.dup2(fd, number)
    os.close(fd)
