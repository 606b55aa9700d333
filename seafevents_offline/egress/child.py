"""The guard process as the daemon has it: a child, a line to it and a line from it. Only ``wait`` and ``end`` wait.

Both lines are sockets: waiting for them lets other threads run, also where a host makes greenlets of threads.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from typing import Union

from ..process import is_ending
from .guard import argv
from .messages import (
    Close,
    Configuration,
    Ended,
    Event,
    Failed,
    Ping,
    Pong,
    Ready,
    Received,
    Refused,
    Warned,
    from_line,
    to_line,
)

#: Bytes of what the guard prints (only what nobody foresaw) that are kept.
_MAX_WORDS = 64 * 1024

#: Seconds that a killed one may take to be gone.
_KILL_LIMIT = 2.0

#: No proxies, no library paths, no account's home; a name server that is silent must not hold up a tunnel for longer
#: than the engine waits.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "RES_OPTIONS": "timeout:3 attempts:2"}


class Child:
    """Made by ``launch``; whoever has it must ``end`` it. Not for several threads at once, but for ``wait``."""

    def __init__(
        self, process: subprocess.Popen[bytes], commands: socket.socket, events: socket.socket, words: int
    ) -> None:
        #: Whether it has said its last word. It may take a moment until it is gone.
        self.has_ended = False
        self._process = process
        self._commands, self._events = commands, events
        self._words = words
        self._unsent, self._unread = bytearray(), bytearray()
        self._poll = select.poll()
        self._poll.register(events, select.POLLIN)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, command: Union[Configuration, Ping, Close]) -> None:
        """What finds no room now goes with the next one: whoever does not listen will be ended soon."""
        self._unsent += to_line(command)
        with contextlib.suppress(OSError):
            while self._unsent:
                del self._unsent[: self._commands.send(self._unsent)]

    def wait(self, seconds: float) -> bool:
        """Whether there is something to ``receive``, its end included, within this time."""
        return bool(self._poll.poll(seconds * 1000))

    def receive(self) -> list[Event]:
        """All that it has said and that was not received yet."""
        with contextlib.suppress(BlockingIOError):
            while data := self._read():
                self._unread += data
            self.has_ended = True
        *lines, rest = self._unread.split(b"\n")
        self._unread = rest
        return [event for line in lines if (event := _event(bytes(line))) is not None]

    def is_ending(self) -> bool:
        """Whether its connections may be cut by now; certain as soon as the first of them is."""
        return self.has_ended or is_ending(self.pid)

    def kill(self) -> None:
        """For one that hangs."""
        self._process.kill()

    def end(self, deadline: float) -> str:
        """Let it end by itself, by ``deadline`` (``time.monotonic()``); then make it. Says how it ended."""
        # The end of its stdin is the word to go.
        self._commands.close()
        try:
            code = self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._killed()
        self._events.close()
        words = os.pread(self._words, _MAX_WORDS, 0).decode("utf-8", "replace").split("\n")
        os.close(self._words)
        last = next((word.strip() for word in reversed(words) if word.strip()), "")
        return last[:300] or (signal.Signals(-code).name if code < 0 else f"exit code {code}")

    def _killed(self) -> int:
        """One that the kernel keeps all the same is left to it: it takes no connections any more."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_KILL_LIMIT)
        return -signal.SIGKILL

    def trim(self) -> None:
        if os.fstat(self._words).st_size > _MAX_WORDS:
            os.ftruncate(self._words, 0)

    def _read(self) -> bytes:
        try:
            return self._events.recv(65536)
        except ConnectionResetError:
            # It ended before it had read all that we sent.
            return b""


def launch(configuration: Configuration) -> Child:
    """Start a guard that listens on ``configuration.fd``. Raises OSError."""
    commands, their_commands = socket.socketpair()
    events, their_events = socket.socketpair()
    words = os.memfd_create("guard")
    try:
        with their_commands, their_events:
            process = subprocess.Popen(
                argv(),
                cwd="/",
                env=_ENVIRONMENT,
                stdin=their_commands.fileno(),
                stdout=their_events.fileno(),
                stderr=words,
                close_fds=True,
                pass_fds=(configuration.fd,),
                # Ctrl-C in the host's terminal is not meant for it.
                start_new_session=True,
            )
    except OSError:
        commands.close()
        events.close()
        os.close(words)
        raise
    commands.setblocking(False)
    events.setblocking(False)
    child = Child(process, commands, events, words)
    child.send(configuration)
    return child


def _event(line: bytes) -> Event | None:
    """None for what is none, which only a broken guard says."""
    try:
        found = from_line(line)
    except ValueError:
        return None
    return found if isinstance(found, (Ready, Pong, Refused, Failed, Received, Ended, Warned)) else None
