"""Events on their way to the daemon: never lost, never in each other's way, and nobody waits for a slow reader but
those who must know that their line is in the pipe."""

from __future__ import annotations

import asyncio
import os

from ..messages import Event, Warned, to_line

#: Seconds in which a warning is given once.
_WARN_PERIOD = 60.0


class Reporter:
    """Writes to ``fd``, a pipe that becomes non-blocking. Ends the process when nobody reads it any more."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._waiting = bytearray()
        self._written = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._warned: dict[str, float] = {}
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

    def warn(self, text: str) -> None:
        """One of our own few texts; anybody on this machine may cause it, so not too often."""
        now = self._loop.time()
        if now - self._warned.get(text, -_WARN_PERIOD) >= _WARN_PERIOD:
            self._warned[text] = now
            self.tell(Warned(text))

    def _write(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._fd, self._waiting)]
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._write)
            return
        except ConnectionError:
            os._exit(0)
        self._loop.remove_writer(self._fd)
        self._written.set()
