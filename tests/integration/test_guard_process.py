"""The guard as a process: it goes when the daemon goes, and only then."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.egress.grant import KEY_BYTES
from seafevents_offline.egress.guard import argv
from seafevents_offline.egress.messages import Ended, Refused
from tests.support.guard import GRANT, KEY, NO_ANSWER, Echo, GuardProcess, policy_for, request, silent
from tests.support.ports import free_port
from tests.support.waiting import eventually

#: Files of the pipes that a guard keeps.
_KEPT = 16


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


def ends_at_once(guard: GuardProcess) -> None:
    """When the daemon's end of its stdin is closed, as it is when the daemon is killed."""
    assert guard.process.stdin is not None
    guard.process.stdin.close()
    began = time.monotonic()
    assert guard.process.wait(60) == 0
    assert time.monotonic() - began < 5.0


def test_it_ends_with_the_daemon(echo):
    with GuardProcess(policy_for(echo.address)) as guard, guard.tunnel(echo.address):
        ends_at_once(guard)


def test_it_ends_with_the_daemon_while_a_lookup_hangs():
    with GuardProcess(policy_for(), before=NO_ANSWER) as guard, guard.connect() as engine:
        engine.sendall(request("files.example:80"))
        guard.ping()
        ends_at_once(guard)


def test_it_ends_with_the_daemon_before_it_was_told_anything():
    with subprocess.Popen(argv(), stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def test_it_ends_when_nobody_reads_its_events(echo):
    with GuardProcess(policy_for(echo.address), deaf=True) as guard:
        assert guard.process.stdout is not None
        guard.process.stdout.close()
        with contextlib.suppress(ConnectionError):
            guard.refuses("10.0.0.5:80")
        assert guard.process.wait(60) == 0


def test_a_daemon_that_does_not_listen_stops_no_tunnel_and_costs_nothing_when_it_ends(echo):
    with GuardProcess(policy_for(echo.address), deaf=True) as guard, contextlib.ExitStack() as stack:
        engine = stack.enter_context(guard.tunnel(echo.address))
        waiting = []
        for _ in range(1500):
            sock = stack.enter_context(guard.connect())
            sock.sendall(request("10.0.0.5:80"))
            waiting.append(sock)
        assert guard.process.stdout is not None
        # The pipe is full: the last ones are not told off before the daemon could know it.
        waiting[-1].settimeout(0.2)
        with pytest.raises(TimeoutError):
            waiting[-1].recv(1)
        before = guard.cpu()
        engine.sendall(b"x" * 100_000)
        assert engine.recv(1) == b"x"
        engine.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            while engine.recv(100_000):
                pass
        assert guard.cpu() - before < 0.2
        ends_at_once(guard)


def test_nothing_is_lost_when_the_daemon_listens_late(echo):
    with GuardProcess(policy_for(echo.address), deaf=True) as guard, contextlib.ExitStack() as stack:
        many = replace(GRANT, tunnels=10_000)
        for _ in range(700):
            stack.enter_context(guard.connect()).sendall(request("10.0.0.5:80", many))
        for _ in range(100):
            guard.tunnel(echo.address, many).close()
        guard.listen()
        guard.wait_for_number(Ended, 100)
        guard.wait_for_number(Refused, 700)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE])
def test_a_signal_to_everybody_does_not_end_it_before_the_daemon(echo, number):
    with GuardProcess(policy_for(echo.address)) as guard, guard.tunnel(echo.address) as engine:
        guard.process.send_signal(number)
        guard.ping()
        engine.sendall(b"x")
        assert engine.recv(1) == b"x"


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b'{"type":"close"}\n', b"\xff\n"])
def test_a_line_that_is_no_command_ends_it(line):
    with GuardProcess(policy_for()) as guard:
        assert guard.process.stdin is not None
        guard.process.stdin.write(line)
        guard.process.stdin.flush()
        guard.process.wait(60)


def test_its_command_line_and_environment_hold_no_secret_and_nothing_of_seafile():
    with GuardProcess(policy_for()) as guard:
        folder = Path(f"/proc/{guard.process.pid}")
        line, environment = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
    assert len(KEY) == KEY_BYTES
    for text in (line, environment):
        assert KEY.hex().encode() not in text
    assert b"seafevents.main" not in line


# --- ten thousand


def test_nothing_stays_open_of_connections_that_are_cut_at_any_moment(echo):
    nobody = free_port()
    policy = policy_for(echo.address, f"127.0.0.1:{nobody}")
    with (
        GuardProcess(policy, before=NO_ANSWER, lookup=1.0, connect=1.0, request=1.0) as guard,
        silent("127.0.0.1", nobody),
    ):
        guard.tunnel(echo.address).close()
        guard.ping()
        before = guard.files()
        moments = [request("10.0.0.5:80"), request("files.example:80"), request(f"127.0.0.1:{nobody}")]
        moments += [request(echo.address), request(echo.address) + b"x" * 100_000]
        # Half of them know what they want.
        moments += [b"", b"CONNECT files", b"\r\n\r\n", request(echo.address)[:-1], request(echo.address, key=b"x")]
        for number in range(10_000):
            with guard.connect() as engine:
                engine.sendall(moments[number % len(moments)])
        eventually(lambda: guard.files() <= before + _KEPT, describe=lambda: f"{guard.files()} open, {before} before")
        guard.ping()
        guard.tunnel(echo.address).close()
