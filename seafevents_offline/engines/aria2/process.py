"""One private aria2c child: its files, its birth and its end."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ...confine import Account, Confinement, command, looking_into
from ...custody import let_through
from ...errors import EngineUnavailable
from ...process import identity
from ...threads import offload
from . import options

logger = logging.getLogger(__name__)

#: Seconds that a new aria2c may take until it listens.
_START_LIMIT = 15.0

#: Another program may take the free port between our look and aria2c's bind.
_PORT_TRIES = 5

_LOG = "aria2.log"

#: What aria2c prints (trouble at its start, mostly) may grow to this many bytes.
_MAX_LOG = 1024**2

#: Where its options are. Relative to where it begins, for the same reason for which nothing that it is told is
#: absolute: it may be another user than we, who may not go the whole way there.
CONF_ARGUMENT = "--conf-path=aria2.conf"

#: Seconds that a killed aria2c may take to be gone; one that waits for a broken disk may take for ever.
KILL_LIMIT = 2.0

_PAUSE = 0.01


class Aria2Process:
    """A running aria2c. Made by ``launch``; whoever has it must ``kill`` it or see it end. ``account``: whose it is,
    if not ours: it writes nowhere but where that account may."""

    def __init__(
        self, child: subprocess.Popen[bytes], port: int, secret: str, log: Path, account: Account | None = None
    ) -> None:
        self.port = port
        self.secret = secret
        self.account = account
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
    confinement: Confinement
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


def _spawn(orders: Orders, folder: Path) -> Aria2Process:
    port, secret, account = _free_port(), secrets.token_hex(32), orders.confinement.account
    lines = {**orders.configuration, **options.rpc(port, secret)}
    with offload(_equip, folder, "".join(f"{name}={value}\n" for name, value in lines.items()), account) as output:
        child = subprocess.Popen(
            command([str(orders.binary), CONF_ARGUMENT, *orders.arguments], orders.confinement),
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
    process = Aria2Process(child, port, secret, folder / _LOG, account)
    try:
        offload(_write_private, folder / "aria2.pid", f"{identity(child.pid)}\n{identity(os.getpid())}\n")
    except OSError:
        process.kill()
        raise
    return process


def _equip(folder: Path, configuration: str, account: Account | None) -> BinaryIO:
    """Let it in and give it its configuration; the answer is its log, open."""
    let_through(folder, account)
    _write_private(folder / "aria2.conf", configuration, account)
    return _open_private(folder / _LOG)


def _open_private(path: Path) -> BinaryIO:
    """A new file: an existing one would keep its mode and its readers, and a link would lead elsewhere."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600), "wb")


def _write_private(path: Path, text: str, reader: Account | None = None) -> None:
    with _open_private(path) as file:
        file.write(text.encode())
        if reader is not None:
            os.fchown(file.fileno(), reader.uid, reader.gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(process: Aria2Process, deadline: float) -> bool:
    pause = threading.Event()
    while process.running() and time.monotonic() < deadline:
        # In this order: aria2c binds 127.0.0.1 first, and is content with ::1 when another program was faster there.
        # That program must not be told the secret.
        on_ipv6 = offload(_listens, process.pid, "tcp6", f"{1 << 24:032X}:{process.port:04X}")
        if offload(_listens, process.pid, "tcp", f"0100007F:{process.port:04X}"):
            return True
        if on_ipv6:
            return False
        pause.wait(_PAUSE)
    return False


def _listens(pid: int, table: str, address: str) -> bool:
    """Whether that very process listens on ``address``, as proc(5) writes it in /proc/net/tcp."""
    try:
        with looking_into(pid):
            # A busy server has many thousands; the one address is looked for before any of them is taken apart.
            lines = Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()
            rows = [line.split() for line in lines if address in line]
            owned = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return False
    return any(row[1] == address and row[3] == "0A" and f"socket:[{row[9]}]" in owned for row in rows)


def _last_words(folder: Path) -> str:
    text = (folder / _LOG).read_text(encoding="utf-8", errors="replace").strip()
    return text.splitlines()[-1][:300] if text else ""
