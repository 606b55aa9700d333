"""Tunnels that stand: what passes through them, how they end, and what is said of them."""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seafevents_offline.egress.messages import Close, Ended
from tests.support.guard import GRANT, Echo, GuardProcess, policy_for, request, status

MEGABYTE = 1024**2


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


@pytest.fixture(scope="module")
def origin() -> Iterator[socket.socket]:
    """Connections to it are for the test to accept."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


@pytest.fixture(scope="module")
def guard(echo: Echo, origin: socket.socket) -> Iterator[GuardProcess]:
    with GuardProcess(policy_for(echo.address, address(origin))) as guard:
        yield guard


@pytest.fixture
def ends(guard: GuardProcess, origin: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a tunnel: the engine's and the server's."""
    with guard.tunnel(address(origin)) as engine:
        server, _ = origin.accept()
        with server:
            server.settimeout(60)
            yield engine, server


def address(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


def last(guard: GuardProcess, number: int = 1) -> Ended:
    """What is said of the tunnel that ended last, when so many more have ended."""
    guard.wait_for_number(Ended, number)
    return guard.events(Ended)[-1]


def send_for_ever(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"x")


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def received(sock: socket.socket) -> bytes:
    """Everything up to the end."""
    return b"".join(iter(lambda: sock.recv(MEGABYTE), b""))


def test_bytes_pass_in_both_directions_and_the_tunnel_is_told_of(guard, echo):
    before = len(guard.events(Ended))
    with guard.tunnel(echo.address) as engine:
        for number in range(50):
            engine.sendall(b"%d\n" % number)
            assert engine.recv(100) == b"%d\n" % number
        engine.shutdown(socket.SHUT_WR)
        assert engine.recv(1) == b""
    ended = last(guard, before + 1)
    assert f"{ended.host}:{ended.port}" == echo.address
    assert (ended.odr_id, ended.claim, ended.owner) == (GRANT.odr_id, GRANT.claim, GRANT.owner)
    assert ended.address == "127.0.0.1"
    assert ended.sent == ended.received == 140
    assert 0 < ended.seconds < 60
    assert ended.why == "closed"


@pytest.mark.parametrize("first", ["engine", "server"])
def test_who_has_said_everything_may_still_be_answered(guard, ends, first):
    one, other = ends if first == "engine" else reversed(ends)
    before = len(guard.events(Ended))
    one.sendall(b"question")
    one.shutdown(socket.SHUT_WR)
    assert received(other) == b"question"
    other.sendall(b"a" * MEGABYTE)
    other.close()
    assert received(one) == b"a" * MEGABYTE
    assert last(guard, before + 1).why == "closed"


def test_what_the_engine_says_before_it_was_answered_is_not_lost(guard, origin):
    with guard.connect() as engine:
        engine.sendall(request(address(origin)) + b"early")
        server, _ = origin.accept()
        with server:
            server.sendall(b"220 at once")
            assert status(engine) == 200
            assert engine.recv(100) == b"220 at once"
            assert server.recv(100) == b"early"


def test_a_request_may_come_in_pieces(guard, echo):
    with guard.connect() as engine:
        for byte in request(echo.address):
            engine.sendall(bytes([byte]))
        assert status(engine) == 200
        engine.sendall(b"x")
        assert engine.recv(1) == b"x"


def test_everything_arrives_whole_however_unevenly_it_is_taken(guard, echo):
    data = random.Random(1).randbytes(40 * MEGABYTE)
    with guard.tunnel(echo.address) as engine:
        sender = threading.Thread(target=send_unevenly, args=(engine, data))
        sender.start()
        digest, length, sizes = hashlib.sha256(), 0, random.Random(2)
        while piece := engine.recv(sizes.choice([1, 1000, 65536, MEGABYTE])):
            digest.update(piece)
            length += len(piece)
        sender.join(60)
    assert length == len(data)
    assert digest.digest() == hashlib.sha256(data).digest()


def send_unevenly(engine: socket.socket, data: bytes) -> None:
    sizes, place = random.Random(3), 0
    while place < len(data):
        size = sizes.choice([1, 100, 10_000, MEGABYTE])
        engine.sendall(data[place : place + size])
        place += size
    engine.shutdown(socket.SHUT_WR)


# --- a file must never look complete when it is not


def test_a_reset_of_the_server_is_one_for_the_engine(guard, ends):
    engine, server = ends
    before = len(guard.events(Ended))
    server.sendall(b"half a file")
    assert engine.recv(100) == b"half a file"
    reset(server)
    with pytest.raises(ConnectionResetError):
        engine.recv(1)
    assert last(guard, before + 1).why == "broken"


def test_a_reset_of_the_engine_is_one_for_the_server(guard, ends):
    engine, server = ends
    reset(engine)
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_for_ever(server)


def test_a_cut_is_a_reset_for_the_engine(guard, ends):
    engine, server = ends
    before = len(guard.events(Ended))
    server.sendall(b"half a file")
    assert engine.recv(100) == b"half a file"
    guard.send(Close(GRANT.odr_id, GRANT.claim))
    with pytest.raises(ConnectionResetError):
        engine.recv(1)
    ended = last(guard, before + 1)
    assert (ended.why, ended.received) == ("cut", 11)


def test_the_end_of_the_guard_is_a_reset_for_the_engine(echo):
    with GuardProcess(policy_for(echo.address)) as guard, guard.tunnel(echo.address) as engine:
        engine.sendall(b"x")
        assert engine.recv(1) == b"x"
        guard.process.kill()
        with pytest.raises(ConnectionResetError):
            engine.recv(1)


# --- one of many


def test_a_cut_concerns_its_claim_alone(guard, echo):
    with contextlib.ExitStack() as stack:
        mine = [stack.enter_context(guard.tunnel(echo.address)) for _ in range(5)]
        others = [
            stack.enter_context(guard.tunnel(echo.address, replace(GRANT, **{field: 99})))
            for field in ("odr_id", "claim", "serial")
        ]
        guard.send(Close(GRANT.odr_id, GRANT.claim))
        for engine in mine:
            with pytest.raises(ConnectionResetError):
                engine.recv(1)
        for engine in others:
            engine.sendall(b"x")
            assert engine.recv(1) == b"x"


def test_a_side_that_takes_nothing_costs_nothing_and_stops_the_other(guard, ends):
    engine, server = ends
    server.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while True:
            sent += server.send(b"x" * MEGABYTE)
    assert sent < 64 * MEGABYTE, "it does not pile up here"
    before = guard.cpu()
    with contextlib.suppress(TimeoutError):
        server.recv(1)
    assert guard.cpu() - before < 0.1, "nor is it asked again and again"
    server.close()
    assert len(received(engine)) == sent


def test_a_silent_tunnel_costs_nothing(guard, ends):
    engine, _ = ends
    before = guard.cpu()
    engine.settimeout(0.5)
    with contextlib.suppress(TimeoutError):
        engine.recv(1)
    assert guard.cpu() - before < 0.1
