"""All of one person goes: beside a service that runs, where none runs, and on a Seafile server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seafevents_offline import repository
from seafevents_offline.hosts.standalone import OWNER
from seafevents_offline.repository import Repository, TaskQuery
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.tasks.purge import Holding, Purge, Purged
from seafevents_offline.tempdir import TempDir
from tests.support.cli import Cli
from tests.support.host.fixtures import MakeServer
from tests.support.http_server import File, HttpServer
from tests.support.records import ADA, BOB, add_many, claimed, new, put_into, stored
from tests.support.service import REPO_ID
from tests.support.waiting import eventually

S = OfflineDownloadStatus


@pytest.fixture
def tempdir(tmp_path: Path) -> TempDir:
    found = TempDir(tmp_path / "temp")
    found.open()
    return found


class Bystander:
    """A service as ``wake`` reaches it: it holds the lock, and deletes what it is told to."""

    def __init__(self) -> None:
        self.woken = 0
        self.on_wake: Callable[[], None] = lambda: None

    def __call__(self) -> None:
        self.woken += 1
        self.on_wake()


# --- the use case ---------------------------------------------------------------------------------------


def test_where_nobody_serves_everything_of_the_person_is_gone_at_once(
    repo: Repository, tempdir: TempDir, database_url: str
) -> None:
    mine = {status: repo.add(new()).odr_id for status in S}
    theirs = repo.add(new(owner=BOB)).odr_id
    for status, odr_id in mine.items():
        put_into(database_url, odr_id, status=status)
    for odr_id in (mine[S.PAUSED], mine[S.DOWNLOADING], mine[S.ERROR], theirs, 4711):
        (tempdir.make(odr_id) / "part").write_bytes(b"secret")
    repo.miss(ADA)
    purge = Purge(repo, tempdir, ADA, Bystander())
    folders = frozenset({mine[S.PAUSED], mine[S.DOWNLOADING], mine[S.ERROR]})
    for _ in range(2):
        assert purge.look() == Holding(len(S), 3, folders)
    assert purge.carry_out() == Purged(3, len(S), 3, frozenset())
    assert tempdir.task_folders() == {theirs, 4711}
    assert [task.odr_id for task in repo.find(TaskQuery(hidden=True)).tasks] == [theirs]
    assert repo.missing() == {}
    assert purge.carry_out() == Purged(0, 0, 0, frozenset()), "it may be repeated"


def test_where_a_service_runs_it_has_the_folders_and_is_waited_for(repo: Repository, tempdir: TempDir) -> None:
    task, storing = claimed(repo), stored(repo)
    for odr_id in (task.odr_id, storing.odr_id):
        tempdir.make(odr_id)
    serving = TempDir(tempdir.path)
    serving.lock(0)
    service = Bystander()
    states = []

    def look() -> None:
        states.append({status for status, _ in repo.statuses([task.odr_id]).values()})
        if service.woken == 2:
            for odr_id in (task.odr_id, storing.odr_id):
                serving.delete(odr_id)

    service.on_wake = look
    assert Purge(repo, tempdir, ADA, service).carry_out() == Purged(1, 2, 2, frozenset())
    assert states == [{S.CANCELLED}, set()], "cancelled first, deleted then"


def test_what_a_service_does_not_let_go_of_is_said(repo: Repository, tempdir: TempDir) -> None:
    task = claimed(repo)
    tempdir.make(task.odr_id)
    serving = TempDir(tempdir.path)
    serving.lock(0)
    done = Purge(repo, tempdir, ADA, Bystander()).carry_out(patience=0)
    assert done == Purged(1, 1, 0, frozenset({task.odr_id}))
    assert tempdir.task_folders() == {task.odr_id}, "what is another process's is not touched"


def test_what_is_added_meanwhile_goes_too(repo: Repository, tempdir: TempDir) -> None:
    add_many(repo, 2)
    service = Bystander()
    service.on_wake = lambda: tempdir.make(repo.add(new()).odr_id) and None
    done = Purge(repo, tempdir, ADA, service).carry_out()
    assert (done.cancelled, done.records, done.folders) == (2, 3, 1)


def test_without_a_temporary_directory_there_are_no_folders(repo: Repository, tmp_path: Path) -> None:
    add_many(repo, 2)
    purge = Purge(repo, TempDir(tmp_path / "none"), ADA, Bystander())
    assert purge.look() == Holding(2, 2, frozenset())
    assert purge.carry_out() == Purged(2, 2, 0, frozenset())
    assert not (tmp_path / "none").exists()


def test_what_another_server_is_still_to_be_told_is_counted(tempdir: TempDir, database_url: str) -> None:
    repo = repository.open(Settings(database=database_url, webhook_url="https://hooks.example/x"))
    # A message that waits, the mark of one, and what will never be told because it goes before it has ended.
    first, second, _ = (repo.add(new(url=f"http://files.example/{number}")).odr_id for number in range(3))
    for odr_id in (first, second):
        repo.act(odr_id, Action.CANCEL)
        repo.collect(batch=1) if odr_id == first else None
    repo.act(repo.add(new(owner=BOB)).odr_id, Action.CANCEL)
    purge = Purge(repo, tempdir, ADA, Bystander())
    assert purge.look() == Holding(3, 1, frozenset(), 2)
    assert purge.carry_out() == Purged(1, 3, 0, frozenset(), 2)
    assert (repo.untold(ADA), repo.untold(BOB)) == (0, 1)
    repo.close()


# --- the command line -----------------------------------------------------------------------------------


def test_the_command_says_what_it_would_do_and_does_it(cli: Cli, http_server: HttpServer) -> None:
    url = http_server.serve("/f.bin", File(size=10))
    assert cli("get", url).code == 0
    for name in "ab":
        cli("add", http_server.serve(f"/{name}", File(size=10)))
    dry = cli("purge", "--owner", OWNER, "--dry-run")
    assert (dry.code, dry.err) == (0, "")
    assert dry.out.splitlines() == [
        f"Would cancel 2 downloads of {OWNER}.",
        "Would delete 3 records and 0 temporary folders.",
        "Files in libraries and lines in logs stay.",
    ]
    assert len(cli("list", "--json").json["data"]) == 3
    assert cli("purge", "--owner", "somebody", "--json").json["records"] == 0
    done = cli("purge", "--owner", OWNER)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"Cancelled 2 downloads of {OWNER}.",
        "Deleted 3 records and 0 temporary folders.",
    ]
    again = cli("purge", "--owner", OWNER, "--json")
    assert again.json == {"owner": OWNER, "dry_run": False, "cancelled": 0, "records": 0, "folders": 0, "messages": 0}
    assert (cli.library / "f.bin").exists(), "files stay"


def test_beside_a_service_what_runs_is_cut_and_its_folder_leaves(cli: Cli, http_server: HttpServer) -> None:
    service = cli.start("serve", "--port", "0", "--allow", http_server.address)
    service.says("Serving")
    for name in ("running", "paused"):
        cli("add", http_server.serve(f"/{name}", File(size=8_000_000, seed=name, rate=2_000)))
    temp = cli.place / "data" / "temp"
    eventually(lambda: (temp / "1").exists() and (temp / "2").exists(), 60)
    cli("pause", "2")
    done = cli("purge", "--owner", OWNER, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json == {"owner": OWNER, "dry_run": False, "cancelled": 2, "records": 2, "folders": 2, "messages": 0}
    assert not (temp / "1").exists()
    assert not (temp / "2").exists()
    assert cli("list", "--json").json["data"] == []


def test_on_a_seafile_server_beside_its_daemon_and_without_one(
    make_server: MakeServer, cli: Cli, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON", sys.executable)
    server = make_server(13)
    server.seafile.make(REPO_ID)
    server.set_up()
    server.start()
    server.wait_for_beat()
    url = http_server.serve("/slow", File(size=8_000_000, rate=2_000))

    def running() -> int:
        odr_id = server.insert(url)
        server.wait(odr_id, S.DOWNLOADING)
        eventually((server.tempdir / str(odr_id)).exists)
        return odr_id

    def purge(*args: str) -> dict[str, object]:
        done = cli("purge", "--owner", "me", "--seafile", str(server.tree.top), "--json", *args)
        assert (done.code, done.err) == (0, "")
        return {name: done.json[name] for name in ("cancelled", "records", "folders")}

    all_of_it = {"cancelled": 1, "records": 1, "folders": 1}
    other = server.insert("https://example.com/", owner="somebody@example.com")
    for is_served in (True, False):
        odr_id = running()
        if is_served:
            assert purge("--dry-run") == all_of_it
        else:
            server.kill()
        assert purge() == all_of_it
        assert not (server.tempdir / str(odr_id)).exists()
        assert server.newest() == other
