"""waitress on 127.0.0.1, in daemon threads, ended by a deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import create_server, wasyncore

from ...errors import PortUnavailable
from ...threads import survive

#: The only address that is listened on: whoever wants more puts a server with TLS and a login in front.
ADDRESS = "127.0.0.1"

_THREADS = 4
#: Bytes. A hundred of the longest links are a twentieth of it; larger bodies are refused before they are read.
_MAX_BODY = 8 * 1024**2


class WebServer:
    """``listen``, then ``start`` with the application, then ``stop``, which may be called at any time and twice."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None
        self._server: Any = None
        self._connections: dict[int, Any] = {}
        self._ending = threading.Lock()
        self._stopping = threading.Event()
        self._deadline = 0.0
        self._thread = threading.Thread(target=self._serve, name="offline-web", daemon=True)

    def listen(self) -> None:
        """Take the port; for 0 one that is free, which ``port`` is then. Raises PortUnavailable."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((ADDRESS, self.port))
            # Two sockets may be bound to one port as long as none of them listens.
            listener.listen()
        except OSError as error:
            listener.close()
            raise PortUnavailable(port=self.port, detail=(error.strerror or str(error)).lower()) from error
        self.port = listener.getsockname()[1]
        self._socket = listener

    def start(self, application: Callable[..., Any]) -> None:
        """Answer requests."""
        assert self._socket is not None
        self._server = create_server(
            application,
            map=self._connections,
            sockets=[self._socket],
            threads=_THREADS,
            ident=None,
            max_request_body_size=_MAX_BODY,
            clear_untrusted_proxy_headers=True,
        )
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Requests that are being answered have ``timeout`` seconds; then nothing is left."""
        with self._ending:
            if self._stopping.is_set():
                return
            self._deadline = time.monotonic() + timeout
            self._stopping.set()
            if self._thread.ident is not None:
                self._server.pull_trigger()
                self._thread.join(timeout + 1.0)
                self._close_trigger()
            elif self._socket is not None:
                self._socket.close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            if not survive("the web server", self._turn):
                self._stopping.wait(1.0)
        self._server.task_dispatcher.shutdown(timeout=max(0.0, self._deadline - time.monotonic()))
        for connection in list(self._connections.values()):
            if connection is not self._server.trigger:
                survive("closing a connection", connection.close)

    def _turn(self) -> None:
        wasyncore.loop(timeout=1.0, use_poll=True, map=self._connections, count=1)

    def _close_trigger(self) -> None:
        # A request that is still being answered will write into it: not into what has its number by then.
        if not self._thread.is_alive() and not self._server.task_dispatcher.threads:
            self._server.trigger.close()
