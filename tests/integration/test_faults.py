"""Faults of the infrastructure: a clear sentence, no attempt lost, and all goes on when the cause is gone."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.engines.aria2 import Aria2Engine, binary
from seafevents_offline.errors import EngineUnavailable, SettingsError, TempDirUnusable
from seafevents_offline.settings import PROXY_VARIABLES
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.tasks.checks import checks
from tests.support.accounts import Accounts
from tests.support.databases import new_mariadb, remove_mariadb
from tests.support.http_server import File, Framing, Gate, HttpServer
from tests.support.mariadb import MariaDb
from tests.support.records import put_into
from tests.support.service import Service

S = OfflineDownloadStatus
MakeService = Callable[..., Service]


# --- the database -------------------------------------------------------------------------------------


@pytest.fixture
def own_mariadb() -> Iterator[MariaDb]:
    """A server that the test may kill and start; what was committed is on the disk."""
    server = new_mariadb(options=())
    yield server
    remove_mariadb(server)


def test_a16_the_database_goes_away_in_the_middle_of_everything(
    own_mariadb: MariaDb, tmp_path: Path, http_server: HttpServer
) -> None:
    own_mariadb.execute("CREATE DATABASE seahub")
    service = Service(tmp_path, own_mariadb.url("seahub"), workers=2)
    with Accounts(service) as accounts:
        service.start()
        file = File(size=3_000_000, seed=1, rate=400_000)
        running = accounts.add(http_server.serve("/a", file), file)
        for n in range(5):
            accounts.add(http_server.serve(f"/{n}", file := File(size=1000, seed=n)), file)
        service.wait_for(running, lambda task: task.completed > 0)
        own_mariadb.kill()
        # The download goes on meanwhile and ends; its outcome waits for the database.
        http_server.wait_for(lambda requests: any(r.path == "/a" and r.done for r in requests), 60)
        http_server.wait_for_active(0)
        own_mariadb.start()


def test_a_locked_sqlite_is_waited_for(tmp_path: Path, http_server: HttpServer) -> None:
    path = tmp_path / "tasks.db"
    with Service(tmp_path, f"sqlite:///{path}?timeout=0.5") as service:
        odr_id = service.add(http_server.serve("/a", File(data=b"x")))
        service.wait(odr_id)
        other = sqlite3.connect(path, isolation_level=None)
        gate = Gate()
        later = service.add(http_server.serve("/b", File(size=100_000, hold=gate)))
        service.wait(later, S.DOWNLOADING)
        other.execute("BEGIN EXCLUSIVE")
        gate.set()
        http_server.wait_for(lambda requests: any(r.path == "/b" and r.done for r in requests))
        other.execute("COMMIT")
        other.close()
        task = service.wait(later)
        assert (task.status, task.attempts) == (S.OK, 0)


# --- aria2c -------------------------------------------------------------------------------------------


def test_a_start_that_fails_leaves_nothing_behind(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in PROXY_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(SettingsError, match="upstream-proxy"):
        make_service(upstream_proxy="env").start()
    make_service().start()


def test_a_service_without_a_seafile_server_waits_for_one(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(storage="seafile").start()
    odr_id = service.add(http_server.serve("/a", File(size=1)))
    task = service.wait_for(odr_id, lambda task: bool(task.reason))
    assert (task.status, task.reason, task.attempts) == (S.WAITING, "storage_unavailable", 0)
    assert "modules of the Seafile server are not here" in task.comment


def test_a_missing_aria2c_is_said_at_the_start(make_service: MakeService) -> None:
    service = make_service(aria2c="/no/such/aria2c")
    with pytest.raises(EngineUnavailable, match="/no/such/aria2c"):
        service.start()
    # Nothing is left locked: with the right setting the same place starts.
    make_service().start()


def test_an_aria2c_that_is_removed_and_comes_back(
    make_service: MakeService, http_server: HttpServer, tmp_path: Path
) -> None:
    found = binary.find("").path
    program = tmp_path / "aria2c"
    shutil.copy(found, program)
    service = make_service(aria2c=str(program)).start()
    file = File(size=4_000_000, seed=1, rate=30_000)
    odr_id = service.add(http_server.serve("/a", file))
    service.wait_for(odr_id, lambda task: task.completed > 0)
    program.rename(tmp_path / "gone")
    pid = service.engine_pid()
    os.kill(pid, signal.SIGKILL)
    http_server.wait_for_active(0)
    assert service.repository.get(odr_id).status is S.DOWNLOADING
    file.rate = None
    (tmp_path / "gone").rename(program)
    task = service.wait(odr_id)
    assert (task.status, task.attempts, task.claim) == (S.OK, 0, 1)


def test_a_stopped_aria2c_is_replaced(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service()
    file = File(size=8_000_000, seed=1, rate=30_000)
    with Accounts(service) as accounts:
        service.start()
        odr_id = accounts.add(http_server.serve("/a", file), file)
        service.wait_for(odr_id, lambda task: task.completed > 0)
        pid = service.engine_pid()
        os.kill(pid, signal.SIGSTOP)
        file.rate = 500_000
        assert service.wait(odr_id).claim == 1
        assert service.engine_pid() != pid


# --- the temporary directory --------------------------------------------------------------------------


def test_a_full_disk_costs_no_attempt(small_disk: Path, make_service: MakeService, http_server: HttpServer) -> None:
    """The server names no length, so that nothing is known before the disk is full."""
    service = make_service(tempdir=str(small_disk / "temp")).start()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 700_000)
    odr_id = service.add(http_server.serve("/a", File(size=600_000, seed=1, framing=Framing.CLOSE)))
    task = service.wait_for(odr_id, lambda task: task.reason != "")
    assert (task.reason in ("temp_disk_full", "disk_reserved"), task.attempts) == (True, 0)
    assert "The server's disk" in task.comment
    assert service.folders() <= {odr_id}
    ballast.unlink()
    task = service.wait(odr_id)
    assert (task.status, task.attempts, task.comment) == (S.OK, 0, "")


def test_what_does_not_fit_is_not_begun_and_others_get_the_room(
    small_disk: Path, make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(tempdir=str(small_disk / "temp"), workers=4).start()
    large = File(size=500_000, seed=1, stall_after=100_000)
    first = service.add(http_server.serve("/large", large))
    service.wait_for(first, lambda task: task.size > 0)
    # Of a disk of 1,048,576 bytes, on which the certificates are, too, most of the first has not come yet.
    later = File(size=400_000, seed=2, stall_after=50_000)
    second = service.add(http_server.serve("/second", later))
    task = service.wait_for(second, lambda task: task.reason != "")
    assert (task.reason, task.attempts) == ("disk_reserved", 0)
    small = service.add(http_server.serve("/small", File(size=100_000, seed=3)))
    assert service.wait(small).status is S.OK
    for file in (large, later):
        file.stall.set()
    assert [service.wait(odr_id).status for odr_id in (first, second)] == [S.OK, S.OK]
    assert service.files() == {
        "/large": File(seed=1).read(0, 500_000),
        "/second": File(seed=2).read(0, 400_000),
        "/small": File(seed=3).read(0, 100_000),
    }


def test_a_disk_full_of_what_waits_gets_room_again(
    small_disk: Path, make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(tempdir=str(small_disk / "temp"), disk_high=80, disk_low=60)
    paused = service.add(http_server.serve("/paused", File(size=100_000, seed=1)))
    service.repository.act(paused, Action.PAUSE)
    service.downloader.tempdir.open()
    node_id = service.downloader.tempdir.node_id
    put_into(service.settings.database, paused, claimed_by=node_id)
    (service.downloader.tempdir.make(paused) / "part").write_bytes(b"x" * 700_000)
    odr_id = service.add(http_server.serve("/a", File(size=100_000, seed=2)))
    service.start()
    assert service.wait(odr_id).status is S.OK
    assert service.repository.get(paused).status is S.PAUSED
    service.repository.act(paused, Action.RESUME)
    assert service.wait(paused).status is S.OK


def test_a_temporary_directory_that_cannot_be_made(make_service: MakeService, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    service = make_service(tempdir=str(tmp_path / "file" / "temp"))
    with pytest.raises(TempDirUnusable, match="file/temp"):
        service.start()


def test_a_task_folder_that_is_in_the_way(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service().start()
    obstacle = service.downloader.tempdir.path / "1"
    obstacle.write_text("not a directory")
    odr_id = service.add(http_server.serve("/a", File(data=b"x")))
    task = service.wait_for(odr_id, lambda task: task.reason != "")
    assert (task.reason, task.attempts) == ("tempdir_unusable", 0)
    obstacle.unlink()
    assert service.wait(odr_id).status is S.OK


# --- the library --------------------------------------------------------------------------------------


def test_a_library_that_goes_away_and_comes_back(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service().start()
    away = service.library.with_name("unmounted")
    service.library.rename(away)
    odr_id = service.add(http_server.serve("/a", File(data=b"x")))
    task = service.wait_for(odr_id, lambda task: task.reason != "")
    assert (task.reason, task.attempts) == ("storage_unavailable", 0)
    away.rename(service.library)
    assert service.wait(odr_id).status is S.OK


def test_a_library_that_goes_away_while_downloading_keeps_the_payload(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service().start()
    file = File(size=1_500_000, seed=1, rate=30_000)
    odr_id = service.add(http_server.serve("/a", file))
    service.wait_for(odr_id, lambda task: task.completed > 0)
    away = service.library.with_name("unmounted")
    service.library.rename(away)
    file.rate = None
    service.wait_for(odr_id, lambda task: task.reason == "storage_unavailable")
    requests = len(http_server.requests)
    away.rename(service.library)
    assert service.wait(odr_id).status is S.OK
    assert len(http_server.requests) == requests, "nothing was downloaded again"


# --- doctor -------------------------------------------------------------------------------------------


def test_doctor_names_the_part_that_is_broken(make_service: MakeService, tmp_path: Path) -> None:
    service = make_service(aria2c="/no/such/aria2c", tempdir=str(tmp_path / "open"))
    (tmp_path / "open").mkdir(mode=0o755)
    shutil.rmtree(service.library)
    found = {check.name: check for check in checks(service.settings, service.repository)}
    assert found["database"].ok
    assert not found["download program"].ok
    assert "/no/such/aria2c" in found["download program"].detail
    assert found["guard"].detail == "It starts, but was not tried: the download program comes first."
    assert not found["temporary folder"].ok
    assert "chmod 700" in found["temporary folder"].detail
    assert not found["library"].ok
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755, "looking changes nothing"


def test_doctor_without_a_guard(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    service = make_service(upstream_proxy="env")
    found = {check.name: check for check in checks(service.settings, service.repository)}
    assert not found["guard"].ok
    assert "upstream-proxy" in found["guard"].detail
    assert not found["download program"].ok
    assert found["download program"].detail.startswith("aria2 1.")
    assert found["download program"].detail.endswith(" It was not started: the guard comes first.")


def test_doctor_on_a_service_that_is_well(make_service: MakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    service, started = make_service(mime_deny=("text/html",)), []
    for part in (Aria2Engine, Guard):
        start = part.start
        monkeypatch.setattr(part, "start", lambda self, start=start: started.append(type(self)) or start(self))
    found = checks(service.settings, service.repository)
    assert [check.ok for check in found] == [True] * 6
    assert started == [Guard, Aria2Engine], "each once"
