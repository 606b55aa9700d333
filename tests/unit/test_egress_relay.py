"""How long a tunnel may be silent, and what is counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from seafevents_offline.egress.grant import Grant
from seafevents_offline.egress.guard import relay as module
from seafevents_offline.egress.guard.pipes import Pipes
from seafevents_offline.egress.guard.relay import Relay
from seafevents_offline.egress.guard.usage import Usage, Why
from seafevents_offline.egress.messages import Limits

#: Longer than anything takes here.
_LONG = 30.0

#: It must begin soon and may then pause for long, or for a while; and it may do what it likes.
BEGINS = Limits(first_byte=0.1, idle=_LONG)
PAUSES = Limits(first_byte=0.1, idle=0.5)
PATIENT = Limits(first_byte=_LONG, idle=_LONG)


class Ends:
    """A relay between two pairs of sockets; ``engine`` and ``server`` are the far ends."""

    def __init__(self, stack: contextlib.ExitStack, limits: Limits, needed: Callable[[], bool]) -> None:
        self.engine, near_engine = map(stack.enter_context, tcp_pair())
        self.server, near_server = map(stack.enter_context, tcp_pair())
        self.usage = Usage(Grant(7, 1, "ada@example.com", 0, 1), lambda received: None)
        self.relay = Relay(near_engine, near_server, Pipes(), self.usage, limits, needed)


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
    one.setblocking(False)
    other.setblocking(False)
    return one, other


def why(
    limits: Limits,
    play: Callable[[Ends], Coroutine[Any, Any, None]] | None = None,
    needed: Callable[[], bool] = lambda: False,
) -> tuple[Why, float]:
    """Why a relay ended in the course of ``play``, and after how many seconds."""

    async def run() -> tuple[Why, float]:
        with contextlib.ExitStack() as stack:
            ends = Ends(stack, limits, needed)
            began = time.monotonic()
            running = asyncio.ensure_future(ends.relay.run())
            if play is not None:
                await play(ends)
            return await running, time.monotonic() - began

    return asyncio.run(run())


async def begin(ends: Ends) -> None:
    """Before the relay looks for the first time: no machine is too slow for it."""
    await asyncio.get_running_loop().sock_sendall(ends.server, b"pong!")


async def echo(ends: Ends) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(ends.engine, b"ping")
    assert await loop.sock_recv(ends.server, 100) == b"ping"
    await loop.sock_sendall(ends.server, b"pong!")
    assert await loop.sock_recv(ends.engine, 100) == b"pong!"


def test_a_server_must_begin_and_may_then_pause_for_longer():
    reason, seconds = why(BEGINS)
    assert reason is Why.SILENT
    assert seconds < _LONG
    reason, seconds = why(PAUSES, begin)
    assert reason is Why.SILENT
    assert seconds >= PAUSES.idle


def test_what_the_engine_says_is_no_beginning():
    async def ask(ends: Ends) -> None:
        await asyncio.get_running_loop().sock_sendall(ends.engine, b"ping")

    assert why(BEGINS, ask)[1] < _LONG


def test_silence_that_belongs_to_something_else_is_none(monkeypatch):
    monkeypatch.setattr(module, "_NEEDED", 0.05)
    asked = iter([True] * 5)
    reason, seconds = why(PAUSES, begin, lambda: next(asked, False))
    assert reason is Why.SILENT
    assert seconds >= PAUSES.idle + 5 * 0.05


@pytest.mark.parametrize("first", ["engine", "server"])
def test_when_one_side_has_ended_the_other_is_not_waited_for_so_long(monkeypatch, first):
    async def end(ends: Ends) -> None:
        await echo(ends)
        getattr(ends, first).shutdown(socket.SHUT_WR)

    monkeypatch.setattr(module, "_REST", 0.05)
    reason, seconds = why(PATIENT, end)
    assert reason is Why.SILENT
    assert seconds < _LONG


def test_both_directions_are_counted():
    async def play(ends: Ends) -> None:
        await echo(ends)
        assert (ends.relay.sent, ends.relay.received, ends.usage.bytes) == (4, 5, 9)
        ends.engine.close()
        ends.server.close()

    assert why(PATIENT, play)[0] is Why.CLOSED


def test_a_trickle_gathers_and_is_passed_on_in_one_piece(monkeypatch):
    monkeypatch.setattr(module, "_BEGINNING", 0)
    monkeypatch.setattr(module, "_GATHER", 1.0)

    async def play(ends: Ends) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(ends.server, b"a")
        assert await loop.sock_recv(ends.engine, 100) == b"a"
        for piece in (b"b", b"c"):
            await loop.sock_sendall(ends.server, piece)
        assert await loop.sock_recv(ends.engine, 100) == b"bc"
        ends.engine.close()
        ends.server.close()

    assert why(PATIENT, play)[0] is Why.CLOSED


def test_what_comes_fast_is_passed_on_at_once(monkeypatch):
    monkeypatch.setattr(module, "_BEGINNING", 0)
    monkeypatch.setattr(module, "_TRICKLE", 0)
    monkeypatch.setattr(module, "_GATHER", _LONG)

    async def play(ends: Ends) -> None:
        await echo(ends)
        await echo(ends)
        ends.engine.close()
        ends.server.close()

    assert why(PATIENT, play)[0] is Why.CLOSED


def test_a_relay_that_is_cancelled_keeps_nothing():
    async def run() -> None:
        with contextlib.ExitStack() as stack:
            ends = Ends(stack, PATIENT, lambda: False)
            running = asyncio.ensure_future(ends.relay.run())
            await echo(ends)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            await asyncio.get_running_loop().sock_sendall(ends.engine, b"more")
            await asyncio.sleep(0)
            with pytest.raises(BlockingIOError):
                ends.server.recv(1)

    asyncio.run(run())
