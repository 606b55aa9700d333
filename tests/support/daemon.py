"""The service as a process of its own, to be killed for real.

    python -m tests.support.daemon '{"settings": {…}, "crash": "after put"}'

``crash`` names a moment at which the process kills itself with SIGKILL, the first time that it gets there; with
``sign`` SIGSTOP it freezes itself, once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path
from typing import IO, Any

import psutil

from seafevents_offline import pipeline
from seafevents_offline.egress import supervisor
from seafevents_offline.egress.claims import CANARY
from seafevents_offline.egress.messages import Limits
from seafevents_offline.engines.aria2 import Aria2Engine, options
from seafevents_offline.repository import Repository, part
from seafevents_offline.repository.claims import Claims
from seafevents_offline.settings import Settings
from seafevents_offline.storages.folder import FolderStorage
from seafevents_offline.tasks import OfflineDownloader, nodes, scheduler
from seafevents_offline.tempdir import TempDir

from .forked import Forked
from .sqlite import nobody_else_writes
from .waiting import eventually

READY = "ready"

#: As the host has one, from which the keys of what is kept of links come.
SECRET = b"a server's own secret"


def _before(owner: Any, name: str) -> None:
    original = getattr(owner, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_canary(args):
            _die()
        return original(self, *args, **kwargs)

    setattr(owner, name, method)


def _after(owner: Any, name: str) -> None:
    original = getattr(owner, name)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        if result and not _is_canary(args):
            _die()
        return result

    setattr(owner, name, method)


def _is_canary(args: tuple[Any, ...]) -> bool:
    """What is downloaded at each start, to see the guard refuse it, is no task of anybody."""
    return bool(args) and getattr(args[0], "odr_id", args[0]) == CANARY


#: What it sends itself, once; and whether whoever started it knows that it has.
_signs: list[int] = []
_has_started = threading.Event()


def _die() -> None:
    with contextlib.suppress(IndexError):
        sign = _signs.pop()
        if sign == signal.SIGSTOP:
            _has_started.wait(60)
        # To this very thread: where another one gets it, this one goes on for a moment.
        signal.pthread_kill(threading.get_ident(), sign)


#: Every moment of a task's life at which a crash means something else.
CRASHES: dict[str, Callable[[], None]] = {
    "in the middle of a claim": lambda: _after(Claims, "_take"),
    "after the claim": lambda: _after(Repository, "claim"),
    "before the engine has it": lambda: _before(Aria2Engine, "add"),
    "when the engine has it": lambda: _after(Aria2Engine, "add"),
    "when it is complete": lambda: _before(Repository, "storing"),
    "after the place was recorded": lambda: _after(Repository, "storing"),
    "before the file appears": lambda: _before(FolderStorage, "put"),
    "after the file appeared": lambda: _after(FolderStorage, "put"),
    "between link and status write": lambda: _before(Repository, "finish"),
    "before the folder is deleted": lambda: _before(TempDir, "delete"),
    "after the status write": lambda: _after(Repository, "finish"),
}


class _JumpingClock(datetime):
    """Jumps by an hour when the process gets SIGUSR1 (forward) or SIGUSR2 (back)."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.ahead

    @classmethod
    def jump(cls, number: int, _: object) -> None:
        cls.ahead += timedelta(hours=1 if number == signal.SIGUSR1 else -1)

    @classmethod
    def install(cls) -> None:
        """In place of the clock of the repository, which no other part of the service asks for a time that is kept."""
        part.datetime = cls  # type: ignore[attr-defined, misc]
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            signal.signal(number, cls.jump)


