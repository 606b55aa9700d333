"""A guard process of one's own, and an engine that talks to it over real sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from seafevents_offline.egress.grant import Grant, credentials
from seafevents_offline.egress.guard import argv
from seafevents_offline.egress.messages import (
    Command,
    Configuration,
    Event,
    Limits,
    Message,
    Ping,
    Pong,
    Ready,
    from_line,
    to_line,
)
from seafevents_offline.egress.policy import Policy
from seafevents_offline.endpoint import parse_endpoint

_E = TypeVar("_E")

KEY = b"k" * 32
GRANT = Grant(odr_id=7, claim=1, owner="ada@example.com", bytes=0, tunnels=100)

#: To run before a guard: its name server never answers when it is asked for an example.
NO_ANSWER = """
import socket, threading
ask = socket.getaddrinfo
def answer(host, *more, **others):
    if "example" in str(host):
        threading.Event().wait()
    return ask("::" if "arpa" in str(host) else host, *more, **others)
socket.getaddrinfo = answer
"""

#: Seconds that anything may take here.
_LONG = 60.0


def policy_for(*endpoints: str, **others: Any) -> Policy:
    """What a task may reach: exactly these (``127.0.0.1:8088``), beside what is public."""
    return Policy(allowed=frozenset(map(parse_endpoint, endpoints)), **others)


class GuardProcess:
    """Runs inside ``with``.

    ``limits`` are those of messages.Limits that shall be other ones; ``before`` is a line of Python that the guard runs
    first. A ``deaf`` one's events are not read until ``listen`` is called. None may have printed anything at its end.
    """

    def __init__(self, policy: Policy, upstream: str = "", before: str = "", deaf: bool = False, **limits: Any) -> None:
        self._policy, self._upstream, self._limits = policy, upstream, Limits(**limits)
        self._before, self._deaf = before, deaf
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._pings = 0
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed at the end)
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> GuardProcess:
        *isolated, program = argv()
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            self.port: int = listener.getsockname()[1]
            self.process = subprocess.Popen(
                [*isolated, f"{self._before}\n{program}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                pass_fds=(listener.fileno(),),
                env={"LC_ALL": "C"},
                start_new_session=True,
            )
            self.send(Configuration(self._policy.to_json(), KEY.hex(), listener.fileno(), self._upstream, self._limits))
        if not self._deaf:
            self.listen()
            self.wait_for(Ready)
        return self

    def listen(self) -> None:
        self._reader.start()

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait(_LONG)
        if self._reader.ident is not None:
            self._reader.join(_LONG)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            # What could not be written any more is of no interest.
            try:
                stream.close()
            except BrokenPipeError:
                continue
        self._words.seek(0)
        with self._words as words:
            assert words.read().decode() == "", "the guard met something that nobody foresaw"

    # --- lines

    def send(self, command: Command) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(to_line(command))
        self.process.stdin.flush()

    def ping(self) -> None:
        """Returns when the guard has obeyed everything that was sent before."""
        self._pings += 1
        self.send(Ping(self._pings))
        self.wait_for(Pong, lambda pong: pong.n == self._pings)

    def events(self, kind: type[_E]) -> list[_E]:
        """All that it has said by now, also what is still on its way to here."""
        self.ping()
        with self._changed:
            return [event for event in self._events if isinstance(event, kind)]

    def wait_for(self, kind: type[_E], suits: Callable[[_E], bool] = lambda event: True) -> _E:
        """The first event of that kind that suits."""
        found: list[_E] = []

        def look() -> bool:
            found.extend(event for event in self._events if isinstance(event, kind) and suits(event))
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(look, _LONG):
                raise AssertionError(f"no {kind.__name__} among {self._events[-20:]}")
        return found[0]

    def wait_for_number(self, kind: type[Message], number: int) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: sum(isinstance(e, kind) for e in self._events) >= number, _LONG):
                raise AssertionError(f"not {number} of {kind.__name__} among {len(self._events)}")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = from_line(line)
            with self._changed:
                self._events.append(event)  # type: ignore[arg-type]
                self._changed.notify_all()

    # --- connections

    def connect(self) -> socket.socket:
        """A connection to the guard that has not asked for anything."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=_LONG)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self, target: str, grant: Grant = GRANT, key: bytes = KEY) -> tuple[int, socket.socket]:
        """The status of the answer to CONNECT ``target`` (``host:port``), and the connection."""
        sock = self.connect()
        try:
            sock.sendall(request(target, grant, key))
            return status(sock), sock
        except OSError:
            sock.close()
            raise

    def refuses(self, target: str, grant: Grant = GRANT, key: bytes = KEY) -> int:
        """The status of an answer that is the end of the connection."""
        code, sock = self.ask(target, grant, key)
        with sock:
            assert sock.recv(1) == b""
        return code

    def files(self) -> int:
        """Open ones of the guard."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu(self) -> float:
        """Seconds that the guard has computed."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Bytes of memory of its own."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024

    def tunnel(self, target: str, grant: Grant = GRANT) -> socket.socket:
        """A connection that leads to ``target``."""
        code, sock = self.ask(target, grant)
        if code != 200:
            sock.close()
            raise AssertionError(f"{target}: {code}")
        return sock


def request(target: str, grant: Grant = GRANT, key: bytes = KEY) -> bytes:
    """As aria2 writes it."""
    login = b64encode(":".join(credentials(key, grant)).encode()).decode()
    return (
        f"CONNECT {target} HTTP/1.1\r\nUser-Agent: aria2/1.36.0\r\nHost: {target}\r\n"
        f"Proxy-Authorization: Basic {login}\r\n\r\n"
    ).encode("latin-1")


def status(sock: socket.socket) -> int:
    """Of one answer, of which nothing is left in the socket; 0 when there is none."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        if not (byte := sock.recv(1)):
            return 0
        head += byte
    return int(head.split()[1])


def exactly(sock: socket.socket, number: int) -> bytes:
    """So many bytes, or fewer when it ends before."""
    data = b""
    while len(data) < number and (piece := sock.recv(number - len(data))):
        data += piece
    return data


class Echo:
    """Each connection has a thread; one that is half closed is closed when everything was sent back."""

    def __enter__(self) -> Echo:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(_LONG)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            try:
                while data := sock.recv(65536):
                    sock.sendall(data)
            except OSError:
                return


@contextlib.contextmanager
def silent(address: str, port: int) -> Iterator[None]:
    """Nobody answers at all: its queue is full, so that the kernel drops what comes."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(2):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield
