"""A company's HTTP proxy: CONNECT alone, with credentials, and a record of what was asked of it."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable

#: Makes a socket that is connected to address and port; raises OSError.
Dial = Callable[[str, int], socket.socket]

_TIMEOUT = 30


class ConnectProxy:
    """Serves on ``listening``, its own from now on, from ``with`` on; ``targets`` are those that were asked for, and
    ``names`` what it knows, each with its address.

    Who has no right credentials gets 407; ``refuses`` is another status for everybody. ``user`` empty: none needed.
    """

    def __init__(self, listening: socket.socket, dial: Dial, user: str = "", password: str = "") -> None:
        self.targets: list[str] = []
        self.names: dict[str, str] = {}
        self.refuses: int | None = None
        self._wanted = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else None
        self._listening, self._dial = listening, dial
        self._thread = threading.Thread(target=self._accept, name="connect-proxy", daemon=True)

    def __enter__(self) -> ConnectProxy:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Takes no more connections; those that stand go on. Idempotent."""
        if self._listening.fileno() < 0:
            return
        self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread, unlike close()
        self._thread.join(_TIMEOUT)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), name="proxy-client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            client.settimeout(_TIMEOUT)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (more := client.recv(1)):
                    return
                head += more
            self._answer(client, head.decode("latin-1"))

    def _answer(self, client: socket.socket, head: str) -> None:
        method, target, _ = head.split(" ", 2)
        self.targets.append(target)
        if self._wanted is not None and self._wanted not in head:
            client.sendall(b'HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
        elif self.refuses is not None or method != "CONNECT":
            client.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % (self.refuses or 405))
        else:
            host, _, port = target.rpartition(":")
            self._connect(client, host.strip("[]"), int(port))

    def _connect(self, client: socket.socket, host: str, port: int) -> None:
        try:
            server = self._dial(self.names.get(host, host), port)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Not there\r\nContent-Length: 0\r\n\r\n")
            return
        with server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            _relay(client, server)


def _relay(client: socket.socket, server: socket.socket) -> None:
    other = threading.Thread(target=_copy, args=(server, client), daemon=True)
    other.start()
    _copy(client, server)
    other.join(_TIMEOUT)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
