"""Events on their way to the daemon: never lost, never in each other's way, and nobody waits for a slow reader but
those who must know that their line is in the pipe."""

from __future__ import annotations

import asyncio
import os

from ..messages import Event, to_line


class Reporter:
    """Writes to ``fd``, a pipe that becomes non-blocking. Ends the process when nobody reads it any more."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting = bytearray()
        self._written = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)

    def tell(self, event: Event) -> None:
        """As soon as there is room."""
        self._waiting += to_line(event)
        self._written.clear()
        self._write()

    async def report(self, event: Event) -> None:
        """Returns when it is in the pipe."""
        self.tell(event)
        await self._written.wait()

    def _write(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._write)
            return
        except BrokenPipeError:
            os._exit(0)
        self._loop.remove_writer(self._fd)
        self._written.set()
