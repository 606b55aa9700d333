"""From a record to a file in a real library: the whole service on a stand-in for seaf-server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seafevents_offline import pipeline
from seafevents_offline.errors import LibraryEncrypted
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import NewTask, Task
from tests.support import seaserv
from tests.support.databases import run_sql
from tests.support.http_server import File, Gate, HttpServer
from tests.support.seafile import OWNER, SOMEBODY, Died, Node, Repo, Seafile
from tests.support.service import REPO_ID, Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]
FILE = File(size=100_000, seed=1)
CONTENT = FILE.read(0, 100_000)


@pytest.fixture
def seafile(monkeypatch: pytest.MonkeyPatch) -> Seafile:
    found = Seafile()
    seaserv.install(monkeypatch, found)
    # As often as a minute is for a download of hours.
    monkeypatch.setattr(pipeline, "CHECK_PERIOD", 0.2)
    return found


@pytest.fixture
def repo(seafile: Seafile) -> Repo:
    """Somebody's library, into which the owner of the tasks may write by a right that only Seahub knows."""
    repo = seafile.make(REPO_ID, owner=SOMEBODY, shares={OWNER: "custom-7"})
    repo.nodes["/docs"] = Node(None, "", 0)
    return repo


@pytest.fixture
def service(make_service: MakeService, repo: Repo) -> Service:
    return make_service(storage="seafile").start()


def add(service: Service, url: str, path: str = "/docs", **more: Any) -> int:
    """As Seahub's view does."""
    more = {"permission": "custom-7", "quota_subject": SOMEBODY, **more}
    return service.repository.add(NewTask(REPO_ID, path, url, OWNER, **more)).odr_id


def content(repo: Repo) -> dict[str, bytes]:
    return {path: node.data for path, node in repo.nodes.items() if node.data is not None}


def test_a_link_becomes_a_file_in_a_library(service: Service, repo: Repo, http_server: HttpServer) -> None:
    task = service.wait(add(service, http_server.serve("/%F0%9F%8E%89%20a.bin", FILE)))
    assert (task.status, task.stored_path, task.comment) == (S.OK, "/docs/_ a.bin", "")
    assert content(repo) == {"/docs/_ a.bin": CONTENT}
    assert repo.nodes["/docs/_ a.bin"].modifier == OWNER
    assert service.folders() == set()


def test_a_folder_that_goes_meanwhile_is_replaced_by_the_one_above_and_the_comment_says_so(
    service: Service, repo: Repo, http_server: HttpServer
) -> None:
    file = File(size=100_000, seed=1, stall_after=50_000)
    odr_id = add(service, http_server.serve("/a.bin", file))
    service.wait_for(odr_id, lambda task: task.completed > 0)
    del repo.nodes["/docs"]
    file.stall.set()
    task = service.wait(odr_id)
    assert (task.status, task.stored_path) == (S.OK, "/a.bin")
    assert task.comment == "The folder /docs does not exist any more. The file is in the folder /."
    assert content(repo) == {"/a.bin": CONTENT}


