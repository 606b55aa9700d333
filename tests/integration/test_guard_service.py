"""The service and its guard: what becomes of downloads when a guard dies, and no service where it does not hold."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from seafevents_offline.confine import looking_into
from seafevents_offline.egress import child as child_module
from seafevents_offline.egress import supervisor
from seafevents_offline.egress.canary import Canary
from seafevents_offline.engines.aria2 import Aria2Engine, options
from seafevents_offline.errors import GuardBypassed, GuardUnavailable
from seafevents_offline.launcher import can_restrict_ports
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.tasks import boundary
from seafevents_offline.tasks.checks import checks
from tests.support.accounts import Accounts
from tests.support.daemon import Daemon
from tests.support.http_server import File, Framing, HttpServer, redirect
from tests.support.service import OWNER, Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

AUDIT = "seafevents_offline.audit"


@pytest.fixture
def make(tmp_path: Path) -> Iterator[MakeService]:
    """Makes services on SQLite: nothing here is the database's concern."""
    made: list[Service] = []

    def make(**settings: Any) -> Service:
        made.append(Service(tmp_path, f"sqlite:///{tmp_path / 'tasks.db'}", **settings))
        return made[-1]

    yield make
    for service in made:
        service.stop()


def guard_of(service: Service) -> supervisor.Guard:
    assert service.downloader._guard is not None
    return service.downloader._guard


def hit(guard: supervisor.Guard, number: signal.Signals) -> None:
    pid = guard.pid
    assert pid is not None
    os.kill(pid, number)


def peers(pid: int) -> set[tuple[int, int]]:
    """Near and far port of each IPv4 connection that the process has."""
    try:
        with looking_into(pid):
            held = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return set()
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return {
        (int(row[1].rpartition(":")[2], 16), int(row[2].rpartition(":")[2], 16))
        for row in rows
        if f"socket:[{row[9]}]" in held
    }


class Lookout:
    """Watches what aria2c, whichever it is at the moment, is connected to while a test runs."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.seen: set[tuple[int, int]] = set()
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._finished.set()
        self._thread.join(60)

    def _watch(self) -> None:
        while not self._finished.wait(0.01):
            # Between one aria2c and the next there is nothing to see.
            with contextlib.suppress(FileNotFoundError, ValueError):
                self.seen |= peers(self._service.engine_pid())

    def goes_only_to(self, proxy: str, server: HttpServer) -> bool:
        far = {far for _near, far in self.seen}
        return int(proxy.rpartition(":")[2]) in far and server.port not in far


# --- a guard that dies --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["killed", "frozen", "with aria2c"])
def test_downloads_outlive_their_guard(
    make: MakeService, http_server: HttpServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make(workers=6, max_attempts=1, connections=2)
    part = {"rate": 1_500_000, "stall_after": 600_000}
    files = [File(size=4_000_000, seed=n, **part) for n in range(3)]
    # One that cannot be continued, and whose end is the connection's.
    files.append(File(size=3_000_000, seed="close", framing=Framing.CLOSE, **part))
    with Accounts(service) as accounts:
        guard = guard_of(service.start())
        with Lookout(service) as lookout:
            ids = [accounts.add(http_server.serve(f"/{n}", file), file) for n, file in enumerate(files)]
            for odr_id in ids:
                service.wait_for(odr_id, lambda task: task.completed > 200_000)
            hit(guard, signal.SIGSTOP if how == "frozen" else signal.SIGKILL)
            with monkeypatch.context() as impatient:
                # Not for longer: on a busy machine the next one might be taken for a frozen one, too.
                impatient.setattr(supervisor, "_TURN", 0.1)
                eventually(lambda: guard.deaths() == 1)
            for file in files:
                file.stall.set()
            if how == "with aria2c":
                os.kill(service.engine_pid(), signal.SIGKILL)
            accounts.add(http_server.serve("/late", File(data=b"late")), b"late")
            accounts.settle()
        assert guard.deaths() == 1
        assert lookout.goes_only_to(guard.proxy, http_server)


def test_a_new_download_waits_for_a_guard_and_nothing_is_held_against_it(
    make: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make(max_attempts=1).start()
    guard = guard_of(service)
    original = child_module.argv
    monkeypatch.setattr(child_module, "argv", lambda: ["/nowhere/python"])
    hit(guard, signal.SIGKILL)
    eventually(lambda: not guard.is_up)
    odr_id = service.add(http_server.serve("/a", File(data=b"x")))
    service.wait(odr_id, S.DOWNLOADING)
    pool = service.downloader._pool
    assert pool is not None
    eventually(lambda: [run.suspended for run in pool.runs()] == [True])
    assert http_server.requests == []
    monkeypatch.setattr(child_module, "argv", original)
    task = service.wait(odr_id)
    assert (task.status, task.attempts) == (S.OK, 0)


def test_what_is_cut_is_not_taken_for_its_end(make: MakeService, http_server: HttpServer) -> None:
    """aria2 takes the end of a connection for the end of a file whose length nobody told it."""
    service = make().start()
    file = File(size=3_000_000, seed=5, framing=Framing.CLOSE, stall_after=1_500_000)
    odr_id = service.add(http_server.serve("/a", file))
    service.wait_for(odr_id, lambda task: task.completed > 1_000_000)
    service.repository.act(odr_id, Action.PAUSE, OWNER)
    service.downloader.wake()
    http_server.wait_for_active(0)
    file.stall.set()
    service.repository.act(odr_id, Action.RESUME, OWNER)
    service.wait(odr_id)
    assert service.files() == {"/a": file.read(0, 3_000_000)}


def test_cancelling_cuts_the_bytes(
    make: MakeService, http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = make(connections=1).start()
    odr_id = service.add(http_server.serve("/a", File(size=50_000_000, rate=200_000)))
    service.wait_for(odr_id, lambda task: task.completed > 0)
    # Else it may be quicker than the guard, and the connection is closed before anybody cuts it.
    aria2 = psutil.Process(service.engine_pid())
    aria2.suspend()
    service.repository.act(odr_id, Action.CANCEL, OWNER)
    service.downloader.wake()
    http_server.wait_for_active(0)
    # By now it may have been found hanging and be gone.
    with contextlib.suppress(psutil.NoSuchProcess):
        aria2.resume()
    eventually(lambda: service.folders() == set())

    def lines() -> list[str]:
        start = f"task {odr_id}: {OWNER} {http_server.address} at 127.0.0.1: "
        found = [record.getMessage() for record in caplog.records if record.name == AUDIT]
        return [line for line in found if line.startswith(start)]

    [line] = eventually(lines)
    assert line.endswith(", cut")


# --- what it says -------------------------------------------------------------------------------------


@pytest.mark.parametrize("redirected", [False, True])
def test_the_reason_reaches_the_record(make: MakeService, http_server: HttpServer, redirected: bool) -> None:
    service = make().start()
    url = "http://10.0.0.5/a" if not redirected else http_server.serve("/a", redirect("http://10.0.0.5/a"))
    task = service.wait(service.add(url))
    assert (task.status, task.reason) == (S.ERROR, "literal_private")
    assert task.comment == "The address 10.0.0.5 is in a private network."


def test_each_connection_has_its_line(
    make: MakeService, http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = make(connections=4).start()
    odr_id = service.add(http_server.serve("/a", File(size=20_000_000, seed=1)))
    service.wait(odr_id)

    def lines() -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name == AUDIT and record.getMessage().startswith(f"task {odr_id}: {OWNER} {http_server.address} ")
        ]

    # What nobody reports nobody guarded.
    eventually(lambda: len(lines()) == http_server.connections, 60, lambda: f"{http_server.connections}: {lines()}")


# --- a guard that does not hold -----------------------------------------------------------------------


@pytest.mark.parametrize("way", ["around the guard", "through the guard"])
def test_no_service_where_downloads_reach_this_machine(
    make: MakeService, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    service = make()
    if way == "around the guard":
        monkeypatch.setattr(options, "way_out", lambda proxy: [])
        connect_anywhere(monkeypatch)
    else:
        leaking = leak(child_module.argv())
        monkeypatch.setattr(child_module, "argv", lambda: leaking)
    before = children()
    with pytest.raises(GuardBypassed, match=r"could reach (127\.0\.0\.1|::1) of this server"):
        service.downloader.start()
    assert children() == before, "nothing was left"
    assert not service.downloader.tempdir.is_locked()
    [node] = service.repository.nodes()
    assert node.health["off"]["reason"] == "guard_bypassed"
    [found] = [check for check in checks(service.settings, service.repository) if check.name == "guard"]
    assert not found.ok
    assert "stays off" in found.detail
    monkeypatch.undo()
    service.start()
    eventually(lambda: "guard" in service.repository.nodes()[0].health)


@pytest.mark.skipif(not can_restrict_ports(), reason="this kernel is older than Linux 6.7, or has no Landlock")
def test_the_kernel_lets_aria2c_connect_to_nothing_but_the_guard(
    make: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one that knows of no guard."""
    service = make()
    monkeypatch.setattr(options, "way_out", lambda proxy: [])
    with pytest.raises(GuardUnavailable):
        service.downloader.start()


