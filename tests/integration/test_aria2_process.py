"""The private aria2c as a process: what it is told, what it tells others, how it begins and how it ends."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

from seafevents_offline.engines.aria2 import Aria2Engine, end_old_engine, process
from seafevents_offline.errors import EngineUnavailable
from seafevents_offline.process import identity
from seafevents_offline.settings import Settings
from tests.support.egress import Open
from tests.support.engines import ONE_ARIA2C, Aria2
from tests.support.http_server import Answer, File, HttpServer
from tests.support.ports import free_port, server_port
from tests.support.rights import limits
from tests.support.waiting import eventually

MakeAria2 = Callable[..., Aria2]

MB = 1024 * 1024


def secret_of(aria2: Aria2) -> str:
    found = re.search(r"^rpc-secret=(\w+)$", (aria2.home / "aria2.conf").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


# --- secrets and neighbours ---------------------------------------------------------------------------


def test_nothing_secret_is_to_be_seen_from_outside(aria2: Aria2, http_server: HttpServer) -> None:
    url = http_server.serve("/a.bin", File(size=8 * MB, rate=MB)) + "?token=query-secret"
    aria2.get(url).reached(1)
    secret = secret_of(aria2)
    assert len(secret) == 64
    seen = aria2.process.cmdline() + list(aria2.process.environ().items())
    assert secret not in str(seen)
    assert "query-secret" not in str(seen)
    assert aria2.process.cmdline()[1] == "--conf-path=aria2.conf"
    assert set(aria2.process.environ()) == {"HOME", "PATH", "LC_ALL"}
    for name in ("aria2.conf", "aria2.pid", "aria2.log"):
        assert (aria2.home / name).stat().st_mode & 0o777 == 0o600


def test_the_log_holds_no_links(aria2: Aria2, http_server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for odr_id, status in enumerate([200, 404, 401, 500], 1):
        url = http_server.serve(f"/{status}", Answer(status)) + "?token=query-secret"
        aria2.get(url, odr_id).ended()
    aria2.get(f"http://127.0.0.1:{server_port()}/x?token=query-secret", 9).failed()
    secret = secret_of(aria2)
    aria2.process.kill()
    eventually(lambda: "has died" in caplog.text)
    logs = (aria2.home / "aria2.log").read_text() + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("seafevents_offline")
    )
    assert "query-secret" not in logs
    assert secret not in logs


def test_it_listens_on_the_loopback_alone(aria2: Aria2, http_server: HttpServer) -> None:
    aria2.get(http_server.serve("/a.bin", File(size=8 * MB, rate=MB))).reached(1)
    listening = [c.laddr for c in aria2.process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert {address.ip for address in listening} <= {"127.0.0.1", "::1"}
    assert "127.0.0.1" in {address.ip for address in listening}
    assert len({address.port for address in listening}) == 1
    # No DHT, no local peer discovery.
    assert [c for c in aria2.process.net_connections("udp") if c.laddr and not c.raddr] == []


@ONE_ARIA2C
def test_strangers_are_refused(aria2: Aria2) -> None:
    port = re.search(r"^rpc-listen-port=(\d+)$", (aria2.home / "aria2.conf").read_text(), re.MULTILINE)
    assert port is not None
    url = f"http://127.0.0.1:{port[1]}/jsonrpc"
    for params in ([], ["token:"], ["token:wrong"]):
        answer = requests.post(
            url, json={"jsonrpc": "2.0", "id": "1", "method": "aria2.getVersion", "params": params}, timeout=60
        )
        assert answer.json()["error"]["message"] == "Unauthorized"
        assert "Access-Control-Allow-Origin" not in answer.headers
    answer = requests.get(url, params={"method": "aria2.getVersion", "id": "1", "params": "W10="}, timeout=60)
    assert answer.json()["error"]["message"] == "Unauthorized"


def test_an_inherited_file_is_the_lock_and_no_other(
    make_aria2: MakeAria2, tmp_path: Path, aria2c: Path, http_server: HttpServer
) -> None:
    lock, other = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR), os.open(tmp_path / "other", os.O_CREAT)
    os.set_inheritable(other, True)
    fcntl.flock(lock, fcntl.LOCK_EX)
    aria2 = make_aria2()
    aria2.engine = Aria2Engine(aria2.settings, aria2.home, Open(), lock)
    aria2.start()
    files = {os.readlink(f"/proc/{aria2.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{aria2.process.pid}/fd")}
    assert str(tmp_path / "lock") in files
    assert str(tmp_path / "other") not in files
    os.close(lock)
    os.close(other)
    again = os.open(tmp_path / "lock", os.O_RDWR)
    with pytest.raises(BlockingIOError):
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    aria2.stop()
    fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(again)


def test_it_is_in_a_session_of_its_own(aria2: Aria2) -> None:
    assert os.getsid(aria2.process.pid) == aria2.process.pid


def test_its_log_does_not_grow_for_ever(aria2: Aria2, http_server: HttpServer) -> None:
    log = aria2.home / "aria2.log"
    with open(log, "ab") as file:
        file.write(bytes(2 * MB))
    aria2.get(http_server.serve("/a", File(size=40 * MB, rate=MB)))
    eventually(lambda: log.stat().st_size < MB)


def test_it_may_open_many_files(make_aria2: MakeAria2) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
    try:
        aria2 = make_aria2().start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert limits(aria2.process.pid)["Max open files"][0] == str(min(hard, 16384))


# --- start --------------------------------------------------------------------------------------------


def test_threads_begin_with_the_start_and_end_with_the_stop(make_aria2: MakeAria2) -> None:
    def ours() -> set[str]:
        return {thread.name for thread in threading.enumerate() if thread.name.startswith("offline-engine-")}

    aria2 = make_aria2()
    assert ours() == set()
    aria2.start()
    assert ours() == {"offline-engine-monitor", "offline-engine-notifications"}
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in ours())
    child = aria2.process
    aria2.stop()
    assert ours() == set()
    assert not child.is_running()


def test_a_start_that_fails_leaves_nothing_behind(make_aria2: MakeAria2, tmp_path: Path) -> None:
    false = tmp_path / "aria2c"
    false.write_text('#!/bin/sh\n[ "$1" = --version ] && echo aria2 version 9.9 && exit\necho It rains. >&2\nexit 1\n')
    false.chmod(0o755)
    aria2 = make_aria2(binary=false)
    with pytest.raises(EngineUnavailable, match=r"aria2c does not start: It rains\."):
        aria2.start()
    assert [thread for thread in threading.enumerate() if thread.name.startswith("offline-engine-")] == []
    assert [child for child in psutil.Process().children() if "aria2c" in child.name()] == []


@pytest.mark.parametrize("setting", ["aria2c", "ca_certificate"])
def test_a_wrong_setting_is_a_sentence(make_aria2: MakeAria2, tmp_path: Path, aria2c: Path, setting: str) -> None:
    place = str(tmp_path / "nowhere")
    aria2 = make_aria2(binary=Path(place)) if setting == "aria2c" else make_aria2(ca_certificate=place)
    with pytest.raises(EngineUnavailable, match=re.escape(place)):
        aria2.start()


def test_a_port_that_was_taken_meanwhile_is_left_to_the_other(
    make_aria2: MakeAria2, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aria2c alone would listen on ::1 then, and the secret would go to the program on 127.0.0.1."""
    given: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], taken.getsockname()[1], free_port()]

        def next_port() -> int:
            given.append(ports[len(given)])
            return given[-1]

        monkeypatch.setattr(process, "_free_port", next_port)
        aria2 = make_aria2().start()
        assert aria2.get(http_server.serve("/a", File(size=10))).complete().size == 10
        taken.settimeout(0.1)
        with pytest.raises(TimeoutError):
            taken.accept()
    assert given == ports


