"""The guard's caps, with small numbers."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seafevents_offline.egress.messages import Close, Ended, Failed, Refused
from tests.support.guard import GRANT, NO_ANSWER, Echo, GuardProcess, exactly, policy_for, request, silent
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


@pytest.fixture(scope="module")
def guard(echo: Echo) -> Iterator[GuardProcess]:
    """It is impatient only with those who have not said what they want: what else a test has open stays open for as
    long as the test takes."""
    with GuardProcess(policy_for(echo.address), before=NO_ANSWER, lookup=60.0, request=1.0, strangers=8) as guard:
        yield guard


def task(number: int, **others: int) -> object:
    return replace(GRANT, odr_id=number, **others)


def events(guard: GuardProcess, kind: type, number: int) -> list:
    return [event for event in guard.events(kind) if event.odr_id == number]


def test_tunnels_of_a_claim_are_counted(guard, echo):
    grant = task(100, tunnels=3)
    with contextlib.ExitStack() as stack:
        engines = [stack.enter_context(guard.tunnel(echo.address, grant)) for _ in range(3)]
        assert guard.refuses(echo.address, grant) == 429
        stack.enter_context(guard.tunnel(echo.address, replace(grant, claim=2)))
        engines[0].close()
        guard.wait_for(Ended, lambda ended: ended.odr_id == 100)
        stack.enter_context(guard.tunnel(echo.address, grant))
        assert guard.refuses(echo.address, grant) == 429
    assert {event.reason for event in events(guard, Refused, 100)} == {"too_many_connections"}


def test_a_tunnel_whose_engine_is_gone_makes_room_for_another():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        target = f"127.0.0.1:{listener.getsockname()[1]}"
        grant = task(101, tunnels=1)
        with GuardProcess(policy_for(target)) as guard:
            for _ in range(5):
                guard.tunnel(target, grant).close()
                # The server says nothing, not even goodbye.
                guard.ping()
            guard.wait_for_number(Ended, 4)


def test_bytes_of_a_claim_are_counted_over_all_its_tunnels(guard, echo):
    grant = task(102, bytes=100_000)
    with guard.tunnel(echo.address, grant) as first:
        first.sendall(b"x" * 30_000)
        assert exactly(first, 30_000) == b"x" * 30_000
        with guard.tunnel(echo.address, grant) as second:
            second.sendall(b"x" * 30_000)
            with pytest.raises(ConnectionResetError):
                drain(second)
    guard.wait_for(Ended, lambda ended: ended.odr_id == 102 and ended.why == "too much")
    assert sum(ended.received + ended.sent for ended in events(guard, Ended, 102)) <= 100_000
    assert guard.refuses(echo.address, grant) == 403
    assert {event.reason for event in events(guard, Refused, 102)} == {"too_large"}
    guard.send(Close(102, GRANT.claim))
    guard.ping()
    guard.tunnel(echo.address, grant).close()


def test_a_body_without_a_length_does_not_look_complete_when_it_is_too_long(guard):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        door = listener.getsockname()[1]
        with guard.tunnel(f"127.0.0.1:{door}", task(103, bytes=1_000_000, door=door)) as engine:
            server, _ = listener.accept()
            with server, contextlib.suppress(ConnectionError):
                server.sendall(b"x" * 2_000_000)
            with pytest.raises(ConnectionResetError):
                drain(engine)
    ended = guard.wait_for(Ended, lambda ended: ended.odr_id == 103)
    assert ended.received <= 1_000_000


def drain(sock: socket.socket) -> None:
    """All that comes, until a proper end."""
    while sock.recv(65536):
        pass


def test_silence_ends(echo):
    with GuardProcess(policy_for(echo.address), first_byte=0.3, idle=0.6) as guard:
        with guard.tunnel(echo.address, task(104)) as engine:
            with contextlib.suppress(ConnectionError):
                engine.sendall(b"x")
            with pytest.raises(ConnectionResetError):
                drain(engine)
        ended = guard.wait_for(Ended, lambda ended: ended.odr_id == 104)
    assert ended.why == "silent"
    # On a busy machine the echo may be the later one.
    assert ended.seconds > (0.5 if ended.received else 0.2)


def test_a_server_that_never_says_anything_is_not_waited_for_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as listener, GuardProcess(policy_for(), first_byte=0.3) as guard:
        door = listener.getsockname()[1]
        began = time.monotonic()
        with guard.tunnel(f"127.0.0.1:{door}", task(105, door=door)) as engine:
            # It may have been cut before it has said a word.
            with contextlib.suppress(ConnectionError):
                engine.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                engine.recv(1)
        assert time.monotonic() - began > 0.2
        assert guard.wait_for(Ended, lambda ended: ended.odr_id == 105).why == "silent"


def test_a_name_server_that_never_answers_is_given_up():
    with GuardProcess(policy_for(), before=NO_ANSWER, lookup=0.5) as guard:
        assert guard.refuses("files.example:80", task(106)) == 502
        assert [event.reason for event in events(guard, Failed, 106)] == ["host_not_found"]


def test_one_task_with_a_hundred_of_them_is_in_nobodys_way(guard, echo):
    with contextlib.ExitStack() as stack:
        for number in range(100):
            engine = stack.enter_context(guard.connect())
            engine.sendall(request(f"host{number}.example:80", task(107)))
        guard.ping()
        with guard.tunnel(echo.address, task(108)) as engine:
            engine.sendall(b"x")
            assert engine.recv(1) == b"x"
        assert threads(guard) <= 2 + 4 + 8


def threads(guard: GuardProcess) -> int:
    return len(os.listdir(f"/proc/{guard.process.pid}/task"))


def test_a_server_that_does_not_answer_is_given_up():
    port = free_port()
    with silent("127.0.0.1", port), GuardProcess(policy_for(f"127.0.0.1:{port}"), connect=0.5) as guard:
        assert guard.refuses(f"127.0.0.1:{port}", task(109)) == 502
        assert [event.reason for event in events(guard, Failed, 109)] == ["connection_failed"]


def test_close_reaches_those_that_have_no_tunnel_yet(guard):
    with guard.connect() as engine:
        engine.sendall(request("files.example:80", task(110)))
        guard.ping()
        guard.send(Close(110, GRANT.claim))
        assert engine.recv(1) == b""
    assert events(guard, Failed, 110) == []


def test_strangers_are_few_and_do_not_stay(guard, echo):
    with contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(guard.connect()) for _ in range(30)]
        with guard.tunnel(echo.address, task(111)) as engine:
            engine.sendall(b"x")
            assert engine.recv(1) == b"x"
        for stranger in strangers:
            assert stranger.recv(1) == b""


def test_a_request_must_come_in_time(guard):
    with guard.connect() as engine:
        engine.sendall(b"CONNECT files.example:80 HTTP/1.1\r\n")
        assert engine.recv(1) == b""
