"""The end of an aria2c that a killed daemon left behind."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from pathlib import Path

from ...confine import looking_into
from ...process import alive
from .process import CONF_ARGUMENT

logger = logging.getLogger(__name__)

#: Seconds that an old aria2c gets to save its control files. One that downloads does it within a tenth. One whose guard
#: ended with the daemon saved them when its lines broke, and hears the signal only after a second.
_GRACE = 0.5

_PAUSE = 0.01


def end_old_engine(folder: Path, deadline: float) -> None:
    """End the aria2c that a killed daemon left in ``folder``; returns when it is gone, at ``deadline`` at the latest.

    Leaves alone what is not certainly that: another process with its number, or one whose daemon still lives.
    """
    child, parent = _read_pid_file(folder)
    if not _is_ours(child, folder) or alive(parent):
        return
    pid = int(child.partition(":")[0])
    logger.info("ending the aria2c (process %s) that an earlier run left behind", pid)
    for sign, until in ((signal.SIGTERM, min(deadline, time.monotonic() + _GRACE)), (signal.SIGKILL, deadline)):
        _signal(pid, sign)
        if _wait_until_gone(child, until):
            return
    logger.warning("the old aria2c (process %s) does not end", pid)


def _read_pid_file(folder: Path) -> tuple[str, str]:
    try:
        lines = (folder / "aria2.pid").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return "", ""
    return (lines[0], lines[1]) if len(lines) == 2 else ("", "")


def _is_ours(child: str, folder: Path) -> bool:
    if not alive(child):
        return False
    pid = int(child.partition(":")[0])
    try:
        home = os.stat(folder)
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        with looking_into(pid):
            place = os.stat(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return CONF_ARGUMENT.encode() in arguments and os.path.samestat(place, home)


def _signal(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        logger.debug("the old aria2c has just ended")


def _wait_until_gone(child: str, until: float) -> bool:
    pause = threading.Event()
    while alive(child) and time.monotonic() < until:
        pause.wait(_PAUSE)
    return not alive(child)
