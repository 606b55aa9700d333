"""What aria2c tells by itself: that a download began, ended or failed; and by silence, that it died."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable

import websocket

logger = logging.getLogger(__name__)

_NAME = "offline-engine-notifications"
_CONNECT_LIMIT = 5.0
_BACK_OFF = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

#: Only what ends a download is worth a look; its progress is polled.
_ENDINGS = frozenset({"aria2.onDownloadComplete", "aria2.onDownloadError", "aria2.onDownloadStop"})


class Notifications:
    """``ended(gid)`` and ``lost()`` are called from the thread of this class and must return at once.

    Nothing is told again that happened while the line was down: after ``lost`` everything must be looked at.
    """

    def __init__(self, ended: Callable[[str], None], lost: Callable[[], None]) -> None:
        self._ended = ended
        self._lost = lost
        self._changed = threading.Condition()
        self._port = 0
        self._stopping = False
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def follow(self, port: int) -> None:
        """Listen to the aria2c on ``port`` from now on; 0 = to none."""
        with self._changed:
            self._port = port
            self._hang_up()
            self._changed.notify_all()

    def stop(self, deadline: float) -> None:
        with self._changed:
            self._stopping = True
            self._hang_up()
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        failures = 0
        while (port := self._next_port()) and not self._stopping:
            try:
                self._listen(port)
                failures = 0
            except (OSError, ValueError, websocket.WebSocketException) as error:
                logger.debug("the line to aria2c is down: %s", error)
            if not self._stopping:
                self._lost()
            self._pause(port, _BACK_OFF[min(failures, len(_BACK_OFF) - 1)])
            failures += 1

    def _next_port(self) -> int:
        with self._changed:
            while not (self._port or self._stopping):
                self._changed.wait(60)
            return self._port or -1

    def _pause(self, port: int, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._port != port, seconds)

    def _listen(self, port: int) -> None:
        # Our own socket: with one given, the library does not look for proxies in the environment.
        with socket.create_connection(("127.0.0.1", port), _CONNECT_LIMIT) as line:
            try:
                if self._take_up(line, port):
                    self._hear(_websocket(line, port))
            finally:
                with self._changed:
                    self._socket = None

    def _take_up(self, line: socket.socket, port: int) -> bool:
        """From here on ``_hang_up`` ends whatever this thread waits for; False when it is too late already."""
        with self._changed:
            self._socket = line
            return not self._stopping and self._port == port

    def _hear(self, connection: websocket.WebSocket) -> None:
        connection.settimeout(None)
        # What ended before this line was up was told to nobody.
        self._lost()
        while message := connection.recv():
            self._tell(json.loads(message))

    def _tell(self, message: dict[str, object]) -> None:
        params = message.get("params")
        if message.get("method") in _ENDINGS and isinstance(params, list):
            for event in params:
                self._ended(str(event["gid"]))

    def _hang_up(self) -> None:
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                logger.debug("the line to aria2c was down already")


def _websocket(line: socket.socket, port: int) -> websocket.WebSocket:
    # Whether it is UTF-8 is looked at by the reader of JSON; the library does it character by character.
    return websocket.create_connection(f"ws://127.0.0.1:{port}/jsonrpc", socket=line, skip_utf8_validation=True)
