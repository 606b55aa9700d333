"""One of several addresses is connected to, in turn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from seafevents_offline.egress.guard import dial as module
from seafevents_offline.egress.guard.dial import Unreachable, _in_turn, dial, ends
from tests.support.guard import silent
from tests.support.ports import free_port

#: Nobody listens there, and there is no way to it, on any machine: the discard prefix of RFC 6666.
NO_ROUTE = "100::1"


@contextlib.contextmanager
def listening(*addresses: str) -> Iterator[int]:
    """One port on each of these addresses of the loopback."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        for address in addresses:
            stack.enter_context(socket.create_server((address, port)))
        yield port


def reached(*addresses: str, port: int) -> str:
    async def run() -> str:
        with await dial(map(ip_address, addresses), port) as sock:
            ours, peer = ends(sock)
            assert ours.is_loopback
            return str(peer)

    return asyncio.run(run())


def test_the_first_is_taken_when_it_answers():
    with listening("127.0.0.1", "127.0.0.2") as port:
        assert reached("127.0.0.1", "127.0.0.2", port=port) == "127.0.0.1"


def test_the_next_is_tried_at_once_when_one_refuses(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE", 30.0)
    with listening("127.0.0.9") as port:
        began = time.monotonic()
        assert reached(*(f"127.0.0.{n}" for n in range(2, 10)), port=port) == "127.0.0.9"
        assert time.monotonic() - began < 30.0


def test_the_next_is_tried_after_a_quarter_of_a_second_when_one_is_silent():
    with listening("127.0.0.3") as port, silent("127.0.0.1", port), silent("127.0.0.2", port):
        began = time.monotonic()
        assert reached("127.0.0.1", "127.0.0.2", "127.0.0.3", port=port) == "127.0.0.3"
        assert time.monotonic() - began >= 0.5


def test_no_way_to_ipv6_is_no_reason():
    with listening("127.0.0.1") as port:
        assert reached(NO_ROUTE, "127.0.0.1", port=port) == "127.0.0.1"


def test_a_machine_without_ipv6_reaches_what_has_both(monkeypatch):
    class OnlyIpv4(socket.socket):
        def __init__(self, family=-1, *others, **more):
            if family == socket.AF_INET6:
                raise OSError(97, os.strerror(97))
            super().__init__(family, *others, **more)

    with listening("127.0.0.1") as port:
        monkeypatch.setattr(socket, "socket", OnlyIpv4)
        assert reached("::1", "127.0.0.1", port=port) == "127.0.0.1"


def test_nothing_that_answers_is_unreachable():
    with pytest.raises(Unreachable):
        reached("127.0.0.1", "127.0.0.2", NO_ROUTE, port=free_port())


def test_no_address_is_unreachable():
    with pytest.raises(Unreachable):
        reached(port=80)


def test_a_port_that_is_connected_with_itself_is_unreachable(monkeypatch):
    """The kernel may choose the very port that is being connected to, when nobody listens on it."""
    connect_ex = socket.socket.connect_ex

    def from_that_port(sock, place):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(place)
        return connect_ex(sock, place)

    monkeypatch.setattr(socket.socket, "connect_ex", from_that_port)
    with pytest.raises(Unreachable):
        reached("127.0.0.1", port=free_port())


def test_who_is_cut_while_dialling_leaves_nothing_open():
    async def run(port: int) -> None:
        before = os.listdir("/proc/self/fd")
        attempt = asyncio.ensure_future(dial([ip_address("127.0.0.1"), ip_address("127.0.0.2")], port))
        while len(os.listdir("/proc/self/fd")) < len(before) + 2:
            await asyncio.sleep(0.01)
        attempt.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await attempt
        assert len(os.listdir("/proc/self/fd")) == len(before)

    port = free_port()
    with silent("127.0.0.1", port), silent("127.0.0.2", port):
        asyncio.run(run(port))


def test_of_two_that_answer_at_once_one_is_closed():
    async def run(port: int) -> None:
        before = os.listdir("/proc/self/fd")
        for _ in range(20):
            (await dial([ip_address("127.0.0.1"), ip_address("127.0.0.2")], port)).close()
        assert len(os.listdir("/proc/self/fd")) == len(before)

    with listening("127.0.0.1", "127.0.0.2") as port:
        asyncio.run(run(port))


def test_the_families_take_turns_and_there_is_an_end():
    four = [ip_address(f"192.0.2.{n}") for n in range(1, 5)]
    six = [ip_address(f"2001:db8::{n}") for n in range(1, 9)]
    assert _in_turn([*six, *four]) == [six[0], four[0], six[1], four[1], six[2], four[2], six[3], four[3]]
    assert _in_turn(four) == four
    assert len(_in_turn(six * 5)) == 8