def connect_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a kernel that cannot keep aria2c from other ports."""
    confinement = Aria2Engine._confinement
    monkeypatch.setattr(Aria2Engine, "_confinement", lambda engine: replace(confinement(engine), port=0))


def leak(argv: list[str]) -> list[str]:
    """The command line of a guard that connects to anything."""
    *isolated, program = argv
    blind = (
        "import seafevents_offline.egress.guard.gate as gate; "
        "gate.judge = gate.check_host = lambda *_, **__: None; gate.stays_here = lambda _: False; "
    )
    return [*isolated, program.replace("from seafevents_offline", f"{blind}from seafevents_offline", 1)]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def test_no_service_where_the_test_cannot_be_run(make: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "_TIME_LIMIT", 1.0)
    monkeypatch.setattr(Canary, "_redirect", lambda canary: None)
    service = make()
    with pytest.raises(GuardUnavailable, match="its test came to no end"):
        service.downloader.start()
    assert service.repository.nodes()[0].health["off"]["reason"] == "guard_unavailable"


def test_no_service_without_a_guard(make: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "argv", lambda: ["/nowhere/python"])
    before = children()
    with pytest.raises(GuardUnavailable):
        make().downloader.start()
    assert children() == before


def test_the_guard_is_tried_by_doctor(make: MakeService) -> None:
    service = make()
    [found] = [check for check in checks(service.settings, service.repository) if check.name == "guard"]
    assert found.ok, found.detail


# --- the end ------------------------------------------------------------------------------------------


def test_stopping_the_service_ends_its_guard(make: MakeService) -> None:
    before = children()
    service = make().start()
    assert len(children() - before) == 2
    service.downloader.stop()
    assert children() == before


def test_the_guard_of_a_killed_daemon_ends_with_it(make: MakeService, http_server: HttpServer) -> None:
    service = make(workers=1)
    odr_id = service.add(http_server.serve("/a", File(size=2_000_000, rate=500_000)))
    with Daemon(service.settings) as daemon:
        service.wait_for(odr_id, lambda task: task.completed > 0)
        guards = [child for child in psutil.Process(daemon.pid).children() if "guard.main" in child.cmdline()[-1]]
        daemon.kill()
        [guard] = guards
        eventually(lambda: not guard.is_running() or guard.status() == psutil.STATUS_ZOMBIE)