def test_a_right_that_is_taken_away_ends_it_and_one_that_comes_back_needs_no_second_download(
    service: Service, seafile: Seafile, repo: Repo, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of those who ask, the one after the first is not to be one who asks in the middle of the download.
    monkeypatch.setattr(pipeline, "CHECK_PERIOD", 3600.0)
    seafile.script("check_quota", None, lambda: repo.shares.update({OWNER: "r"}))
    odr_id = add(service, http_server.serve("/a.bin", FILE))
    task = service.wait(odr_id)
    assert (task.status, task.reason) == (S.ERROR, "upload_forbidden")
    assert service.folders() == {odr_id}
    before = len(http_server.requests)
    repo.shares[OWNER] = "custom-8"
    service.repository.act(odr_id, Action.RETRY, OWNER, permission="custom-8")
    assert service.wait(odr_id).status is S.OK
    assert (content(repo), service.folders()) == ({"/docs/a.bin": CONTENT}, set())
    assert len(http_server.requests) == before


def test_a_server_that_is_away_costs_nothing_but_time(
    service: Service, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    seafile.is_down = True
    odr_id = add(service, http_server.serve("/a.bin", FILE))
    task = service.wait_for(odr_id, lambda task: task.reason == "storage_unavailable")
    assert (task.status, task.attempts) == (S.WAITING, 0)
    seafile.is_down = False
    seafile.restart()
    task = service.wait(odr_id)
    assert (task.status, task.attempts, content(repo)) == (S.OK, 0, {"/docs/a.bin": CONTENT})


def test_a17_a_server_that_is_away_when_a_file_is_to_be_stored_gets_it_later_and_once(
    service: Service, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    files = [File(size=100_000, seed=n, stall_after=50_000) for n in range(2)]
    first = add(service, http_server.serve("/0.bin", files[0]))
    service.wait_for(first, lambda task: task.completed > 0)
    seafile.is_down = True
    files[0].stall.set()
    task = service.wait_for(first, lambda task: bool(task.reason))
    assert (task.status, task.reason, task.attempts) == (S.WAITING, "storage_unavailable", 0)
    files[1].stall.set()
    second = add(service, http_server.serve("/1.bin", files[1]))
    task = service.wait_for(second, lambda task: bool(task.reason))
    assert (task.status, task.reason) == (S.WAITING, "storage_unavailable"), "links are taken all the while"
    seafile.is_down = False
    seafile.restart()
    assert [(task.status, task.attempts) for task in map(service.wait, (first, second))] == [(S.OK, 0)] * 2
    assert content(repo) == {f"/docs/{n}.bin": file.read(0, 100_000) for n, file in enumerate(files)}
    assert http_server.sent("/0.bin") == 100_000, "what was complete was not downloaded again"
    assert service.folders() == set()


def test_a53_an_encrypted_library_takes_nothing_and_says_so(
    service: Service, repo: Repo, http_server: HttpServer
) -> None:
    """At once, and also when it was not encrypted yet when the download began."""
    file = File(size=100_000, seed=1, stall_after=50_000)
    running = add(service, http_server.serve("/a.bin", file))
    service.wait_for(running, lambda task: task.completed > 0)
    repo.encrypted = True
    later = add(service, http_server.serve("/b.bin", FILE))
    for odr_id in (running, later):
        task = service.wait(odr_id)
        assert (task.status, task.reason, task.comment) == (S.ERROR, "library_encrypted", str(LibraryEncrypted()))
    file.stall.set()
    assert content(repo) == {}
    assert [request.path for request in http_server.requests if request.path == "/b.bin"] == []


def test_a_server_that_ends_while_it_stores_gets_the_file_once(
    service: Service, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    seafile.script("answered", Died())
    assert service.wait(add(service, http_server.serve("/a.bin", FILE))).status is S.OK
    assert content(repo) == {"/docs/a.bin": CONTENT}
    assert seafile.calls.count("post_multi_files") == 1


def test_a_crash_while_storing_stores_nothing_twice(
    make_service: MakeService, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    """The file has arrived, and the record still says that it is being stored."""
    url = http_server.serve("/a.bin", FILE)
    with make_service(storage="seafile") as first:
        odr_id = add(first, url)
        first.wait(odr_id)
    run_sql(
        first.settings.database,
        "UPDATE OfflineDownloadRecord SET status = 5, finished_at = NULL WHERE odr_id = ?",
        odr_id,
    )
    again = make_service(storage="seafile").start()
    assert again.wait(odr_id).status is S.OK
    assert content(repo) == {"/docs/a.bin": CONTENT}
    assert seafile.calls.count("post_multi_files") == 1


def test_a_row_by_sql_is_checked_as_seahub_would_have_done(
    service: Service, repo: Repo, http_server: HttpServer
) -> None:
    def insert(path: str) -> int:
        return service.insert(http_server.serve(f"{path}.bin", FILE), path=path, owner=OWNER)

    assert service.wait(insert("/docs")).reason == "upload_forbidden"
    repo.shares[OWNER] = "rw"
    assert service.wait(insert("/never")).reason == "folder_gone"
    task = service.wait(insert("/docs"))
    assert (task.status, task.quota_subject) == (S.OK, SOMEBODY)
    assert list(content(repo)) == ["/docs/docs.bin"]
    assert len([request for request in http_server.requests if request.path == "/never.bin"]) == 0


def test_ten_members_at_once_cannot_fill_more_than_a_departments_quota(
    make_service: MakeService, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    """Small files, which come as a whole before anybody has written down how long they are."""
    seafile.quotas[SOMEBODY] = 250_000
    members = [f"member{number}" for number in range(10)]
    repo.shares.update(dict.fromkeys(members, "rw"))
    seafile.users.update(dict.fromkeys(members, True))
    service = make_service(storage="seafile", workers=10)
    odr_ids = []
    for number, member in enumerate(members):
        link = http_server.serve(f"/{number}.bin", File(size=100_000, seed=number))
        new = NewTask(REPO_ID, "/docs", link, member, permission="rw", quota_subject=SOMEBODY)
        odr_ids.append(service.repository.add(new).odr_id)
    service.start()
    tasks = [service.wait(odr_id) for odr_id in odr_ids]
    assert sorted(task.reason for task in tasks) == ["", "", *["quota_exceeded"] * 8]
    assert {task.attempts for task in tasks if not task.reason} == {0}
    assert len(content(repo)) == 2


def test_two_files_that_fit_one_by_one_come_one_after_the_other_until_the_room_is_used(
    service: Service, seafile: Seafile, repo: Repo, http_server: HttpServer
) -> None:
    seafile.quotas[SOMEBODY] = 250_000
    gate = Gate()
    files = [File(size=100_000, seed=n, stall_after=50_000, stall=gate) for n in range(3)]
    links = [http_server.serve(f"/{n}.bin", file) for n, file in enumerate(files)]
    odr_ids = [add(service, link) for link in links]
    tasks = eventually(lambda: waiting(service, odr_ids))
    assert [task.attempts for task in tasks] == [0]
    gate.set()
    assert sorted(service.wait(odr_id).reason for odr_id in odr_ids) == ["", "", "quota_exceeded"]
    assert len(content(repo)) == 2


def waiting(service: Service, odr_ids: list[int]) -> list[Task]:
    """Those that wait for the others' room."""
    return [task for task in map(service.repository.get, odr_ids) if task.reason == "quota_reserved"]
