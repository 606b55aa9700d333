"""Bytes from one socket to another and back, moved by the kernel (splice(2)); Python only says how many.

    source ──splice──> a lent pipe ──splice──> target

A direction that cannot get rid of its bytes stops reading, so that the sender waits. When one side has said all it
wants to say, the other is told so and may still answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

from ..messages import Limits
from . import wire
from .pipes import SIZE, Pipe, Pipes
from .usage import Usage, Why

#: Seconds of silence after one side has ended: an engine that has gone does not come back.
_REST = 5.0

#: Seconds until a silent tunnel that is needed is asked again whether it is.
_NEEDED = 1.0

#: A trickle, less than so many bytes a second, gathers for so many seconds: with hundreds of slow downloads each piece
#: by itself costs more than what it holds is worth. Not at the beginning, which is a handshake or the whole of a small
#: file, and what has gathered fits into every socket, so that nobody is slowed down by it.
_TRICKLE = 128 * 1024
_GATHER = 0.5
_BEGINNING = 64 * 1024

#: Older kernels wait for a pipe that is not to be waited for, unless they are told each time.
_AT_ONCE = os.SPLICE_F_NONBLOCK


class _Flow:
    """One direction. ``passed``: bytes taken from the source. ``ended``: it had no more, and the target knows."""

    def __init__(
        self, relay: Relay, source: socket.socket, target: socket.socket, count: Callable[[int], None]
    ) -> None:
        self.passed = 0
        self.ended = False
        self._relay, self._count = relay, count
        self._target = target
        # asyncio is much slower with sockets than with their numbers.
        self._from, self._to = source.fileno(), target.fileno()
        self._pipe: Pipe | None = None
        self._taken = 0.0
        self._gathering: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        self._relay.loop.add_reader(self._from, self._guarded, self._take)

    def close(self) -> None:
        if self._gathering:
            self._gathering.cancel()
        self._relay.loop.remove_reader(self._from)
        self._relay.loop.remove_writer(self._to)
        self._let_go()

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError:
            self._relay.end(Why.BROKEN)

    def _take(self) -> None:
        """The source has something, or has ended."""
        wanted = self._relay.allowance()
        if wanted == 0:
            self._relay.end(Why.TOO_MUCH)
            return
        self._pipe = self._relay.pipes.take()
        try:
            number = os.splice(self._from, self._pipe.target, wanted, flags=_AT_ONCE)
        except BlockingIOError:
            self._let_go()
            return
        if number == 0:
            self._end()
            return
        self._pipe.filled = number
        self.passed += number
        self._count(number)
        self._relay.moved()
        if not self._give():
            self._relay.loop.remove_reader(self._from)
            self._relay.loop.add_writer(self._to, self._guarded, self._go_on)
        elif self._trickles(number):
            self._relay.loop.remove_reader(self._from)
            self._gathering = self._relay.loop.call_later(_GATHER, self.begin)

    def _trickles(self, number: int) -> bool:
        """Whether it is a trickle: by this piece, and the time since the one before."""
        since, self._taken = self._taken, self._relay.loop.time()
        return self.passed > _BEGINNING and number < _TRICKLE * (self._taken - since)

    def _give(self) -> bool:
        """Whether the target took everything."""
        pipe = self._pipe
        assert pipe is not None
        with contextlib.suppress(BlockingIOError):
            while pipe.filled:
                pipe.filled -= os.splice(pipe.source, self._to, pipe.filled, flags=_AT_ONCE)
            self._let_go()
        return pipe.filled == 0

    def _go_on(self) -> None:
        """The target takes something again."""
        self._relay.moved()
        if self._give():
            self._relay.loop.remove_writer(self._to)
            self.begin()

    def _end(self) -> None:
        self.ended = True
        self._relay.loop.remove_reader(self._from)
        self._let_go()
        wire.trust(self._target)
        self._target.shutdown(socket.SHUT_WR)
        self._relay.flow_ended()

    def _let_go(self) -> None:
        if self._pipe is not None:
            self._relay.pipes.give_back(self._pipe)
            self._pipe = None


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
        needed: Callable[[], bool],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.pipes = pipes
        self._usage, self._limits, self._needed = usage, limits, needed
        self._up = _Flow(self, engine, server, usage.count)
        self._down = _Flow(self, server, engine, usage.receive)
        self._done: asyncio.Future[Why] = self.loop.create_future()
        self._last = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None

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
        self._up.begin()
        self._down.begin()
        self._check()
        try:
            return await self._done
        finally:
            if self._timer:
                self._timer.cancel()
            self._up.close()
            self._down.close()

    def end(self, why: Why) -> None:
        if not self._done.done():
            self._done.set_result(why)

    # --- what the flows tell and ask

    def allowance(self) -> int:
        """Bytes that may be taken now."""
        return min(SIZE, self._usage.left())

    def moved(self) -> None:
        self._last = self.loop.time()

    def flow_ended(self) -> None:
        if self._up.ended and self._down.ended:
            self.end(Why.CLOSED)
        self._last = self.loop.time()
        self._check()

    # --- silence

    def _patience(self) -> float:
        if self._up.ended or self._down.ended:
            return min(_REST, self._limits.idle)
        return self._limits.idle if self.received else self._limits.first_byte

    def _check(self) -> None:
        if self._timer:
            self._timer.cancel()
        rest = self._last + self._patience() - self.loop.time()
        if rest <= 0 and not self._needed():
            self.end(Why.SILENT)
        else:
            self._timer = self.loop.call_later(rest if rest > 0 else _NEEDED, self._check)
