"""The service as a process of its own, to be killed for real.

    python -m tests.support.daemon '{"settings": {…}, "crash": "after put"}'

``crash`` names a moment at which the process kills itself with SIGKILL, the first time that it gets there.
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
from pathlib import Path
from typing import Any

from seafevents_offline.engines.aria2 import Aria2Engine
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.storages import folder
from seafevents_offline.storages.folder import FolderStorage
from seafevents_offline.tasks import OfflineDownloader
from seafevents_offline.tempdir import TempDir

READY = "ready"


def _before(owner: Any, name: str) -> None:
    setattr(owner, name, _die)


def _after(owner: Any, name: str) -> None:
    original = getattr(owner, name)

    def method(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if result:
            _die()
        return result

    setattr(owner, name, method)


def _die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after_put() -> None:
    original = folder.FolderStorage.put

    def put(self: FolderStorage, *args: Any) -> None:
        original(self, *args)
        _die()

    FolderStorage.put = put  # type: ignore[method-assign]


#: Every moment of a task's life at which a crash means something else.
CRASHES: dict[str, Callable[[], None]] = {
    "after the claim": lambda: _after(Repository, "claim"),
    "before the engine has it": lambda: _before(Aria2Engine, "add"),
    "when the engine has it": lambda: _after(Aria2Engine, "add"),
    "when it is complete": lambda: _before(Repository, "storing"),
    "after the place was recorded": lambda: _after(Repository, "storing"),
    "before the file appears": lambda: _before(FolderStorage, "put"),
    "after the file appeared": _after_put,
    "between link and status write": lambda: _before(Repository, "finish"),
    "before the folder is deleted": lambda: _before(TempDir, "delete"),
    "after the status write": lambda: _after(Repository, "finish"),
}


class Daemon:
    """Starts with ``with`` or ``start()``; in a session of its own, so that only what is named is killed.

    ``command`` makes of a command the one that runs it in another place; ``environment`` is added to our own.
    """

    def __init__(
        self,
        settings: Settings,
        crash: str | None = None,
        *,
        command: Callable[..., list[str]] = lambda *words: list(words),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.settings = settings
        self._crash = crash
        self._command = command
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[str] | None = None
        self.log = Path(settings.tempdir).parent / "daemon.log"

    def start(self) -> Daemon:
        order = {"settings": dataclasses.asdict(self.settings), "crash": self._crash}
        with open(self.log, "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command(sys.executable, "-m", "tests.support.daemon", json.dumps(order)),
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != READY and self._crash is None:
            raise AssertionError(self.log.read_text(encoding="utf-8"))
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        assert self._process is not None
        return self._process.poll() is None

    def engine_pid(self) -> int | None:
        """aria2c's process id, by its pid file; None when there is none."""
        with contextlib.suppress(OSError, ValueError):
            return int(Path(self.settings.tempdir, "aria2.pid").read_text(encoding="utf-8").split(":")[0].split()[0])
        return None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

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
        code = self._process.wait(timeout)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def __enter__(self) -> Daemon:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        if self.is_running():
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
            self.kill(engine=True)


def main() -> None:
    order = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in order["settings"].items()}
    if order["crash"] is not None:
        CRASHES[order["crash"]]()
    OfflineDownloader(Settings(**settings)).start()
    print(READY, flush=True)  # noqa: T201 (the starter waits for it)
    threading.Event().wait()


if __name__ == "__main__":
    main()
