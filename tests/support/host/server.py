"""The server itself: started, killed and asked by tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ..cli import PROGRAM, Result
from ..databases import run_sql
from ..seafile import Seafile
from ..seaserv_checkout import SocketServer
from ..waiting import eventually
from .tree import Database, Tree

_TIMEOUT = 60.0

#: Seahub's, as its sql/mysql.sql makes it (11 to 14): not for characters of four bytes.
_NOTIFICATIONS = """CREATE TABLE notifications_usernotification (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY, to_user varchar(255) NOT NULL, msg_type varchar(30) NOT NULL,
    detail longtext NOT NULL, timestamp datetime NOT NULL, seen tinyint(1) NOT NULL) DEFAULT CHARSET=utf8"""


class Server:
    """``database_url``: an existing MariaDB database. ``sources``: see Tree. ``environment`` is what the administrator
    sets beside what seafile.sh does."""

    def __init__(
        self,
        version: int,
        folder: Path,
        database_url: str,
        *,
        sources: Mapping[str, Path] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.version = version
        self.database_url = database_url
        self.seafile = Seafile(version)
        self.tree = Tree(version, folder, Database.from_url(database_url))
        self.tree.plant(sources or {})
        self.extra = dict(environment or {})
        # Short: the path of a socket may have 107 bytes.
        self._runtime = Path(tempfile.mkdtemp(prefix="seafile-"))
        self._daemon: subprocess.Popen[bytes] | None = None

    # --- its files

    @property
    def settings_file(self) -> Path:
        return self.tree.conf / "seahub_settings.py"

    @property
    def events_conf(self) -> Path:
        return self.tree.conf / "seafevents.conf"

    def enable(self, *args: str) -> Result:
        """By the real command, in an environment that has nothing of the server's."""
        return self._verb("enable", *args)

    def disable(self, *args: str) -> Result:
        return self._verb("disable", *args)

    def configure(self, **options: object) -> None:
        """Put options (``_`` for ``-``) into our section, as an administrator would."""
        header = "[OFFLINE DOWNLOAD]\n"
        lines = "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in options.items())
        before, found, after = self.events_conf.read_text(encoding="utf-8").partition(header)
        self.events_conf.write_text(before + (found or f"\n{header}") + lines + after, encoding="utf-8")

    def _verb(self, verb: str, *args: str) -> Result:
        command = [PROGRAM, verb, "--seafile", str(self.tree.top), *args]
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False, cwd=self.tree.top)
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    # --- its processes

    def environment(self) -> dict[str, str]:
        """What seafile.sh, and seafile-monitor.sh after it, give to the programs they start. conf/ is on PYTHONPATH
        since 12; conf/.env is read since 13 in binary installations, after PYTHONPATH was composed."""
        tree = self.tree
        path = [tree.libraries, tree.latest / "seahub", tree.latest / "seahub/thirdpart", tree.latest / "pro/python"]
        if self.version >= 12:
            path.insert(0, tree.conf)
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C.UTF-8",
            "CCNET_CONF_DIR": str(tree.top / "ccnet"),
            "SEAFILE_CONF_DIR": str(tree.top / "seafile-data"),
            "SEAFILE_DATA_DIR": str(tree.top / "seafile-data"),
            "SEAFILE_CENTRAL_CONF_DIR": str(tree.conf),
            "SEAFILE_RPC_PIPE_PATH": str(self._runtime),
            "SEAHUB_DIR": str(tree.latest / "seahub"),
            "SEAHUB_LOG_DIR": str(tree.logs),
            "PYTHONPATH": ":".join(map(str, path)),
        }
        return {**variables, **self._dotenv(), **self.extra}

    def start(self, module: str = "main", log: str = "seafevents.log") -> None:
        """As the monitor does; returns at once."""
        assert self._daemon is None or self._daemon.poll() is not None, "it runs already"
        tree = self.tree
        args = ["--config-file", str(self.events_conf), "--logfile", str(tree.logs / log)]
        args += ["-P", str(tree.top / "pids" / "seafevents.pid")]
        self._daemon = self.run(["-m", f"seafevents.{module}", *args], "seafevents.out")

    def start_background(self) -> None:
        """The background node of a cluster."""
        self.start("background_tasks", "seafile-background-tasks.log")

    def run(self, args: Sequence[str], out: str) -> subprocess.Popen[bytes]:
        """A Python process of this server; what it prints goes to the file ``out`` in logs/."""
        with open(self.tree.logs / out, "ab") as log:
            return self._spawn([sys.executable, *args], log)

    def _spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.tree.top,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        assert self._daemon is not None
        return self._daemon.pid

    def is_running(self) -> bool:
        return self._daemon is not None and self._daemon.poll() is None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """End the daemon and nothing else; its exit code. SIGTERM is how the host stops it."""
        assert self._daemon is not None
        self._daemon.send_signal(number)
        return self._daemon.wait(_TIMEOUT)

    # --- what it says and has

    def log(self, name: str = "seafevents.log") -> str:
        """What a file in logs/ says so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self.tree.logs / name).read_text(encoding="utf-8")
        return ""

    def wait_for_log(
        self, text: str, *, after: int = 0, name: str = "seafevents.log", timeout: float = _TIMEOUT
    ) -> int:
        """Until the log has it, from the character ``after`` on; where it ends, which may be the next ``after``.
        Fails early when the daemon ends."""

        def found() -> int:
            at = self.log(name).find(text, after)
            assert at >= 0 or self._daemon is None or self.is_running(), f"it has ended: {self._story()}"
            return at + len(text) if at >= 0 else 0

        return eventually(found, timeout, lambda: f"{text!r} is not said: {self._story()}")

    def publish(self, content: str, channel: str = "seahub.stats") -> None:
        """A message for the daemon, as Seahub would send it."""
        self.seafile.call("publish_event", channel, content)

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """One statement by another program; ``?`` for values."""
        return run_sql(self.database_url, statement, *values)

    # --- its life

    def __enter__(self) -> Server:
        SocketServer(self._runtime / "seafile.sock").serve(self.seafile)
        self.sql(_NOTIFICATIONS)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.is_running():
            self.kill()
        self.seafile.is_down = True
        shutil.rmtree(self._runtime)

    def _dotenv(self) -> dict[str, str]:
        path = self.tree.conf / ".env"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def _story(self) -> str:
        return "\n".join(self.log(name)[-3000:] for name in ("seafevents.out", "seafevents.log"))
