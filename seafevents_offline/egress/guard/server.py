"""Takes the engine's connections, as many as there are files for, and keeps those who show no credentials few."""

from __future__ import annotations

import asyncio
import resource
import socket

from ..messages import FILES_PER_TUNNEL, OTHER_FILES
from .tunnel import Means, Tunnel
from .usage import Why

#: Taken at once; others shall have their turn between.
_BATCH = 32

#: Seconds until it is tried again when the machine has no more files.
_PAUSE = 0.1


class Server:
    """Listens from ``start`` on."""

    def __init__(self, listener: socket.socket, means: Means) -> None:
        self._listener = listener
        self._means = means
        self._loop = asyncio.get_running_loop()
        self._tunnels: dict[asyncio.Task[None], Tunnel] = {}
        self._room = max(4, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES) // FILES_PER_TUNNEL)
        # They shall not take all the room.
        self._strangers = min(means.limits.strangers, self._room // 4)
        listener.setblocking(False)

    def start(self) -> None:
        self._loop.add_reader(self._listener.fileno(), self._accept)

    def _accept(self) -> None:
        for _ in range(_BATCH):
            if len(self._tunnels) >= self._room:
                # Others wait in the kernel's queue; it goes on when one ends.
                self._loop.remove_reader(self._listener.fileno())
                return
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(_PAUSE, self.start)
                return
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._tunnels) >= self._strangers:
            self._limit_strangers()
        tunnel = Tunnel(connection, self._means)
        task = tunnel.begin(tunnel.run())
        self._tunnels[task] = tunnel
        task.add_done_callback(self._ended)

    def _limit_strangers(self) -> None:
        strangers = [tunnel for tunnel in self._tunnels.values() if tunnel.stranger]
        if len(strangers) >= self._strangers:
            # The engine shows its credentials at once; who has waited the longest is not the engine.
            strangers[0].cut(Why.CUT)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tunnels.pop(task).close()
        if len(self._tunnels) == self._room - 1:
            self.start()
