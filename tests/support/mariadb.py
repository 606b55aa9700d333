"""A private MariaDB server: own folder, own port on 127.0.0.1, a hostile default character set, ended by its pid."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymysql

from .ports import free_port
from .waiting import eventually

_SEARCH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"

#: Seconds; several servers may begin at once on a machine with little to spare.
_INSTALL_TIMEOUT, _START_TIMEOUT, _KILL_TIMEOUT = 300.0, 180.0, 60.0

#: How often a start is tried: somebody else may take the port between our look and the server's.
_STARTS = 5

USER, PASSWORD = "offline", "pa55-word"
_INIT = (
    f"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\n"
    f"GRANT ALL ON *.* TO {USER}@'%' WITH GRANT OPTION;\n"
)

#: Nothing in a test has to survive a power cut. A server that is going to be killed must do without: it would lose
#: the last second's commits, and may tear a page.
FAST = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-flush-method=nosync",
    "--sync-frm=0",
)


class MariaDb:
    """One server. ``start`` and ``stop`` may alternate; the data and the port stay."""

    def __init__(self, folder: Path, options: Sequence[str] = FAST) -> None:
        self.folder = folder
        self.port = 0
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def url(self, database: str, user: str = USER, port: int | None = None) -> str:
        """As hosts write it: with the character set that cannot hold emoji. Without the certificates of the whole
        world, which PyMySQL would read for each connection: that takes longer than most tests."""
        place = f"127.0.0.1:{port or self.port}/{database}"
        return f"mysql+pymysql://{user}:{PASSWORD}@{place}?charset=utf8&ssl_disabled=true"

    def make_writer(self, user: str, database: str) -> None:
        """A user as Seahub's own: with all rights in this database and no others, so that a server that is read-only
        is so for it."""
        self.execute(
            f"CREATE USER IF NOT EXISTS {user}@'%' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT ALL ON {database}.* TO {user}@'%'",
        )

    def connect(self, database: str | None = None, port: int | None = None) -> pymysql.Connection[Any]:
        """A connection with all rights, closed by ``with``."""
        return pymysql.connect(
            host="127.0.0.1",
            port=port or self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,
        )

    def execute(self, *statements: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Run statements; the rows of the last one."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def set_read_only(self, yes: bool) -> None:
        """For all but those with all rights."""
        self.execute(f"SET GLOBAL read_only = {int(yes)}")

    def install(self) -> None:
        """Make the data folder, once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        user = _unprivileged_user()
        (self.folder / "tmp").mkdir()
        for folder in (self.folder, self.folder / "tmp"):
            if user:
                shutil.chown(folder, user)
        command = [
            tool("mariadb-install-db"),
            "--no-defaults",
            *self._own_folders(),
            "--skip-test-db",
            "--skip-name-resolve",
            *_as(user),
        ]
        (self.folder / "init.sql").write_text(_INIT)
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_INSTALL_TIMEOUT, check=False
        )
        assert done.returncode == 0, f"the data folder cannot be made:\n{done.stdout.decode(errors='replace')}"

    def start(self) -> None:
        """Listen; the first time on any free port, later on the same one again."""
        for _ in range(_STARTS):
            port = self.port or free_port()
            if self._listen(port):
                self.port = port
                return
        raise AssertionError(f"mariadbd did not start:\n{(self.folder / 'error.log').read_text()[-4000:]}")

    def stop(self, timeout: float = 60.0) -> None:
        """End it by its pid, kindly and then for sure. Idempotent."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_KILL_TIMEOUT)
        self._process = None

    def kill(self) -> None:
        """As a power cut would end it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_KILL_TIMEOUT)
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP, and SIGCONT behind it."""
        os.kill(self.pid, number)

    def _listen(self, port: int) -> bool:
        self._process = subprocess.Popen(
            self._command(port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if eventually(lambda: self._state(port), _START_TIMEOUT, lambda: "mariadbd does not start") == "ready":
            return True
        self._process.wait(_KILL_TIMEOUT)
        self._process = None
        return False

    def _state(self, port: int) -> str:
        assert self._process is not None
        if self._process.poll() is not None:
            return "dead"
        try:
            with self.connect(port=port) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@datadir")
                (folder,) = cursor.fetchone()
        except pymysql.Error:
            return ""
        # Somebody else's may have been faster on that port; then ours is about to end.
        return "ready" if Path(folder) == self.folder / "data" else ""

    def _own_folders(self) -> list[str]:
        # A server that starts removes what looks like its own temporary tables, also those of another one; and making
        # the data folder starts one too.
        return [f"--datadir={self.folder / 'data'}", f"--tmpdir={self.folder / 'tmp'}"]

    def _command(self, port: int) -> list[str]:
        return [
            tool("mariadbd"),
            "--no-defaults",
            *self._own_folders(),
            f"--socket={self.folder / 's'}",
            f"--init-file={self.folder / 'init.sql'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--log-error={self.folder / 'error.log'}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--character-set-server=latin1",
            "--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
            "--skip-log-bin",
            *self._options,
            *_as(_unprivileged_user()),
        ]


def tool(name: str) -> str:
    """Where a program of the server is; AssertionError that names the package."""
    found = shutil.which(name, path=_SEARCH)
    assert found, f"These tests need {name}, which is not installed. Please run: apt install mariadb-server"
    return found


def _unprivileged_user() -> str:
    """The server refuses to be root; for everybody else there is nothing to change."""
    if os.geteuid() != 0:
        return ""
    for name in ("mysql", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    return "root"


def _as(user: str) -> list[str]:
    return [f"--user={user}"] if user else []
