"""The test of the boundary: places of this machine that no download may reach, and the question whether one did.

    trap on 127.0.0.1, trap on [::1]      nobody answers there; that somebody came is enough
    door on 127.0.0.1                     redirects to the trap; the guard lets the canary's own grant through to it

The traps' ports are none that ``allow-addresses`` opens, so whoever arrives has gone around the policy.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from ..endpoint import Endpoint
from .policy import Policy

_HOSTS = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}

#: Ports that are tried until one is found that the settings do not open.
_TRIES = 100

#: Seconds for the redirecting door to be asked.
_TIME_LIMIT = 10.0


class Canary:
    """Listens as long as it is open. ``links``: what the engine is to be asked for."""

    def __init__(self, policy: Policy) -> None:
        """Raises OSError where this machine has no port left."""
        self._traps = {host: trap for host in _HOSTS if (trap := _trap(host, policy)) is not None}
        self._door = _listen("127.0.0.1", policy)
        self.door = _port(self._door)
        #: Whether the redirect was given to somebody.
        self.has_redirected = False
        traps = [f"http://{_authority(trap)}/" for trap in self._traps.values()]
        self._target = traps[0]
        self.links = (*traps, f"http://{_authority(self._door)}/")
        self._thread = threading.Thread(target=self._redirect, name="offline-canary", daemon=True)
        self._thread.start()

    def reached(self) -> str:
        """The address whose trap somebody came to; empty while nobody did."""
        return next((host for host, trap in self._traps.items() if _has_visitor(trap)), "")

    def close(self) -> None:
        for listener in (self._door, *self._traps.values()):
            # Closing alone does not wake the thread that waits for it.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._thread.join(_TIME_LIMIT)

    def _redirect(self) -> None:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {self._target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._door.accept()
                with visitor:
                    visitor.settimeout(_TIME_LIMIT)
                    if visitor.recv(65536):
                        # Before: whoever has the answer may ask at once.
                        self.has_redirected = True
                        visitor.sendall(answer.encode("ascii"))


def _trap(host: str, policy: Policy) -> socket.socket | None:
    """None where this machine does not have the address."""
    try:
        return _listen(host, policy)
    except OSError:
        if host == "127.0.0.1":
            raise
        return None


def _listen(host: str, policy: Policy) -> socket.socket:
    for _ in range(_TRIES):
        listener = socket.socket(_HOSTS[host], socket.SOCK_STREAM)
        try:
            listener.bind((host, 0))
            if not any(endpoint.port == _port(listener) for endpoint in policy.allowed):
                listener.listen(16)
                return listener
        except OSError:
            listener.close()
            raise
        listener.close()
    raise OSError("the settings open every port of this machine")


def _has_visitor(trap: socket.socket) -> bool:
    trap.setblocking(False)
    try:
        trap.accept()[0].close()
    except OSError:
        return False
    return True


def _port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def _authority(listener: socket.socket) -> str:
    return str(Endpoint(*listener.getsockname()[:2]))
