"""One private aria2c child: its files, its birth, its end, and the end of one that a killed daemon left behind."""

from __future__ import annotations

import logging
import os
import resource
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...errors import EngineUnavailable
from ...process import alive, identity
from . import options

logger = logging.getLogger(__name__)

#: Seconds that a new aria2c may take until it listens.
_START_LIMIT = 15.0

#: Another program may take the free port between our look and aria2c's bind.
_PORT_TRIES = 5

#: What aria2c prints (trouble at its start, mostly) may grow to this many bytes.
_MAX_LOG = 1024**2

#: More than 512 workers with 16 connections each need.
_MAX_FILES = 16384

#: Seconds that an old aria2c gets to save its control files.
_GRACE = 1.5

#: Seconds that a killed aria2c may take to be gone; one that waits for a broken disk may take for ever.
KILL_LIMIT = 2.0

_PAUSE = 0.01


class Aria2Process:
    """A running aria2c. Made by ``launch``; whoever has it must ``kill`` it or see it end."""

    def __init__(self, child: subprocess.Popen[bytes], port: int, secret: str, log: Path) -> None:
        self.port = port
        self.secret = secret
        self._child = child
        self._log = log

    @property
    def pid(self) -> int:
        return self._child.pid

    def running(self) -> bool:
        return self._child.poll() is None

    def wait(self, deadline: float) -> bool:
        """Whether it has ended by ``deadline`` (``time.monotonic()``)."""
        try:
            self._child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return False
        return True

    def terminate(self) -> None:
        self._child.terminate()

    def kill(self, limit: float = KILL_LIMIT) -> bool:
        """End it at once; whether it is gone and writes nothing any more. Idempotent.

        False after ``limit`` seconds: the kernel keeps it, for a disk that does not answer. It obeys nobody any more,
        but what it was writing may still arrive.
        """
        self._child.kill()
        return self.wait(time.monotonic() + limit)

    def trim_log(self) -> None:
        """It is appended to, so it may be emptied under aria2c's hands."""
        try:
            if os.stat(self._log).st_size > _MAX_LOG:
                os.truncate(self._log, 0)
        except OSError:
            logger.debug("the log of aria2c is not there")


@dataclass(frozen=True)
class Orders:
    """What aria2c is started with. ``arguments``: on its command line, which everybody can read; ``configuration``: in
    a file that only it reads. ``lock_fd`` is inherited and so kept locked."""

    binary: Path
    arguments: Sequence[str]
    configuration: Mapping[str, str]
    lock_fd: int | None = None


def launch(orders: Orders, folder: Path) -> Aria2Process:
    """Start aria2c and wait until it listens. ``folder`` gets its files.

    Raises EngineUnavailable.
    """
    deadline = time.monotonic() + _START_LIMIT
    for _ in range(_PORT_TRIES):
        try:
            process = _spawn(orders, folder)
        except OSError as error:
            raise EngineUnavailable(detail=f"aria2c cannot be started: {error}.") from error
        if _wait_for_port(process, deadline):
            return process
        process.kill()
    raise EngineUnavailable(detail=f"aria2c does not start: {_last_words(folder) or 'it says nothing'}")


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


def _spawn(orders: Orders, folder: Path) -> Aria2Process:
    port, secret, conf = _free_port(), secrets.token_hex(32), _conf(folder)
    lines = {**orders.configuration, **options.rpc(port, secret)}
    _write_private(conf, "".join(f"{name}={value}\n" for name, value in lines.items()))
    log = folder / "aria2.log"
    with _open_private(log) as output:
        child = subprocess.Popen(
            [str(orders.binary), f"--conf-path={conf}", *orders.arguments],
            cwd=folder,
            # No proxies, no library paths of the host's, no account's home.
            env={"HOME": str(folder), "PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            close_fds=True,
            pass_fds=() if orders.lock_fd is None else (orders.lock_fd,),
            # Ctrl-C in the host's terminal is not meant for it.
            start_new_session=True,
        )
    process = Aria2Process(child, port, secret, log)
    try:
        _allow_files(child.pid)
        _write_private(folder / "aria2.pid", f"{identity(child.pid)}\n{identity(os.getpid())}\n")
    except OSError:
        process.kill()
        raise
    return process


def _allow_files(pid: int) -> None:
    """Each connection is a file; the usual 1024 are too few for many workers, and aria2's own option has no effect."""
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        wanted = _MAX_FILES if hard == resource.RLIM_INFINITY else min(_MAX_FILES, hard)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (wanted, hard))
    except OSError as error:
        logger.debug("aria2c keeps the usual limit of open files: %s", error)


def _conf(folder: Path) -> Path:
    return folder / "aria2.conf"


def _open_private(path: Path) -> BinaryIO:
    """A new file: an existing one would keep its mode and its readers, and a link would lead elsewhere."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600), "wb")


def _write_private(path: Path, text: str) -> None:
    with _open_private(path) as file:
        file.write(text.encode())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(process: Aria2Process, deadline: float) -> bool:
    pause = threading.Event()
    while process.running() and time.monotonic() < deadline:
        # In this order: aria2c binds 127.0.0.1 first, and is content with ::1 when another program was faster there.
        # That program must not be told the secret.
        on_ipv6 = _listens(process.pid, "tcp6", f"{1 << 24:032X}:{process.port:04X}")
        if _listens(process.pid, "tcp", f"0100007F:{process.port:04X}"):
            return True
        if on_ipv6:
            return False
        pause.wait(_PAUSE)
    return False


def _listens(pid: int, table: str, address: str) -> bool:
    """Whether that very process listens on ``address``, as proc(5) writes it in /proc/net/tcp."""
    try:
        rows = [line.split() for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()]
        owned = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return False
    return any(row[1] == address and row[3] == "0A" and f"socket:[{row[9]}]" in owned for row in rows)


def _last_words(folder: Path) -> str:
    text = (folder / "aria2.log").read_text(encoding="utf-8", errors="replace").strip()
    return text.splitlines()[-1][:300] if text else ""


def _read_pid_file(folder: Path) -> tuple[str, str]:
    try:
        lines = (folder / "aria2.pid").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return "", ""
    return (lines[0], lines[1]) if len(lines) == 2 else ("", "")


def _is_ours(child: str, folder: Path) -> bool:
    if not alive(child):
        return False
    try:
        arguments = Path(f"/proc/{child.partition(':')[0]}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(f"--conf-path={_conf(folder)}") in arguments


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