class Daemon:
    """Starts with ``with`` or ``start()``; in a session of its own, so that only what is named is killed.

    ``command`` makes of a command the one that runs it in another place; ``environment`` is added to our own.
    Without either it is forked, which is quicker. ``watch`` and ``sweep``: seconds until another node counts as dead,
    and between two looks at the temporary folder, where the service's own are too long for a test. ``impatient``: what
    aria2c and the guard wait for a minute they wait for a few seconds.
    """

    def __init__(
        self,
        settings: Settings,
        crash: str | None = None,
        *,
        sign: signal.Signals = signal.SIGKILL,
        command: Callable[..., list[str]] | None = None,
        environment: Mapping[str, str] | None = None,
        watch: float = nodes.WATCH,
        sweep: float = scheduler.SWEEP_PERIOD,
        impatient: bool = False,
    ) -> None:
        self.settings = settings
        self._crash = crash
        self._sign = sign
        self._periods = {"watch": watch, "sweep": sweep, "impatient": impatient}
        self._command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | Forked | None = None
        self.log = Path(settings.tempdir).parent / "daemon.log"

    def start(self) -> Daemon:
        settings = dataclasses.asdict(self.settings)
        order = json.dumps({"settings": settings, "crash": self._crash, "sign": self._sign, **self._periods})
        reading, writing = os.pipe()
        with (
            open(reading, encoding="utf-8") as said,
            open(writing, "wb") as out,
            open(self.log, "ab") as log,
            open(os.devnull, "rb") as nothing,
        ):
            self._process = self._run(order, nothing, out, log)
            out.close()
            if said.readline().strip() != READY and self._crash is None:
                raise AssertionError(self.log.read_text(encoding="utf-8"))
        return self

    def _run(self, order: str, *files: IO[bytes]) -> subprocess.Popen[bytes] | Forked:
        if self._command is None and self._environment is None:
            return Forked(main, order, files=[file.fileno() for file in files])
        words = [sys.executable, "-m", "tests.support.daemon", order]
        return subprocess.Popen(
            self._command(*words) if self._command else words,
            env={**os.environ, **(self._environment or {})},
            stdin=files[0],
            stdout=files[1],
            stderr=files[2],
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        assert self._process is not None
        return self._process.poll() is None

    @property
    def is_frozen(self) -> bool:
        return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)

    def engine_pid(self) -> int | None:
        """aria2c's process id, by its pid file; None when there is none."""
        with contextlib.suppress(OSError, ValueError):
            return int(Path(self.settings.tempdir, "aria2.pid").read_text(encoding="utf-8").split(":")[0].split()[0])
        return None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def freeze(self) -> None:
        """SIGSTOP, at a moment at which it writes nothing if its database is a file: nobody else could until it is
        thawed. A server ends what it left open by itself."""
        with nobody_else_writes(self.settings.database):
            self.signal(signal.SIGSTOP)
            eventually(lambda: self.is_frozen)

    def thaw(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    def jump(self, *, forward: bool) -> None:
        """Let its clock jump by an hour."""
        self.signal(signal.SIGUSR1 if forward else signal.SIGUSR2)

    def kill(self, *, engine: bool = False) -> None:
        """SIGKILL, for aria2c as well if asked; the process is gone on return."""
        engine_pid = self.engine_pid() if engine else None
        self.signal(signal.SIGKILL)
        if engine_pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(engine_pid, signal.SIGKILL)
        self.wait()

    def wait(self, timeout: float = 60) -> int:
        """Its exit code (negative: the signal that ended it)."""
        assert self._process is not None
        return self._process.wait(timeout)

    def __enter__(self) -> Daemon:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
            self.kill(engine=True)


def main(text: str) -> None:
    order = json.loads(text)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in order["settings"].items()}
    if order["crash"] is not None:
        _signs.append(order["sign"])
        CRASHES[order["crash"]]()
    _JumpingClock.install()
    nodes.WATCH, scheduler.SWEEP_PERIOD = order["watch"], order["sweep"]
    if order["impatient"]:
        # Which of them is shorter stays as it is.
        options.TIMEOUT, pipeline.MIN_FAULT_DELAY = 2, 0.1
        supervisor.Limits = partial(Limits, lookup=0.4, connect=0.4, silence=0.3, witnesses=0.2)  # type: ignore[misc]
    OfflineDownloader(Settings(**settings), secret=SECRET).start()
    print(READY, flush=True)  # noqa: T201 (the starter waits for it)
    _has_started.set()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
