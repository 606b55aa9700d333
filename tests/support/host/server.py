"""The server itself: started, killed and asked by tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from configparser import RawConfigParser
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import psutil
import pymysql

from seafevents_offline.cli.main import main
from seafevents_offline.status import FINAL, OfflineDownloadStatus

from ..cli import Result
from ..databases import connect_mysql
from ..forked import Forked
from ..ports import ALLOWED
from ..seafile import OWNER, Seafile
from ..seaserv_checkout import SocketServer
from ..service import REPO_ID
from ..waiting import eventually
from . import seahub
from .tree import Database, Tree

_TIMEOUT = 60.0

SECTION = "OFFLINE DOWNLOAD"

#: Seahub's, as its sql/mysql.sql makes it (11 to 14): not for characters of four bytes.
_NOTIFICATIONS = """CREATE TABLE notifications_usernotification (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY, to_user varchar(255) NOT NULL, msg_type varchar(30) NOT NULL,
    detail longtext NOT NULL, timestamp datetime NOT NULL, seen tinyint(1) NOT NULL) DEFAULT CHARSET=utf8"""

_COLUMNS = "status, name, stored_path, size, completed, attempts, restores, claim, reason, comment"


class Server:
    """``database_url``: an existing MariaDB database, which the server reaches by ``port`` where one is given.
    ``sources``: see Tree. ``environment`` is what the administrator sets beside what seafile.sh does."""

    def __init__(
        self,
        version: int,
        folder: Path,
        database_url: str,
        *,
        sources: Mapping[str, Path] | None = None,
        environment: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self.version = version
        self.database_url = database_url
        self.seafile = Seafile(version)
        self.tree = Tree(version, folder, Database.from_url(database_url, port))
        self.tree.plant(sources or {})
        self.extra = dict(environment or {})
        #: What its processes are run by; an environment that is made anew has another one.
        self.python = sys.executable
        # Short: the path of a socket may have 107 bytes.
        self._runtime = Path(tempfile.mkdtemp(prefix="seafile-"))
        self._daemon: subprocess.Popen[bytes] | None = None
        self._seahub: seahub.Seahub | None = None
        self._connection: pymysql.Connection[Any] | None = None

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
        header = f"[{SECTION}]\n"
        lines = "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in options.items())
        before, found, after = self.events_conf.read_text(encoding="utf-8").partition(header)
        self.events_conf.write_text(before + (found or f"\n{header}") + lines + after, encoding="utf-8")

    def set_up(self, **options: object) -> None:
        """Enable it, with what a test needs: its downloads may reach the tests' servers."""
        done = self.enable()
        assert done.code == 0, done
        self.configure(allow_addresses=", ".join(ALLOWED), **options)

    @property
    def tempdir(self) -> Path:
        config = RawConfigParser()
        config.read(self.events_conf, encoding="utf-8")
        return Path(config.get(SECTION, "tempdir"))

    def _verb(self, verb: str, *args: str) -> Result:
        words = [verb, "--seafile", str(self.tree.top), *args]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull, "rb") as nothing:
            files = [file.fileno() for file in (nothing, out, err)]
            code = Forked(main, words, files=files, cwd=self.tree.top).wait(_TIMEOUT)
            texts = [os.pread(file.fileno(), 1 << 20, 0).decode() for file in (out, err)]
        return Result(code, *texts)

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

    def seahub(self) -> seahub.Seahub:
        """Start it; it answers on return."""
        self._seahub = seahub.start(self.run)
        return self._seahub

    def run(self, args: Sequence[str], out: str) -> subprocess.Popen[bytes]:
        """A Python process of this server; what it prints goes to the file ``out`` in logs/."""
        with open(self.tree.logs / out, "ab") as log:
            return self._spawn([self.python, *args], log)

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

    def engine_pid(self) -> int:
        """aria2c's process, running or not. Raises FileNotFoundError where there never was one."""
        first = (self.tempdir / "aria2.pid").read_text(encoding="ascii").split()[0]
        return int(first.partition(":")[0])

    def children(self) -> set[str]:
        """What programs the daemon has started, by name."""
        assert self._daemon is not None
        names = set()
        for child in psutil.Process(self._daemon.pid).children(recursive=True):
            # It may have been one that is done with its work by now.
            with contextlib.suppress(psutil.NoSuchProcess):
                names.add(child.name())
        return names

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
            return (self.tree.logs / name).read_text(encoding="utf-8", errors="replace")
        return ""

    def wait_for_log(
        self, text: str, *, after: int = 0, name: str = "seafevents.log", timeout: float = _TIMEOUT
    ) -> int:
        """Until the log has it, from the character ``after`` on; where it ends, which may be the next ``after``.
        Fails early when the daemon ends."""

        def found() -> int:
            # Looked at before the log is: it may say it and end.
            has_ended = self._daemon is not None and not self.is_running()
            at = self.log(name).find(text, after)
            assert at >= 0 or not has_ended, f"it has ended: {self.story()}"
            return at + len(text) if at >= 0 else 0

        return eventually(found, timeout, lambda: f"{text!r} is not said: {self.story()}")

    def wait_for_beat(self) -> None:
        """Until a node of ours has told that it lives: it has looked for tasks, and there are tables."""
        eventually(self._has_beaten, _TIMEOUT, self.story)

    def _has_beaten(self) -> bool:
        assert self.is_running(), f"it has ended: {self.story()}"
        return bool(
            self.sql("SHOW TABLES LIKE 'OfflineDownloadNode'") and self.sql("SELECT 1 FROM OfflineDownloadNode")
        )

    def publish(self, content: str, channel: str = "seahub.stats") -> None:
        """A message for the daemon, as Seahub would send it."""
        self.seafile.call("publish_event", channel, content)

    # --- its tables, as other programs see them

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """One statement by another program; ``?`` for values. Not for several threads."""
        if self._connection is None:
            self._connection = connect_mysql(self.database_url)
        with self._connection.cursor() as cursor:
            cursor.execute(statement.replace("?", "%s"), values)
            return list(cursor.fetchall())

    def insert(self, url: str, path: str = "/", owner: str = OWNER) -> int:
        """A link by one plain statement that says what must be said; its number."""
        self.sql(
            "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) VALUES (?, ?, ?, ?)",
            *(REPO_ID, path, url, owner),
        )
        return self.newest()

    def newest(self) -> int:
        """The number of the last task; 0 for none."""
        ((number,),) = self.sql("SELECT COALESCE(MAX(odr_id), 0) FROM OfflineDownloadRecord")
        return int(str(number))

    def task(self, odr_id: int) -> Any:
        (row,) = self.sql(f"SELECT {_COLUMNS} FROM OfflineDownloadRecord WHERE odr_id = ?", odr_id)
        found = SimpleNamespace(**dict(zip(_COLUMNS.split(", "), row, strict=True)))
        found.status = OfflineDownloadStatus.of(found.status)
        return found

    def wait(self, odr_id: int, *statuses: OfflineDownloadStatus, timeout: float = _TIMEOUT) -> Any:
        """The task as soon as it is in one of ``statuses``; any final one when none is given."""
        wanted = frozenset(statuses) or FINAL
        return self.wait_for(odr_id, lambda task: task.status in wanted, timeout)

    def wait_for(self, odr_id: int, predicate: Callable[[Any], bool], timeout: float = _TIMEOUT) -> Any:
        found: list[Any] = []

        def matches() -> bool:
            found[:] = [self.task(odr_id)]
            return predicate(found[0])

        eventually(matches, timeout, lambda: f"task is {found}; {self.story()}")
        return found[0]

    # --- its life

    def __enter__(self) -> Server:
        SocketServer(self._runtime / "seafile.sock").serve(self.seafile)
        self.sql(_NOTIFICATIONS)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.is_running():
            self.kill()
        if self._seahub is not None:
            self._seahub.end()
        if self._connection is not None:
            self._connection.close()
        self.seafile.is_down = True
        shutil.rmtree(self._runtime)

    def _dotenv(self) -> dict[str, str]:
        path = self.tree.conf / ".env"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def story(self) -> str:
        """The end of all that it has said, for failures."""
        files = [path for path in sorted(self.tree.logs.iterdir()) if path.name != "file_updates_sender.log"]
        return "\n".join(f"{path.name}:\n{self.log(path.name)[-3000:]}" for path in files)
