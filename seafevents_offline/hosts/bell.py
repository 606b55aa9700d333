"""How one process wakes another that serves the same data folder: by a datagram to a socket in it."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

logger = logging.getLogger(__name__)

_SOCKET = "wake.sock"


class Bell:
    """Hangs in a data folder between ``start`` and ``stop``; ``answer`` is called when somebody rings."""

    def __init__(self, data: Path, answer: Callable[[], None]) -> None:
        self._data = data
        self._answer = answer
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="offline-bell", daemon=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def start(self) -> None:
        """Whoever calls this holds the lock of the data folder."""
        try:
            with _socket_path(self._data) as path:
                # So what lies there is a dead process's.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
                self._socket.bind(path)
        except OSError as error:
            logger.warning("Others cannot wake this service (%s); it finds their tasks by itself", error.strerror)
        else:
            self._thread.start()

    def stop(self) -> None:
        self._finished.set()
        try:
            if self._thread.ident is not None:
                ring(self._data)
                self._thread.join(1.0)
        finally:
            # Also when somebody is too impatient for this to end by itself.
            self._socket.close()

    def _listen(self) -> None:
        while not self._finished.is_set():
            try:
                self._socket.recv(16)
            except OSError:
                # Closed: the one who stops us had no time to wait.
                return
            self._answer()


def ring(data: Path) -> None:
    """Make the process that serves the data folder look at once; without one, nothing happens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as caller:
        caller.setblocking(False)
        # A full queue is as good as a delivered ring; no listener means that nobody serves.
        with contextlib.suppress(OSError), _socket_path(data) as path:
            caller.sendto(b"1", path)


@contextlib.contextmanager
def _socket_path(data: Path) -> Iterator[str]:
    """A short name for the socket: a Unix address holds 107 bytes only, a data folder's path may be longer."""
    fd = os.open(data, os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{_SOCKET}"
    finally:
        os.close(fd)
