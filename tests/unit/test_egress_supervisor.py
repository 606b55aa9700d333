"""The daemon's side of the guard: with real guards, which are killed and frozen, and raw connections as the engine."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import socket
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from seafevents_offline.egress import child as child_module
from seafevents_offline.egress import supervisor
from seafevents_offline.egress.claims import in_words
from seafevents_offline.egress.messages import Ended
from seafevents_offline.egress.policy import Policy
from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.errors import ConnectionFailed, GuardUnavailable, HostNotFound, LiteralPrivate
from seafevents_offline.settings import Settings
from tests.support.guard import Echo, status
from tests.support.ports import free_port
from tests.support.waiting import eventually

MakeGuard = Callable[..., Guard]


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as echo:
        yield echo


@pytest.fixture
def make_guard() -> Iterator[MakeGuard]:
    """Makes guards; all are stopped at the end, and nothing of them is left."""
    made: list[Guard] = []

    def make(*allowed: str, **settings: Any) -> Guard:
        settings = {"allow_addresses": allowed, **settings}
        made.append(Guard(Settings(**settings), Policy.from_settings(Settings(**settings))))
        return made[-1]

    yield make
    for guard in made:
        guard.stop(time.monotonic() + 10)
    for guard in made:
        assert (guard.pid, guard.is_up) == (None, False)


@pytest.fixture
def guard(make_guard: MakeGuard, echo: Echo) -> Guard:
    """One that may be harmed."""
    guard = make_guard(echo.address)
    guard.start()
    return guard


@pytest.fixture(scope="module")
def quiet(echo: Echo) -> Iterator[Guard]:
    """One that may not."""
    settings = Settings(allow_addresses=(echo.address,))
    guard = Guard(settings, Policy.from_settings(settings))
    guard.start()
    yield guard
    guard.stop(time.monotonic() + 10)


def begin(guard: Guard, target: str, odr_id: int = 1, claim: int = 1, login: tuple[str, str] | None = None) -> Any:
    """A connection that has asked for ``target`` and was not answered yet."""
    login = login or guard.admit(odr_id, claim, "ada@example.com")
    sock = socket.create_connection(("127.0.0.1", int(guard.proxy.rpartition(":")[2])), timeout=60)
    basic = b64encode(":".join(login).encode()).decode()
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic {basic}\r\n\r\n".encode())
    return sock


def ask(guard: Guard, target: str, odr_id: int = 1, claim: int = 1) -> int:
    """The status of its answer."""
    with begin(guard, target, odr_id, claim) as sock:
        return status(sock)


@contextlib.contextmanager
def tunnel(guard: Guard, target: str, odr_id: int = 1, claim: int = 1) -> Iterator[socket.socket]:
    with begin(guard, target, odr_id, claim) as sock:
        assert status(sock) == 200
        sock.sendall(b"hello")
        assert sock.recv(5) == b"hello"
        yield sock


def is_cut(sock: socket.socket) -> bool:
    """Waits for its end."""
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def hit(guard: Guard, number: signal.Signals) -> int:
    """Send a signal to the process that runs now, and give its number."""
    pid = guard.pid
    assert pid is not None
    os.kill(pid, number)
    return pid


def renewed(guard: Guard, old: int) -> None:
    eventually(lambda: guard.is_up and guard.pid not in (None, old), 60)


# --- what engines ask of it ---------------------------------------------------------------------------


def test_it_lets_through_what_is_allowed_and_writes_it_down(
    quiet: Guard, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with tunnel(quiet, echo.address, 12):
        assert quiet.refusal(12, 1) is None
    # What other tests have done may be told now, too.
    [line] = eventually(lambda: [line for line in caplog.messages if line.startswith("task 12:")])
    said = re.escape(f"task 12: ada@example.com {echo.address} at 127.0.0.1: 5 bytes received, 5 sent in ")
    assert re.fullmatch(rf"{said}\d+\.\d s, \w+", line)


def test_the_reason_is_known_as_soon_as_the_engine_is_told_no(quiet: Guard) -> None:
    for claim in range(50):
        assert ask(quiet, "10.0.0.5:80", 7, claim) == 403
        assert isinstance(quiet.refusal(7, claim), LiteralPrivate)
        assert quiet.refusal(7, claim + 1) is None


def test_a_decision_is_not_forgotten_for_what_fails_later(make_guard: MakeGuard) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    guard = make_guard(nobody)
    guard.start()
    login = guard.admit(1, 1, "")
    for target, expected in (("nowhere.invalid:80", HostNotFound), (nobody, ConnectionFailed), ("10.1.1.1:80", None)):
        with begin(guard, target, login=login) as sock:
            assert status(sock) in (403, 502)
        assert isinstance(guard.refusal(1, 1), expected or LiteralPrivate)
    with begin(guard, nobody, login=login) as sock:
        assert status(sock) == 502
    assert isinstance(guard.refusal(1, 1), LiteralPrivate)
    guard.close(1, 1)
    assert guard.refusal(1, 1) is None


def test_closing_cuts_this_claim_and_no_other(quiet: Guard, echo: Echo) -> None:
    with tunnel(quiet, echo.address, 1) as mine, tunnel(quiet, echo.address, 2) as other:
        quiet.close(1, 1)
        assert is_cut(mine)
        other.sendall(b"again")
        assert other.recv(5) == b"again"


def test_the_end_of_one_beginning_is_not_that_of_the_next(quiet: Guard, echo: Echo) -> None:
    for _ in range(30):
        quiet.admit(1, 1, "")
        quiet.close(1, 1)
        # The quiet may hear of the end after this has arrived.
        with tunnel(quiet, echo.address) as sock:
            sock.sendall(b"again")
            assert sock.recv(5) == b"again"


def test_what_may_pass_follows_from_the_settings(make_guard: MakeGuard, echo: Echo) -> None:
    guard = make_guard(echo.address, max_size=1, connections=1)
    guard.start()
    login = guard.admit(1, 1, "")
    with contextlib.ExitStack() as stack:
        for _ in range(supervisor.tunnels(1)):
            assert status(stack.enter_context(begin(guard, echo.address, login=login))) == 200
        assert status(stack.enter_context(begin(guard, echo.address, login=login))) == 429
    assert guard.refusal(1, 1) is not None


# --- when it ends -------------------------------------------------------------------------------------


def test_a_killed_one_is_replaced_behind_the_same_address(guard: Guard, echo: Echo) -> None:
    proxy = guard.proxy
    with tunnel(guard, echo.address) as sock:
        old = hit(guard, signal.SIGKILL)
        assert is_cut(sock)
    assert ask(guard, echo.address, 2) == 200, "it waits until there is one again"
    assert (guard.proxy, guard.deaths(), guard.is_up) == (proxy, 1, True)
    assert guard.pid != old
    assert guard.condition() == {"up": True, "deaths": 1}


def test_its_death_is_known_as_soon_as_a_connection_is_cut(
    guard: Guard, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_BACK_OFF", (0.0,))
    for number in range(1, 5):
        with contextlib.ExitStack() as stack:
            # The kernel closes what a process has open one after the other.
            socks = [stack.enter_context(tunnel(guard, echo.address, odr_id)) for odr_id in range(1, 20)]
            before = guard.deaths()
            old = hit(guard, signal.SIGKILL)
            assert is_cut(socks[number])
            assert guard.deaths() == before + 1 == number
        renewed(guard, old)


def test_a_refusal_outlives_its_guard(guard: Guard) -> None:
    with begin(guard, "10.0.0.5:80") as sock:
        assert status(sock) == 403
        old = hit(guard, signal.SIGKILL)
        renewed(guard, old)
        assert isinstance(guard.refusal(1, 1), LiteralPrivate)


def test_one_that_hangs_is_replaced(guard: Guard, echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    with tunnel(guard, echo.address) as sock, monkeypatch.context() as hurry:
        old = hit(guard, signal.SIGSTOP)
        # One that lives may be slower than these turns.
        hurry.setattr(supervisor, "_TURN", 0.05)
        assert is_cut(sock)
    renewed(guard, old)
    assert ask(guard, echo.address, 2) == 200
    assert guard.deaths() == 1


def test_one_that_is_silent_but_lives_is_kept(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_TURN", 0.02)
    # It may be slow. But who has not answered is asked no second time.
    monkeypatch.setattr(supervisor, "_GIVEN_UP_AFTER", 3000)
    old = guard.pid
    pings: list[Any] = []
    send = child_module.Child.send
    monkeypatch.setattr(child_module.Child, "send", lambda child, ping: (pings.append(ping), send(child, ping)))
    eventually(lambda: len(pings) >= 5)
    assert (guard.pid, guard.deaths()) == (old, 0)


def test_a_guard_that_cannot_start_is_an_error_with_its_words(
    make_guard: MakeGuard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "argv", lambda: [sys.executable, "-c", "raise SystemExit('no luck today')"])
    guard = make_guard()
    with pytest.raises(GuardUnavailable, match="does not start: no luck today"):
        guard.start()
    assert (guard.pid, guard.is_up, guard.deaths()) == (None, False, 0)
    monkeypatch.setattr(child_module, "argv", lambda: ["/nowhere/python"])
    with pytest.raises(GuardUnavailable, match="cannot be started: No such file"):
        make_guard().start()


def test_while_none_can_be_started_it_is_told_once_and_tried_again(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "_BACK_OFF", (0.0,))
    tries: list[int] = []
    original = child_module.argv

    def broken() -> list[str]:
        tries.append(1)
        return ["/nowhere/python"]

    monkeypatch.setattr(child_module, "argv", broken)
    old = hit(guard, signal.SIGKILL)
    eventually(lambda: len(tries) >= 3)
    assert not guard.is_up
    assert caplog.text.count("No download goes on without it") == 1
    monkeypatch.setattr(child_module, "argv", original)
    renewed(guard, old)
    assert guard.deaths() == 1, "what never was one has cut nothing"


def test_stopping_ends_it_however_it_is(make_guard: MakeGuard) -> None:
    guard = make_guard()
    guard.stop(time.monotonic() + 5)
    other = make_guard()
    other.start()
    process = psutil.Process(other.pid)
    process.suspend()
    began = time.monotonic()
    other.stop(began + 60)
    other.stop(began + 60)
    assert time.monotonic() - began < 30
    assert not process.is_running()


def test_nobody_reads_a_secret_or_inherits_a_file(quiet: Guard) -> None:
    process = psutil.Process(quiet.pid)
    user, password = quiet.admit(1, 1, "")
    command = " ".join(process.cmdline())
    assert "seafevents.main" not in command
    for secret in (quiet._key.hex(), user, password):
        assert secret not in command
    assert set(process.environ()) <= {"PATH", "LC_ALL", "RES_OPTIONS"}
    places = {os.readlink(f"/proc/{quiet.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{quiet.pid}/fd")}
    assert not {place for place in places if place.startswith("/") and not place.startswith(("/memfd:", "/dev/"))}
    assert os.getsid(quiet.pid) == quiet.pid


@pytest.mark.parametrize("owner", ["ada\r\ntask 13: bob", "\x1b[31mada", "\u202eada", "ada 10.0.0.5:80 at 1.2.3.4: 9"])
def test_a_line_of_the_audit_is_one_line_of_harmless_letters(owner: str) -> None:
    ended = Ended(12, 1, owner, "files.example", 443, "93.184.216.34", 1, 2, 3.25, "closed")
    line = in_words(ended)
    assert line.isascii()
    assert line.isprintable()
    assert len(line.split(" ")) == 15
    assert line.endswith(" files.example:443 at 93.184.216.34: 1 bytes received, 2 sent in 3.2 s, closed")
