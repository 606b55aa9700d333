"""A crash changes nothing: real processes, real SIGKILL, and afterwards every file is there exactly once.

Cases A11 to A14, A15, A52 and the two-node cases; on SQLite, and where a kill or a node meets a write on MariaDB too.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable

import pytest

from seafevents_offline.errors import AlreadyRunning
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.tasks import nodes
from tests.support.accounts import Accounts
from tests.support.daemon import CRASHES, Daemon
from tests.support.databases import ON_BOTH_DATABASES
from tests.support.http_server import File, Gate, HttpServer, content
from tests.support.records import put_into
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

#: Rounds of killing at a random moment; each is about a second.
ROUNDS = int(os.environ.get("OFFLINE_DOWNLOAD_ROUNDS", "6"))

#: At the others nobody writes into the database.
AT_A_WRITE = (
    "after the claim",
    "when it is complete",
    "after the place was recorded",
    "between link and status write",
    "after the status write",
)


def assert_each_file_is_there_once(service: Service, expected: dict[str, bytes]) -> None:
    assert service.files() == expected
    assert [path for path in service.library.rglob("*") if path.name.startswith(".")] == []
    eventually(lambda: service.folders() == set(), 60, lambda: f"left over: {service.folders()}")


@pytest.mark.parametrize(
    ("service_database_url", "crash"),
    [*(("sqlite", crash) for crash in CRASHES), *(("mariadb", crash) for crash in AT_A_WRITE)],
    indirect=["service_database_url"],
)
def test_a14_killed_at_every_moment_of_a_life(make_service: MakeService, http_server: HttpServer, crash: str) -> None:
    service = make_service(workers=1)
    file = File(size=300_000, seed=crash)
    with Accounts(service) as accounts:
        odr_id = accounts.add(http_server.serve("/f.bin", file), file)
        with Daemon(service.settings, crash) as daemon:
            assert daemon.wait() == -signal.SIGKILL
        assert service.repository.get(odr_id).claim == (0 if crash == "in the middle of a claim" else 1)
        with Daemon(service.settings):
            assert service.wait(odr_id).stored_path == "/f.bin"
            accounts.settle()


@pytest.mark.parametrize("engine", [False, True], ids=["daemon", "daemon and aria2c"])
def test_a11_killed_in_the_middle_of_a_transfer(
    make_service: MakeService, http_server: HttpServer, engine: bool
) -> None:
    service = make_service(workers=1)
    file = File(size=36_000_000, seed=11, rate=300_000)
    odr_id = service.add(http_server.serve("/f.bin", file))
    with Daemon(service.settings) as daemon:
        service.wait_for(odr_id, lambda task: task.completed > 14_000_000)
        daemon.kill(engine=engine)
    http_server.wait_for_active(0)
    http_server.forget()
    file.rate = 1_000_000
    with Daemon(service.settings):
        task = service.wait(odr_id)
        assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0)
        assert_each_file_is_there_once(service, {"/f.bin": file.read(0, 36_000_000)})
    assert http_server.sent() < 28_000_000, "what was there was used"
    assert any(request.range for request in http_server.requests)


def test_a12_a_server_without_ranges_begins_again(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(workers=1)
    file = File(size=8_000_000, seed=12, rate=1_000_000, ranges=False)
    odr_id = service.add(http_server.serve("/f.bin", file))
    with Daemon(service.settings) as daemon:
        service.wait_for(odr_id, lambda task: task.completed > 2_000_000)
        daemon.kill()
    http_server.wait_for_active(0)
    http_server.forget()
    file.rate = None
    with Daemon(service.settings):
        task = service.wait(odr_id)
        assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0)
        assert_each_file_is_there_once(service, {"/f.bin": file.read(0, 8_000_000)})
    assert http_server.sent() >= 8_000_000


def test_aria2c_alone_killed_again_and_again(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(workers=2)
    files = {f"/{n}.bin": File(size=3_000_000, seed=n, rate=400_000) for n in range(2)}
    ids = [service.add(http_server.serve(path, file)) for path, file in files.items()]
    with Daemon(service.settings) as daemon:
        for amount in (500_000, 1_000_000, 1_500_000):
            service.wait_for(ids[0], lambda task, amount=amount: task.completed > amount or task.status is S.OK)
            pid = eventually(daemon.engine_pid, 60)
            os.kill(pid, signal.SIGKILL)
            eventually(lambda pid=pid: daemon.engine_pid() not in (None, pid), 60)
        for odr_id in ids:
            task = service.wait(odr_id)
            assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0)
        assert_each_file_is_there_once(service, {path: file.read(0, 3_000_000) for path, file in files.items()})


@ON_BOTH_DATABASES
def test_killed_at_random_moments_many_times(make_service: MakeService, http_server: HttpServer) -> None:
    dice = random.Random(20261120)
    service = make_service(workers=4, connections=4)
    files = {
        f"/{n}.bin": File(size=dice.choice([0, 10_000, 400_000, 3_000_000]), seed=n, rate=600_000) for n in range(24)
    }
    pause = threading.Event()
    with Accounts(service) as accounts:
        for path, file in files.items():
            accounts.add(http_server.serve(path, file), file)
        for _ in range(ROUNDS):
            with Daemon(service.settings) as daemon:
                pause.wait(dice.uniform(0.0, 1.5))
                daemon.kill(engine=dice.random() < 0.5)
        for file in files.values():
            file.rate = None
        with Daemon(service.settings):
            accounts.settle(120)


def test_a13_what_was_interrupted_goes_first(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(workers=3)
    gate = Gate()
    first = [service.add(http_server.serve(f"/first{n}", File(data=b"x", hold=gate))) for n in range(3)]
    with Daemon(service.settings) as daemon:
        http_server.wait_for(lambda requests: len(requests) == 3)
        for odr_id in first:
            service.wait(odr_id, S.DOWNLOADING)
        later = [service.add(http_server.serve(f"/later{n}", File(data=b"x")), priority=100) for n in range(3)]
        daemon.kill()
    http_server.forget()
    gate.set()
    one_worker = make_service(workers=1)
    with Daemon(one_worker.settings):
        tasks = [service.wait(odr_id) for odr_id in first + later]
    assert all(task.status is S.OK for task in tasks)
    assert [request.path for request in http_server.requests] == [
        *(f"/first{n}" for n in range(3)),
        *(f"/later{n}" for n in range(3)),
    ]


def test_a52_a_task_that_kills_the_service_is_given_up(
    make_service: MakeService, http_server: HttpServer, service_database_url: str
) -> None:
    service = make_service()
    odr_id = service.add(http_server.serve("/f", File(data=b"x")))
    for restores in range(3):
        with Daemon(service.settings, "before the engine has it") as daemon:
            assert daemon.wait() == -signal.SIGKILL
        assert service.repository.get(odr_id).restores == restores
    # Eight more times.
    put_into(service_database_url, odr_id, restores=10)
    with Daemon(service.settings, "before the engine has it") as daemon:
        service.wait(odr_id, S.ERROR)
        assert daemon.is_running()
    task = service.repository.get(odr_id)
    assert (task.status, task.reason, task.restores) == (S.ERROR, "interrupted_too_often", 11)
    other = service.add(http_server.serve("/g", File(data=b"x")))
    with Daemon(service.settings):
        assert service.wait(other).status is S.OK
        eventually(lambda: service.folders() == set(), 60)


def test_the_same_tempdir_under_another_host_name(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(node="old-container")
    file = File(size=36_000_000, seed=1, rate=300_000)
    odr_id = service.add(http_server.serve("/f", file))
    with Daemon(service.settings) as daemon:
        service.wait_for(odr_id, lambda task: task.completed > 14_000_000)
        daemon.kill(engine=True)
    http_server.wait_for_active(0)
    http_server.forget()
    file.rate = 1_000_000
    renamed = make_service(node="new-container")
    with Daemon(renamed.settings):
        assert service.wait(odr_id).status is S.OK
        assert_each_file_is_there_once(service, {"/f": file.read(0, 36_000_000)})
    assert http_server.sent() < 28_000_000
    assert [node.name for node in service.repository.nodes()] == ["new-container"]


def test_a_second_daemon_on_one_tempdir_refuses(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service()
    with Daemon(service.settings):
        second = make_service()
        with pytest.raises(AlreadyRunning, match="Another download service is running"):
            second.start()
        assert service.wait(service.add(http_server.serve("/f", File(data=b"x")))).status is S.OK


@ON_BOTH_DATABASES
def test_a_frozen_node_that_wakes_up_changes_nothing(
    make_service: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other node watches for 3 s instead of 60; everything else is as it is.
    monkeypatch.setattr(nodes, "WATCH", 3.0)
    file = File(size=2_000_000, seed=1, stall_at=500_000)
    frozen = make_service("frozen", workers=1)
    awake = make_service("awake", workers=1, library=str(frozen.library))
    odr_id = frozen.add(http_server.serve("/f", file))
    with Daemon(frozen.settings) as daemon:
        frozen.wait_for(odr_id, lambda task: task.completed > 200_000)
        first_claim = frozen.repository.get(odr_id).claim
        daemon.freeze()
        awake.start()
        taken = awake.wait_for(odr_id, lambda task: task.claim > first_claim, timeout=120)
        assert taken.claimed_by == awake.downloader.tempdir.node_id
        file.stall.set()
        assert awake.wait(odr_id).status is S.OK
        after = awake.repository.get(odr_id)
        daemon.thaw()
        eventually(lambda: frozen.folders() == set(), 90, lambda: f"{frozen.folders()}")
        assert awake.repository.get(odr_id) == after
    assert awake.files() == {"/f": file.read(0, 2_000_000)}


#: Where a node may be frozen, and whether another one then downloads the file again.
FROZEN = {
    "when it is complete": True,
    "after the place was recorded": True,
    "before the file appears": True,
    "after the file appeared": False,
}


@pytest.mark.parametrize("service_database_url", ["mariadb"], indirect=True)
@pytest.mark.parametrize("moment", FROZEN)
def test_a_node_frozen_at_a_delicate_moment_writes_and_stores_nothing_more(
    make_service: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """On MariaDB: another of its threads may be just writing, and on SQLite everybody waits for whoever writes."""
    monkeypatch.setattr(nodes, "WATCH", 3.0)
    file = File(size=200_000, seed=moment)
    frozen = make_service("frozen", workers=1)
    awake = make_service("awake", workers=1, library=str(frozen.library))
    with Accounts(awake, frozen) as accounts, Daemon(frozen.settings, moment, sign=signal.SIGSTOP) as daemon:
        odr_id = accounts.add(http_server.serve("/f", file), file)
        http_server.wait_for(lambda requests: any(request.done for request in requests))
        eventually(lambda: daemon.is_frozen, 60)
        file.stall_after = 100_000 if FROZEN[moment] else None
        awake.start()
        if FROZEN[moment]:
            # It wakes up while the other one is in the middle of the same file.
            http_server.wait_for(lambda requests: any(request.sent == 100_000 for request in requests), 120)
        else:
            awake.wait(odr_id, timeout=120)
        before = awake.repository.get(odr_id)
        daemon.thaw()
        eventually(lambda: frozen.folders() == set(), 60, lambda: f"{frozen.folders()}")
        assert awake.repository.get(odr_id).status is before.status
        assert awake.repository.get(odr_id).claim == before.claim
        file.stall.set()
        assert awake.wait(odr_id).stored_path == "/f"


@pytest.mark.parametrize("service_database_url", ["mariadb"], indirect=True)
def test_a_node_frozen_in_the_middle_of_a_claim_keeps_nobody_from_claiming(
    make_service: MakeService, http_server: HttpServer
) -> None:
    """Nodes choose one after the other. The server itself takes the lock from who does nothing with it."""
    file = File(size=1000, seed=1)
    frozen = make_service("frozen", workers=1)
    awake = make_service("awake", workers=1, library=str(frozen.library))
    with Accounts(awake, frozen) as accounts:
        odr_id = accounts.add(http_server.serve("/f", file), file)
        with Daemon(frozen.settings, "in the middle of a claim", sign=signal.SIGSTOP) as daemon:
            eventually(lambda: daemon.is_frozen, 60)
            awake.start()
            assert awake.wait(odr_id, timeout=120).status is S.OK
            after = awake.repository.get(odr_id)
            later = accounts.add(http_server.serve("/g", file), file)
            daemon.thaw()
            assert awake.wait(later).status is S.OK
            assert awake.repository.get(odr_id) == after


@ON_BOTH_DATABASES
def test_a15_two_daemons_do_everything_once(make_service: MakeService, http_server: HttpServer) -> None:
    one = make_service("one", workers=8)
    two = make_service("two", workers=8, library=str(one.library))
    gate = Gate()
    ids = [one.add(http_server.serve(f"/{n}", File(size=1000, seed=n, hold=gate))) for n in range(200)]
    with Daemon(one.settings), Daemon(two.settings):
        # Else the first may be done with everything before the second has begun.
        http_server.wait_for_active(16)
        gate.set()
        for odr_id in ids:
            assert one.wait(odr_id, timeout=120).status is S.OK
    assert len(http_server.requests) == 200
    assert one.files() == {f"/{n}": content(n, 1000) for n in range(200)}
    assert {one.repository.get(odr_id).claimed_by for odr_id in ids} == {
        node.node_id for node in one.repository.nodes()
    }
