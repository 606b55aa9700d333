"""Who is turned away by a real guard, how, and that the reason is there before the answer."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seafevents_offline.egress.grant import Grant
from seafevents_offline.egress.messages import Close, Ended, Failed, Refused, Warned, from_line
from seafevents_offline.errors import from_reason
from seafevents_offline.pin import Pin
from tests.support.guard import GRANT, Echo, GuardProcess, exactly, policy_for, request, status
from tests.support.ports import free_port

#: Nobody listens there.
CLOSED = free_port()


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


@pytest.fixture(scope="module")
def guard(echo: Echo) -> Iterator[GuardProcess]:
    policy = policy_for(echo.address, f"127.0.0.1:{CLOSED}", denied_names=frozenset(["denied.example"]))
    with GuardProcess(policy) as guard:
        yield guard


@pytest.mark.parametrize(
    ("target", "code", "sentence"),
    [
        ("10.0.0.5:80", 403, "The address 10.0.0.5 is in a private network."),
        ("[::ffff:10.0.0.5]:80", 403, "The address 10.0.0.5 is in a private network."),
        ("2130706433:80", 403, "The address 127.0.0.1 is this server itself."),
        ("[::1]:80", 403, "The address ::1 is this server itself."),
        ("169.254.169.254:80", 403, "The address 169.254.169.254 is not a public one."),
        ("localhost:80", 403, "The address 127.0.0.1 of localhost is this server itself."),
        ("files.denied.example:80", 403, "The administrator does not allow downloads from files.denied.example."),
        (
            "files.example:22",
            403,
            "Nothing can be downloaded from port 22 of files.example; allowed are the ports 80, 443, 8080, 8443.",
        ),
        ("nowhere.invalid:80", 502, "The server nowhere.invalid cannot be found. Please check the link."),
        ("127.0.0.1:CLOSED", 502, "The connection to 127.0.0.1 failed or was interrupted."),
        ("bücher.example:80", 400, "The link leads to an address that cannot be downloaded."),
        ("http://files.example/:80", 400, "The link leads to an address that cannot be downloaded."),
    ],
)
def test_who_is_turned_away_has_a_reason(guard, target, code, sentence):
    # Not before: the tests must have the same names in all processes.
    target = target.replace("CLOSED", str(CLOSED))
    kind = Failed if code == 502 else Refused
    before = len(guard.events(kind))
    assert guard.refuses(target) == code
    guard.wait_for_number(kind, before + 1)
    event = guard.events(kind)[-1]
    # The system may have its own address for localhost first.
    assert str(from_reason(event.reason, event.args)).replace("::1 of localhost", "127.0.0.1 of localhost") == sentence
    assert (event.odr_id, event.claim) == (GRANT.odr_id, GRANT.claim)
    if code != 400:
        # How an IPv6 address with an IPv4 address inside is written differs from Python to Python.
        host = event.host.replace("::ffff:a00:5", "::ffff:10.0.0.5")
        assert f"[{host}]:{event.port}" == target if ":" in host else f"{host}:{event.port}" == target


def pinned(url: str) -> Grant:
    return replace(GRANT, odr_id=8, only=Pin.of(url))


def last_refusal(guard: GuardProcess, number: int) -> str:
    guard.wait_for_number(Refused, number)
    event = guard.events(Refused)[-1]
    assert event.odr_id == 8
    return str(from_reason(event.reason, event.args))


def test_who_carries_a_secret_gets_to_one_server(guard, echo):
    grant = pinned(f"http://{echo.address}/a")
    with guard.tunnel(echo.address, grant) as engine:
        engine.sendall(b"GET / HTTP/1.1\r\n")
        assert exactly(engine, 16) == b"GET / HTTP/1.1\r\n"
    for target in (f"127.0.0.1:{CLOSED}", f"localhost:{echo.address.rpartition(':')[2]}", "no.such.example:443"):
        before = len(guard.events(Refused))
        assert guard.refuses(target, grant) == 403
        assert last_refusal(guard, before + 1) == (
            f"The link leads on to another server ({target}), which must not get the password or the headers. "
            "Please give the link that it leads to."
        )


def test_what_was_to_be_encrypted_and_is_not_stays_here():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        address = f"127.0.0.1:{server.getsockname()[1]}"
        with GuardProcess(policy_for(address)) as other:
            grant = pinned(f"https://{address}/a")
            with other.tunnel(address, grant) as engine:
                engine.sendall(b"\x16\x03\x01")
                client, _ = server.accept()
                with client:
                    assert exactly(client, 3) == b"\x16\x03\x01"
            with other.tunnel(address, grant) as engine:
                engine.sendall(b"GET / HTTP/1.1\r\n")
                client, _ = server.accept()
                with client:
                    assert client.recv(1) == b""
                assert status(engine) == 403
            assert f"another server ({address})" in last_refusal(other, 1)


def test_a_tunnel_that_waits_for_its_first_word_is_cut_like_any_other(echo):
    with GuardProcess(policy_for(echo.address)) as guard:
        grant = pinned(f"https://{echo.address}/a")
        with guard.tunnel(echo.address, grant) as engine:
            guard.send(Close(grant.odr_id, grant.claim, grant.serial))
            with contextlib.suppress(ConnectionResetError):
                assert engine.recv(1) == b""
        assert guard.events(Ended)[-1].why == "cut"


def test_an_engine_that_goes_without_a_word_is_no_refusal(echo):
    with GuardProcess(policy_for(echo.address)) as guard:
        guard.tunnel(echo.address, pinned(f"https://{echo.address}/a")).close()
        guard.wait_for(Ended)
        assert guard.events(Refused) == []


def test_the_reason_is_told_before_the_engine_is_answered(echo):
    with GuardProcess(policy_for(echo.address), deaf=True) as guard:
        assert guard.process.stdout is not None
        assert guard.refuses("10.0.0.5:80") == 403
        # No waiting: what is not there now comes too late.
        os.set_blocking(guard.process.stdout.fileno(), False)
        lines = os.read(guard.process.stdout.fileno(), 100_000).splitlines()
    event = from_line(lines[-1])
    assert isinstance(event, Refused)
    assert event.reason == "literal_private"


def test_a_refused_request_is_no_tunnel(guard):
    before = len(guard.events(Ended))
    guard.refuses("10.0.0.5:80")
    guard.ping()
    assert len(guard.events(Ended)) == before


# --- credentials


def test_nobody_without_credentials_gets_anywhere(guard, echo):
    with guard.connect() as engine:
        engine.sendall(f"CONNECT {echo.address} HTTP/1.1\r\n\r\n".encode())
        assert status(engine) == 407
        assert engine.recv(1) == b""


def test_credentials_of_another_daemon_are_none(guard, echo):
    assert guard.refuses(echo.address, key=b"another") == 407
    assert "without its credentials" in guard.wait_for(Warned).text


def test_a_forged_grant_is_none(guard, echo):
    honest = request(echo.address, GRANT).split(b"Basic ")[1]
    forged = request(echo.address, replace(GRANT, owner="eve@example.com", bytes=0), key=b"x")
    with guard.connect() as engine:
        engine.sendall(forged.split(b"Basic ")[0] + b"Basic " + honest[:20] + honest[24:])
        assert status(engine) in (400, 407)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_other_methods_are_turned_away(guard, echo, method):
    with guard.connect() as engine:
        engine.sendall(request(echo.address).replace(b"CONNECT", method.encode(), 1))
        assert status(engine) == 400
        assert engine.recv(1) == b""


@pytest.mark.parametrize(
    "junk",
    [
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"CONNECT\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"*1\r\n$4\r\nPING\r\n\r\n",
    ],
)
def test_what_is_no_request_is_told_so(guard, junk):
    with guard.connect() as engine:
        engine.sendall(junk)
        assert status(engine) == 400
        assert engine.recv(1) == b""


def test_a_head_has_an_end(guard):
    with guard.connect() as engine:
        engine.sendall(b"CONNECT files.example:80 HTTP/1.1\r\n" + b"X: y\r\n" * 2000)
        engine.settimeout(60)
        try:
            assert engine.recv(1) in (b"", b"H")
        except ConnectionResetError:
            return
        assert status(engine) in (0, 400)


def test_nobody_is_waited_for_when_he_goes_before_he_has_asked(guard):
    for sent in (b"", b"CONNECT", b"CONNECT files.example:80 HTTP/1.1\r\n"):
        with guard.connect() as engine:
            engine.sendall(sent)
            engine.shutdown(socket.SHUT_WR)
            assert engine.recv(1) == b""


# --- the door


def test_the_door_of_the_canary_is_open_to_the_canary_alone(guard):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert guard.refuses(f"127.0.0.1:{port}") == 403
        assert guard.refuses(f"127.0.0.1:{port}", replace(GRANT, door=port + 1)) == 403
        guard.tunnel(f"127.0.0.1:{port}", replace(GRANT, door=port)).close()
        assert guard.refuses(f"localhost:{port}", replace(GRANT, door=port)) == 403
        assert guard.refuses(f"[::1]:{port}", replace(GRANT, door=port)) == 403