def test_files_of_others_are_not_written_through(make_aria2: MakeAria2, tmp_path: Path) -> None:
    aria2 = make_aria2()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("aria2.conf", "aria2.pid", "aria2.log"):
        (aria2.home / name).symlink_to(victim)
    aria2.start()
    assert victim.read_text() == "precious"


# --- the engine of an earlier run ---------------------------------------------------------------------

_DAEMON = """
import sys, time
from pathlib import Path
from seafevents_offline.engines.aria2 import Aria2Engine
from seafevents_offline.engines.base import Job
from seafevents_offline.settings import Settings
from tests.support.egress import Open
home, binary, url = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
engine = Aria2Engine(Settings(aria2c=binary), home, Open())
engine.start()
(home / "1").mkdir()
engine.add(Job(1, 1, url, home / "1"), lambda: None)
print("started", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def daemon(tmp_path: Path, aria2c: Path, http_server: HttpServer) -> Iterator[subprocess.Popen[str]]:
    """Another process whose engine is downloading into tmp_path/engine/1."""
    (tmp_path / "engine").mkdir()
    url = http_server.serve("/a.bin", File(size=40 * MB, rate=MB, stall_after=2 * MB))
    child = subprocess.Popen(
        [sys.executable, "-c", _DAEMON, str(tmp_path / "engine"), str(aria2c), url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    http_server.wait_for_active(8)
    yield child
    child.kill()
    child.communicate()
    end_old_engine(tmp_path / "engine", time.monotonic() + 10)


def engine_of(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "aria2.pid").read_text().partition(":")[0]))


@pytest.mark.parametrize("hanging", [False, True])
def test_the_engine_of_a_killed_daemon_is_ended(
    daemon: subprocess.Popen[str], tmp_path: Path, http_server: HttpServer, hanging: bool
) -> None:
    home = tmp_path / "engine"
    old = engine_of(home)
    eventually((home / "1" / "a.bin.aria2").exists)
    if hanging:
        old.suspend()
    daemon.kill()
    daemon.wait()
    began = time.monotonic()
    end_old_engine(home, began + 60)
    assert time.monotonic() - began < 30
    assert not old.is_running() or old.status() == psutil.STATUS_ZOMBIE
    assert Aria2Engine(Settings(), home, Open()).resumable(home / "1")


def test_the_engine_of_a_living_daemon_is_left_alone(daemon: subprocess.Popen[str], tmp_path: Path) -> None:
    home = tmp_path / "engine"
    end_old_engine(home, time.monotonic() + 10)
    assert engine_of(home).is_running()


def test_it_ends_by_itself_soon_after_its_daemon(daemon: subprocess.Popen[str], tmp_path: Path) -> None:
    old = engine_of(tmp_path / "engine")
    daemon.kill()
    daemon.wait()
    eventually(lambda: not old.is_running() or old.status() == psutil.STATUS_ZOMBIE)


def test_another_process_with_its_number_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        name = identity(other.pid)
        for child in (name, f"{other.pid}:1", str(other.pid), "x", ""):
            (tmp_path / "aria2.pid").write_text(f"{child}\n999999999:1\n")
            end_old_engine(tmp_path, time.monotonic() + 5)
        assert other.poll() is None
        other.send_signal(signal.SIGTERM)


def test_an_aria2c_of_somebody_else_is_left_alone(tmp_path: Path, make_aria2: MakeAria2) -> None:
    other = make_aria2("other").start()
    (tmp_path / "aria2.pid").write_text(f"{identity(other.process.pid)}\n999999999:1\n")
    end_old_engine(tmp_path, time.monotonic() + 5)
    assert other.process.is_running()


def test_no_old_engine_is_nothing_to_wait_for(tmp_path: Path) -> None:
    began = time.monotonic()
    end_old_engine(tmp_path, began + 60)
    assert time.monotonic() - began < 30


# --- cost ---------------------------------------------------------------------------------------------


@ONE_ARIA2C
def test_an_idle_engine_asks_nothing(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2().start()
    aria2.get(http_server.serve("/a", File(size=10))).complete()
    rounds = aria2.process.io_counters()
    before = time.process_time()
    threading.Event().wait(5)
    assert time.process_time() - before < 0.2
    # Nothing arrived at aria2c either.
    assert aria2.process.io_counters().read_count - rounds.read_count < 20
