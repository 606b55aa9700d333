"""A wire between a server and its database, which a test cuts or clamps, and mends."""

from __future__ import annotations

import contextlib
import socket
import threading

from ..ports import free_port


class Wire:
    """Forwards connections to ``port`` of 127.0.0.1. Cut, it breaks all of them and refuses new ones; clamped, nothing
    goes through it, and nobody is told: what was sent meanwhile arrives when it is mended. ``delay``: seconds that each
    piece takes. While nobody listens at the far end, nobody seems to listen here either."""

    def __init__(self, port: int) -> None:
        self.delay = 0.0
        self._target = port
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._is_cut = False
        self._pause = threading.Event()
        self._flows = threading.Event()
        self._flows.set()
        self.port = free_port()
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            _break(self._listening)
            for end in self._open:
                _break(end)
            self._open.clear()

    def clamp(self) -> None:
        self._flows.clear()

    def mend(self) -> None:
        if self._is_cut:
            self._is_cut = False
            self._listening = socket.create_server(("127.0.0.1", self.port))
            self._listen()
        self._flows.set()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exc: object) -> None:
        self._flows.set()
        self.cut()

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listening.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    near.close()
                    continue
                with self._lock:
                    if self._is_cut:
                        _break(near)
                        _break(far)
                        return
                    self._open |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                self._pause.wait(self.delay)
                sink.sendall(data)
        with self._lock:
            for end in (source, sink):
                _break(end)
                self._open.discard(end)


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
