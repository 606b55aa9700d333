"""Whatever is said to the guard: it lives, it answers, and it opens nothing."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seafevents_offline.egress.messages import Ended
from tests.support.guard import NO_ANSWER, GuardProcess, policy_for, request
from tests.support.waiting import eventually

#: No tunnel leads anywhere from here, so every answer must be a refusal.
REQUESTS = [
    request(target)
    for target in ("files.example:80", "10.0.0.5:80", "[::1]:443", "0x7f.1:80", "localhost:22", "files.example:0", ":")
]

_JUNK = st.binary(max_size=300)
_PIECE = st.one_of(st.binary(max_size=20), st.sampled_from([b"\r\n", b"\r\n\r\n", b":", b" ", b"\x00", b"="]))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An honest request of which something was cut out, put in, doubled or changed."""
    data = draw(st.sampled_from(REQUESTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(
            st.one_of(st.binary(max_size=20), st.sampled_from([b"\r\n", b"\r\n\r\n", b":", b" ", b"\x00", b"="]))
        )
        data = data[:start] + draw(st.sampled_from([piece, data[start:end] * 2])) + data[end:]
    return data


@pytest.fixture(scope="module")
def guard() -> Iterator[GuardProcess]:
    with GuardProcess(policy_for(), before=NO_ANSWER, lookup=0.1, request=0.5) as guard:
        yield guard
        guard.ping()
        assert guard.events(Ended) == []
        # The loop's own, the listener, three for the lines: nothing that belongs to a connection.
        eventually(lambda: guard.files() <= 10, describe=lambda: f"{guard.files()} files are open")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(_JUNK, mutated(), _JUNK.map(REQUESTS[0].__add__)), cuts=st.lists(st.integers(1, 400), max_size=4))
def test_nothing_that_is_said_crashes_it_or_opens_anything(guard, data, cuts):
    with guard.connect() as engine:
        # It may have heard enough before the end.
        with contextlib.suppress(OSError):
            start = 0
            for cut in sorted(cuts):
                engine.sendall(data[start:cut])
                start = max(start, cut)
            engine.sendall(data[start:])
            engine.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := engine.recv(1000):
                answer += piece
    assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 502 "))
    assert b"200" not in answer
