"""The command line as people run it: a process, in a pipe or on a terminal."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline.cli.main import main

from .forked import Forked
from .ports import ALLOWED
from .waiting import eventually

PROGRAM = str(Path(sys.executable).parent / "seafevents-offline")
_TIMEOUT = 90.0


@dataclass(frozen=True)
class Result:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Running:
    """A started process; ``out`` and ``err`` grow while it runs, complete lines or not."""

    def __init__(self, process: subprocess.Popen[bytes] | Forked, out: int, err: int) -> None:
        self._process = process
        self._texts = {out: "", err: ""}
        self._out, self._err = out, err
        self._fds = {out, err}
        self._readers = [threading.Thread(target=self._read, args=(fd,), daemon=True) for fd in self._fds]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def out(self) -> str:
        return self._texts[self._out]

    @property
    def err(self) -> str:
        return self._texts[self._err]

    def says(self, pattern: str, timeout: float = _TIMEOUT) -> None:
        """Wait until stdout has it; fails early when the process ends without."""

        def said() -> bool:
            # All that it has said has been read, too, when its readers have come to the end.
            ended = self._process.poll() is not None and not any(reader.is_alive() for reader in self._readers)
            found = re.search(pattern, self.out) is not None
            assert found or not ended, f"ended without {pattern!r}: {self.out} {self.err}"
            return found

        eventually(said, timeout, lambda: f"out: {self.out!r} err: {self.err!r}")

    def types(self, text: str) -> None:
        """On its terminal."""
        os.write(self._out, text.encode())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def result(self, timeout: float = _TIMEOUT) -> Result:
        """When it has ended."""
        code = self._process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return Result(code, self.out, self.err)

    def end(self) -> None:
        """SIGKILL if it still runs. Idempotent."""
        self._process.kill()
        self._process.wait(_TIMEOUT)
        for reader in self._readers:
            reader.join(_TIMEOUT)
        while self._fds:
            os.close(self._fds.pop())

    def _read(self, fd: int) -> None:
        # What is read may end in the middle of a character.
        decode = codecs.getincrementaldecoder("utf-8")().decode
        # A terminal whose last user has gone answers with an error instead of an end.
        with contextlib.suppress(OSError):
            while data := os.read(fd, 65536):
                self._texts[fd] += decode(data)


class Cli:
    """Runs in ``place``, where ./data and ./library come to be; its downloads may reach the tests' servers.

    ``installed``: by the installed program, not by a fork of a process that has everything ready.
    """

    def __init__(self, place: Path, *, installed: bool = False) -> None:
        self.place = place
        self._installed = installed
        # Beside the folder, which is the test's own.
        self._config = place.with_name(f"{place.name}.conf")
        self._write(self._config, {})
        self._started: list[Running] = []

    @property
    def library(self) -> Path:
        return self.place / "library"

    def __call__(self, *args: str, timeout: float = _TIMEOUT) -> Result:
        """Run it to its end."""
        return self.start(*args).result(timeout)

    def start(self, *args: str) -> Running:
        (out_r, out_w), (err_r, err_w) = os.pipe(), os.pipe()
        return self._start(args, (out_w, err_w), (out_r, err_r))

    def start_on_terminal(self, *args: str, columns: int = 100, lines: int = 24) -> Running:
        """stdin, stdout and stderr are one terminal, which is the process's own: ^C reaches it."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        return self._start(args, (theirs, theirs), (ours, ours))

    def write_config(self, **options: str) -> str:
        """A configuration file with these options (``_`` for ``-``); gives its path."""
        return self._write(self.place / "test.conf", options)

    def end(self) -> None:
        for running in self._started:
            running.end()

    @staticmethod
    def _write(path: Path, options: dict[str, str]) -> str:
        options = {"allow_addresses": ", ".join(ALLOWED), **options}
        lines = [f"{name.replace('_', '-')} = {value}" for name, value in options.items()]
        path.write_text("\n".join(["[OFFLINE DOWNLOAD]", *lines, ""]), encoding="utf-8")
        return str(path)

    def _start(self, args: tuple[str, ...], theirs: tuple[int, int], ours: tuple[int, int]) -> Running:
        config = () if "--config" in args else ("--config", str(self._config))
        process = self._process([*config, *args], {**os.environ, "TERM": "xterm", "PYTHONWARNINGS": "error"}, theirs)
        for fd in set(theirs):
            os.close(fd)
        self._started.append(Running(process, *ours))
        return self._started[-1]

    def _process(
        self, args: list[str], env: dict[str, str], theirs: tuple[int, int]
    ) -> subprocess.Popen[bytes] | Forked:
        with open(os.devnull, "rb") as nothing:
            files = (nothing.fileno(), *theirs)
            if not self._installed:
                return Forked(main, args, files=files, cwd=self.place, env=env)
            return subprocess.Popen(
                [PROGRAM, *args],
                cwd=self.place,
                env=env,
                stdin=nothing,
                stdout=theirs[0],
                stderr=theirs[1],
                start_new_session=True,
            )


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The command line in an empty folder; what it started has ended after the test."""
    cli = Cli(tmp_path)
    yield cli
    cli.end()


@pytest.fixture
def installed_cli(tmp_path: Path) -> Iterator[Cli]:
    """The same by the installed program, for what an interpreter does when it begins and when it ends."""
    cli = Cli(tmp_path, installed=True)
    yield cli
    cli.end()
