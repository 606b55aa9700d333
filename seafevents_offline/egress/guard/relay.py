"""Bytes from one socket to another and back, moved by the kernel (splice(2)); Python only says how many.

    source ──splice──> a lent pipe ──splice──> target

A direction that cannot get rid of its bytes stops reading, so that the sender waits. When a side has said all it
wants to say the other is told so, and may still answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

from ..messages import Limits
from .pipes import SIZE, Pipe, Pipes
from .usage import Usage, Why

#: Seconds that the rest may take when one side has ended: an engine that went away does not come back.
_REST = 30.0


class _Flow:
    """One direction."""

    def __init__(self, relay: Relay, source: socket.socket, target: socket.socket) -> None:
        self.passed = 0
        self.ended = False
        self._relay = relay
        self._source, self._target = source, target
        self._pipe: Pipe | None = None

    def listen(self) -> None:
        self._relay.loop.add_reader(self._source, self._guarded, self._pull)

    def close(self) -> None:
        if self._pipe is not None:
            self._relay.pipes.give_back(self._pipe)
            self._pipe = None

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BlockingIOError:
            pass
        except OSError:
            self._relay.end(Why.BROKEN)

    def _pull(self) -> None:
        """The source has something, or has ended."""
        wanted = self._relay.allowance()
        if wanted == 0:
            self._relay.end(Why.TOO_MUCH)
            return
        if self._pipe is None:
            self._pipe = self._relay.pipes.take()
        try:
            self._pipe.filled = os.splice(self._source.fileno(), self._pipe.target, wanted)
        except BlockingIOError:
            self.close()
            raise
        if self._pipe.filled == 0:
            self._finish()
            return
        self.passed += self._pipe.filled
        self._relay.moved(self._pipe.filled)
        if not self._push():
            self._relay.loop.remove_reader(self._source)
            self._relay.loop.add_writer(self._target, self._guarded, self._resume)

    def _push(self) -> bool:
        """Whether the pipe is empty again."""
        pipe = self._pipe
        assert pipe is not None
        with contextlib.suppress(BlockingIOError):
            while pipe.filled:
                pipe.filled -= os.splice(pipe.source, self._target.fileno(), pipe.filled)
        if pipe.filled == 0:
            self.close()
        return pipe.filled == 0

    def _resume(self) -> None:
        """The target takes something again."""
        if self._push():
            self._relay.loop.remove_writer(self._target)
            self.listen()

    def _finish(self) -> None:
        self.ended = True
        self._relay.loop.remove_reader(self._source)
        self.close()
        with contextlib.suppress(OSError):
            self._target.shutdown(socket.SHUT_WR)
        self._relay.flow_ended()


class Relay:
    """Between an engine and a server; both sockets stay the caller's. Everything that passes is counted in ``usage``.

    ``needed``: whether it may be silent, because something else goes on that belongs to it.
    """

    def __init__(
        self,
        engine: socket.socket,
        server: socket.socket,
        pipes: Pipes,
        usage: Usage,
        limits: Limits,
        needed: Callable[[], bool] = lambda: False,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.pipes = pipes
        self._usage, self._limits, self._needed = usage, limits, needed
        self._sockets = (engine, server)
        self._up, self._down = _Flow(self, engine, server), _Flow(self, server, engine)
        self._done: asyncio.Future[Why] = self.loop.create_future()
        self._last = self.loop.time()

    @property
    def sent(self) -> int:
        return self._up.passed

    @property
    def received(self) -> int:
        return self._down.passed

    @property
    def engine_ended(self) -> bool:
        return self._up.ended

    async def run(self) -> Why:
        """Until both sides have ended, one broke, or a limit is reached; why it ended. May be cancelled."""
        self._up.listen()
        self._down.listen()
        timer = asyncio.ensure_future(self._watch())
        try:
            return await self._done
        finally:
            timer.cancel()
            for sock in self._sockets:
                self.loop.remove_reader(sock)
                self.loop.remove_writer(sock)
            self._up.close()
            self._down.close()

    def end(self, why: Why) -> None:
        if not self._done.done():
            self._done.set_result(why)

    # --- what the flows tell and ask

    def allowance(self) -> int:
        """Bytes that may be taken up now."""
        return min(SIZE, self._usage.left())

    def moved(self, number: int) -> None:
        self._usage.count(number)
        self._last = self.loop.time()

    def flow_ended(self) -> None:
        self._last = self.loop.time()
        if self._up.ended and self._down.ended:
            self.end(Why.CLOSED)

    # --- silence

    async def _watch(self) -> None:
        while (rest := self._last + self._patience() - self.loop.time()) > 0 or self._needed():
            await asyncio.sleep(max(rest, 1.0))
        self.end(Why.SILENT)

    def _patience(self) -> float:
        if self._up.ended or self._down.ended:
            return min(_REST, self._limits.idle)
        return self._limits.idle if self.received else self._limits.first_byte
