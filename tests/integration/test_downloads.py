"""From a record in the table to a file in the library, with the real aria2c; A-numbers are acceptance cases."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline.checksum import Checksum
from seafevents_offline.errors import SnifferUnavailable
from seafevents_offline.process import alive, identity
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Task
from seafevents_offline.tasks.checks import checks
from tests.support import kinds
from tests.support.certificates import self_signed
from tests.support.content import content, sha256_of
from tests.support.databases import ON_BOTH_DATABASES, run_sql
from tests.support.http_server import Answer, File, Framing, Gate, HttpServer, redirect
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]


@ON_BOTH_DATABASES
def test_a1_a_link_becomes_a_file(service: Service, http_server: HttpServer) -> None:
    file = File(size=3_000_000, seed=1)
    odr_id = service.add(http_server.serve("/sample-1.jpg", file))
    task = service.wait(odr_id)
    assert (task.status, task.comment, task.reason) == (S.OK, "", "")
    assert (task.size, task.completed, task.speed) == (3_000_000, 3_000_000, 0)
    assert (task.name, task.stored_path) == ("sample-1.jpg", "/sample-1.jpg")
    assert task.started_at is not None
    assert task.finished_at is not None
    assert service.files() == {"/sample-1.jpg": file.read(0, 3_000_000)}
    assert service.folders() == set()


def test_a2_a_missing_file_is_an_error_after_one_request(service: Service, http_server: HttpServer) -> None:
    task = service.wait(service.add(http_server.serve("/nothing", Answer(404))))
    assert (task.status, task.reason) == (S.ERROR, "not_found")
    assert "404" in task.comment
    assert len(http_server.requests) == 1
    assert service.files() == {}
    assert service.folders() == set()


def test_a7_a_certificate_that_nobody_knows_ends_the_task_at_once(
    make_service: MakeService, aria2c: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = make_service(aria2c=str(aria2c)).start()
    certificate, key = self_signed(tmp_path, "localhost", "IP:127.0.0.1")
    with HttpServer(certificate=certificate, key=key) as server:
        task = service.wait(service.add(server.serve("/a.bin", File(size=10))))
    assert (task.status, task.reason, task.reason_args) == (S.ERROR, "tls_failed", {"host": "127.0.0.1"})
    assert task.comment == "The connection to 127.0.0.1 is not secure: its certificate cannot be verified."
    # One connection, over which nothing was asked for, and no second try.
    assert (task.attempts, task.claim) == (1, 1)
    assert server.requests == []
    line = f"task {task.odr_id}: {task.owner} 127.0.0.1:{server.port} at "
    eventually(lambda: line in caplog.text)
    assert caplog.text.count(line) == 1
    assert (service.files(), service.folders()) == ({}, set())


def test_a39_a_file_is_stored_only_if_it_matches_its_checksum(service: Service, http_server: HttpServer) -> None:
    digest = sha256_of(1, 3_000_000)
    for framing in Framing:
        url = http_server.serve(f"/{framing.name}", File(size=3_000_000, seed=1, framing=framing))
        task = service.wait(service.add(url, checksum=Checksum.parse(digest)))
        assert (task.status, task.reason) == (S.OK, "")
        task = service.wait(service.add(url, name="b.bin", checksum=Checksum.parse(digest[::-1])))
        assert (task.status, task.reason, task.attempts) == (S.ERROR, "checksum", 1)
        assert task.comment.startswith("The file does not match its checksum, so nothing was stored.")
    assert service.files() == {f"/{framing.name}": content(1, 3_000_000) for framing in Framing}
    assert service.folders() == set()


PICTURES = {"mime_allow": ("image/*",), "mime_deny": ("image/vnd.adobe.photoshop",)}


def test_a40_files_are_stored_by_what_they_hold(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(**PICTURES).start()
    for number, (data, kind) in enumerate(kinds.TYPES.items()):
        file = File(data=data, content_type="image/png")
        task = service.wait(service.add(http_server.serve(f"/{number}.png", file)))
        if kind == "image/png":
            assert (task.status, task.stored_path) == (S.OK, f"/{number}.png")
        else:
            assert (task.status, task.reason, task.reason_args) == (S.ERROR, "kind_refused", {"kind": kind})
            assert f"of the type {kind}," in task.comment
    assert list(service.files().values()) == [kinds.PNG]
    eventually(lambda: service.folders() == set())


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED])
def test_a40_what_is_not_allowed_need_not_come(
    make_service: MakeService, http_server: HttpServer, framing: Framing
) -> None:
    """The server never gives the rest."""
    service = make_service(**PICTURES).start()
    file = File(data=kinds.PAGE + b"\n" * 64 * 2**20, framing=framing, stall_at=3 * 2**20)
    task = service.wait(service.add(http_server.serve("/a.png", file)))
    assert (task.status, task.reason, task.attempts) == (S.ERROR, "kind_refused", 1)
    http_server.wait_for_active(0)
    eventually(lambda: service.folders() == set())


def test_a_rule_that_nobody_can_keep_keeps_the_service_off(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make_service(**PICTURES)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "which", lambda *_args, **_named: None)
        with pytest.raises(SnifferUnavailable, match="apt install file"):
            service.start()
        [found] = [check for check in checks(service.settings, service.repository) if check.name == "types of files"]
        assert (found.ok, "apt install file" in found.detail) == (False, True)
        [node] = service.repository.nodes()
        assert node.health["off"]["reason"] == "sniffer_unavailable"
        assert not service.downloader.tempdir.is_locked()
    service.start()


def test_a3_a_server_that_comes_back_costs_only_attempts(service: Service, http_server: HttpServer) -> None:
    file = File(size=1000, answers=[Answer(500), Answer(503)])
    task = service.wait(service.add(http_server.serve("/f", file)))
    assert (task.status, task.attempts) == (S.OK, 2)
    assert len(http_server.requests) == 3
    assert task.comment == ""


@pytest.mark.parametrize("attempts", [1, 3])
def test_a4_a5_attempts_are_counted(make_service: MakeService, http_server: HttpServer, attempts: int) -> None:
    service = make_service(max_attempts=attempts).start()
    added = {
        status: service.add(http_server.serve(f"/{status}", Answer(status))) for status in (408, 429, 500, 502, 503)
    }
    for status, odr_id in added.items():
        task = service.wait(odr_id)
        assert (task.status, task.reason, task.reason_args) == (S.ERROR, "server_busy", {"status": status})
        assert len([request for request in http_server.requests if request.path == f"/{status}"]) == attempts


HOPELESS = {400: "link_refused", 401: "login_wanted", 403: "access_denied", 404: "not_found", 410: "not_found"}


def test_what_trying_again_cannot_help_is_not_tried_again(service: Service, http_server: HttpServer) -> None:
    added = {status: service.add(http_server.serve(f"/{status}", Answer(status))) for status in HOPELESS}
    for status, odr_id in added.items():
        task = service.wait(odr_id)
        assert (task.status, task.reason) == (S.ERROR, HOPELESS[status])
    assert sorted(request.path for request in http_server.requests) == [f"/{status}" for status in HOPELESS]


def test_a_waiting_retry_says_why_and_when(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(retry_delay=600).start()
    odr_id = service.add(http_server.serve("/f", Answer(503)))
    task = service.wait_for(odr_id, lambda task: task.attempts == 1)
    assert (task.status, task.reason) == (S.WAITING, "server_busy")
    assert task.not_before is not None
    assert task.updated_at is not None
    assert 590 < (task.not_before - task.updated_at).total_seconds() < 610


def test_a6_a_short_body_is_no_file(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(max_attempts=2).start()
    task = service.wait(service.add(http_server.serve("/f", File(size=42_000, break_after=5_000, ranges=False))))
    assert (task.status, task.reason) == (S.ERROR, "body_incomplete")
    assert service.files() == {}
    assert service.folders() == set()


def test_a_body_that_breaks_goes_on_where_it_broke(service: Service, http_server: HttpServer) -> None:
    file = File(size=6_000_000, seed=7, rate=1_000_000, break_after=500_000, break_times=3)
    task = service.wait(service.add(http_server.serve("/f", file)))
    assert task.status is S.OK
    assert service.files() == {"/f": file.read(0, 6_000_000)}
    assert http_server.sent("/f") < 9_000_000


def test_a27_a_file_that_is_too_large_is_refused_by_its_length(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(max_size=1024**2).start()
    task = service.wait(service.add(http_server.serve("/f", File(size=20 * 1024**2, rate=100_000))))
    assert (task.status, task.reason, task.comment) == (
        S.ERROR,
        "too_large",
        "The file is larger than the 1.0 MB that are allowed.",
    )
    assert http_server.sent() < 10 * 1024**2
    assert service.folders() == set()


def test_a27_an_endless_body_is_cut(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(max_size=1024**2).start()
    task = service.wait(service.add(http_server.serve("/f", File(size=None, framing=Framing.CHUNKED, rate=500_000))))
    assert (task.status, task.reason) == (S.ERROR, "too_large")
    http_server.wait_for_active(0)
    assert http_server.sent() < 12_000_000
    assert service.folders() == set()


def test_a29_the_time_limit_frees_the_worker(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(time_limit=2.0, workers=1).start()
    slow = service.add(http_server.serve("/slow", File(size=1_000_000, rate=1_000)))
    next_one = service.add(http_server.serve("/next", File(size=1_000)))
    task = service.wait(slow)
    assert (task.status, task.reason) == (S.ERROR, "time_limit")
    # On a busy machine the limit may be too short for this one, too.
    service.wait_for(next_one, lambda task: task.claim == 1)
    service.wait(next_one)
    http_server.wait_for_active(0)


#: What a server calls its file, and where that is then; None where any harmless name will do.
DISPOSITIONS = {
    'attachment; filename="report.pdf"': "report.pdf",
    'attachment; filename="../../evil.txt"': None,
    "attachment; filename*=UTF-8''na%C3%AFve%20%F0%9F%98%80.txt": "naïve 😀.txt",
    'attachment; filename="a:b?.txt"': "a_b_.txt",
    'attachment; filename="CON.txt"': "_CON.txt",
    'attachment; filename="' + "x" * 300 + '.bin"': None,
    'attachment; filename=""': None,
    'attachment; filename=".."': None,
}

#: What a link ends in, likewise.
LAST_PARTS = {
    "": "index.html",
    "a%20b.txt": "a b.txt",
    "%E2%9C%93.txt": "✓.txt",
    "..%2f..%2fevil": None,
    "y" * 300 + ".zip": None,
    "%C3%A9" * 150 + ".tar": None,
    "f?x=1&y=2": "f",
    ".hidden": ".hidden",
    "aux": "_aux",
}


def assert_named(service: Service, links: dict[str, str | None]) -> None:
    """Each link gives one file, in the folder that is its own here, under that name."""
    added = {}
    for number, link in enumerate(links):
        (service.library / str(number)).mkdir()
        added[number] = service.add(link, path=f"/{number}")
    wanted = set()
    for (number, odr_id), (link, name) in zip(added.items(), links.items(), strict=True):
        task = service.wait(odr_id)
        assert task.status is S.OK, (link, task)
        folder, _, found = task.stored_path.rpartition("/")
        assert folder == f"/{number}"
        assert found == (name or found)
        assert len(found.encode()) <= 255
        wanted.add(task.stored_path)
    assert service.files() == dict.fromkeys(wanted, b"hello")
    assert all(path.parent.parent == service.library for path in service.library.parent.rglob("*evil*"))


def test_a30_the_server_does_not_choose_the_place(service: Service, http_server: HttpServer) -> None:
    links = {
        http_server.serve(f"/{number}/f", File(data=b"hello", disposition=disposition)): name
        for number, (disposition, name) in enumerate(DISPOSITIONS.items())
    }
    assert_named(service, links)


def test_a31_names_come_from_the_link(service: Service, http_server: HttpServer) -> None:
    links = {
        http_server.serve(f"/{number}/{last}", File(data=b"hello")): name
        for number, (last, name) in enumerate(LAST_PARTS.items())
    }
    assert_named(service, links)


def test_a31_a_redirect_gives_one_file_under_the_last_name(service: Service, http_server: HttpServer) -> None:
    http_server.serve("/real.bin", File(data=b"hello"))
    task = service.wait(service.add(http_server.serve("/go", redirect("/real.bin"))))
    assert task.status is S.OK
    assert list(service.files().values()) == [b"hello"]


def test_a_redirect_loop_is_an_error(service: Service, http_server: HttpServer) -> None:
    task = service.wait(service.add(http_server.serve("/loop", redirect("/loop"))))
    assert (task.status, task.reason) == (S.ERROR, "too_many_redirects")


def test_a32_an_empty_file_is_a_file(service: Service, http_server: HttpServer) -> None:
    added = [service.add(http_server.serve(f"/{framing.name}", File(size=0, framing=framing))) for framing in Framing]
    for odr_id in added:
        task = service.wait(odr_id)
        assert (task.status, task.size) == (S.OK, 0)
    assert service.files() == {f"/{framing.name}": b"" for framing in Framing}


def test_a33_nothing_is_overwritten(service: Service, http_server: HttpServer) -> None:
    (service.library / "sub").mkdir()
    (service.library / "sub" / "f.txt").write_bytes(b"mine")
    task = service.wait(service.add(http_server.serve("/f.txt", File(data=b"hello")), path="/sub"))
    assert (task.status, task.stored_path) == (S.OK, "/sub/f (1).txt")
    assert service.files() == {"/sub/f.txt": b"mine", "/sub/f (1).txt": b"hello"}


def test_a_wished_name_is_used(service: Service, http_server: HttpServer) -> None:
    task = service.wait(service.add(http_server.serve("/f.txt", File(data=b"hello")), name="--help.txt"))
    assert (task.status, task.stored_path) == (S.OK, "/--help.txt")


def test_a_page_instead_of_a_file_is_stored_and_said(service: Service, http_server: HttpServer) -> None:
    page = File(data=b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", content_type="text/html")
    task = service.wait(service.add(http_server.serve("/setup.zip", page)))
    assert (task.status, task.reason) == (S.OK, "got_web_page")
    assert task.comment.startswith("This is a web page")
    task = service.wait(service.add(http_server.serve("/page.html", page)))
    assert (task.status, task.reason) == (S.OK, "")


def test_a_folder_that_is_gone_is_an_error(service: Service, http_server: HttpServer) -> None:
    task = service.wait(service.add(http_server.serve("/f", File(data=b"x")), path="/no/such"))
    assert (task.status, task.reason) == (S.ERROR, "folder_gone")


@pytest.mark.parametrize("resume", [True, False])
def test_a_paused_task_keeps_what_it_has(service: Service, http_server: HttpServer, resume: bool) -> None:
    file = File(size=9_000_000, rate=150_000, seed=3, stall_at=4_500_000)
    odr_id = service.add(http_server.serve("/f", file))
    service.wait_for(odr_id, lambda task: task.completed > 3_000_000)
    service.repository.act(odr_id, Action.PAUSE)
    service.downloader.wake()
    http_server.wait_for_active(0)
    assert service.folders() == {odr_id}
    assert service.wait(odr_id, S.PAUSED).completed > 3_000_000
    file.rate = 500_000
    file.stall.set()
    service.repository.act(odr_id, Action.RESUME if resume else Action.CANCEL)
    service.downloader.wake()
    task = service.wait(odr_id)
    if resume:
        assert task.status is S.OK
        assert service.files() == {"/f": file.read(0, 9_000_000)}
        assert http_server.sent() < 11_000_000
    else:
        assert task.status is S.CANCELLED
        eventually(lambda: service.folders() == set(), 60)


def test_a37_cancel_stops_the_bytes_and_frees_worker_and_folder(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(workers=1).start()
    running = service.add(http_server.serve("/f", File(size=50_000_000, rate=100_000)))
    service.wait(running, S.DOWNLOADING)
    http_server.wait_for(lambda requests: requests)
    waiting = service.add(http_server.serve("/g", File(data=b"x")))
    service.repository.act(running, Action.CANCEL)
    http_server.wait_for_active(0)
    assert service.wait(waiting).status is S.OK
    assert service.repository.get(running).status is S.CANCELLED
    eventually(lambda: service.folders() == set(), 60)


@ON_BOTH_DATABASES
def test_a36_a_deleted_row_is_left_alone(service: Service, http_server: HttpServer, service_database_url: str) -> None:
    odr_id = service.add(http_server.serve("/f", File(size=50_000_000, rate=100_000)))
    service.wait_for(odr_id, lambda task: task.completed > 0)
    run_sql(service_database_url, "DELETE FROM OfflineDownloadRecord")
    http_server.wait_for_active(0)
    eventually(lambda: service.folders() == set(), 60)
    assert service.files() == {}
    assert service.wait(service.add(http_server.serve("/g", File(data=b"x")))).status is S.OK


def test_a38_a_failed_task_can_be_tried_again(service: Service, http_server: HttpServer) -> None:
    odr_id = service.add(http_server.serve("/f", Answer(404)))
    service.wait(odr_id, S.ERROR)
    http_server.serve("/f", File(data=b"now"))
    service.repository.act(odr_id, Action.RETRY)
    task = service.wait(odr_id, S.OK)
    assert (task.comment, task.reason, task.attempts) == ("", "", 0)
    assert service.files() == {"/f": b"now"}


@ON_BOTH_DATABASES
def test_a9_a54_a_plain_insert_is_found_by_the_scan(service: Service, http_server: HttpServer) -> None:
    link = http_server.serve("/f", File(data=b"x"))
    assert service.wait(service.insert(link)).status is S.OK


NOT_A_LINK = "This is not a link that can be downloaded; it should look like https://example.com/file.zip."

#: What other programs may put into the table, and what people read then.
REFUSED = {
    "--version": NOT_A_LINK,
    "--input-file=/etc/passwd": NOT_A_LINK,
    "-i x": NOT_A_LINK,
    " --on-download-complete=/bin/sh": NOT_A_LINK,
    "notaurl": NOT_A_LINK,
    "": "Please give a link.",
    "http://127.0.0.1/a\nb": NOT_A_LINK,
    "http://127.0.0.1/" + "x" * 5000: "The link is too long: 5017 characters, at most 4096 are allowed.",
    "file:///etc/passwd": "Links that begin with file: are not supported; supported are http, https.",
    "gopher://127.0.0.1/": "Links that begin with gopher: are not supported; supported are http, https.",
    "magnet:?xt=urn:btih:0": "Links that begin with magnet: are not supported; supported are http, https.",
    "http://127.0.0.1/": "The address 127.0.0.1 is this server itself.",
    "http://localhost:8080/": "The address 127.0.0.1 of localhost is this server itself.",
    "http://2130706433/": "The address 127.0.0.1 is this server itself.",
    "http://017700000001/": "The address 127.0.0.1 is this server itself.",
    "http://[::1]/": "The address ::1 is this server itself.",
    "http://[::ffff:127.0.0.1]/": "The address 127.0.0.1 is this server itself.",
    "http://169.254.169.254/": "The address 169.254.169.254 is not a public one.",
    "http://10.0.0.5/": "The address 10.0.0.5 is in a private network.",
    "http://[64:ff9b::10.0.0.5]/": "The address 64:ff9b::a00:5 is in a private network.",
    "http://files.example:22/": (
        "Nothing can be downloaded from port 22 of files.example; allowed are the ports 80, 443, 8080, 8443."
    ),
    "http://www.bad.example/": "The administrator does not allow downloads from www.bad.example.",
}


def test_a18_a19_a20_what_sql_puts_there_is_checked_at_claim(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(deny_hosts=("bad.example", "127.0.0.9"), workers=16).start()
    there = http_server.url("/a").replace("127.0.0.1", "127.0.0.9")
    refused = {**REFUSED, there: "The administrator does not allow downloads from 127.0.0.9."}
    tasks = [service.wait(odr_id) for odr_id in [service.insert(url) for url in refused]]
    assert {task.url: task.comment for task in tasks} == refused
    assert {task.status for task in tasks} == {S.ERROR}
    assert http_server.requests == []
    assert service.files() == {}
    assert service.folders() == set()


@ON_BOTH_DATABASES
def test_a10_what_was_added_while_nobody_served_is_done_later(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service()
    odr_id = service.add(http_server.serve("/f", File(data=b"x")))
    assert service.repository.get(odr_id).status is S.WAITING
    service.start()
    assert service.wait(odr_id).status is S.OK


def noted_claims(service: Service) -> list[int]:
    """Grows by how many tasks each claim from now on gives."""
    claims: list[int] = []
    repository = service.downloader.repository
    claim = repository.claim

    def note(*args: Any, **more: Any) -> list[Task]:
        found = claim(*args, **more)
        claims.append(len(found))
        return found

    repository.claim = note  # type: ignore[method-assign]
    return claims


@ON_BOTH_DATABASES
def test_a41_caps_hold_and_nobody_starves(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(workers=2, workers_per_user=1)
    gate = Gate()
    links = [http_server.serve(f"/a{n}", File(data=b"x", hold=gate)) for n in range(5)]
    greedy = [service.add(link, owner="a@example.com") for link in links]
    other = service.add(http_server.serve("/b", File(data=b"x")), owner="b@example.com")
    service.start()
    assert service.wait(other).status is S.OK
    # A worker is free, and has been offered to what waits.
    claims = noted_claims(service)
    eventually(lambda: len(claims) >= 2)
    assert sum(service.repository.get(odr_id).status is S.DOWNLOADING for odr_id in greedy) == 1
    gate.set()
    assert all(service.wait(odr_id).status is S.OK for odr_id in greedy)
    requests = sorted(http_server.requests, key=lambda request: request.at)
    assert len(requests) == 6
    assert [request.path for request in requests].index("/b") <= 1, "who came last with one waits for one at most"
    assert http_server.peak <= 2
    first, *others = [request for request in requests if request.path != "/b"]
    for request in others:
        assert (first.ended_at or 0) <= request.at, "never two of one owner"
        first = request


@ON_BOTH_DATABASES
def test_a49_stop_is_quick_and_everything_goes_on_later(make_service: MakeService, http_server: HttpServer) -> None:
    # It stops by itself a little later: nothing that aria2c had no time to take is on its way to it.
    file = File(size=16_000_000, seed=5, stall_at=4_000_000)
    service = make_service(connections=1).start()
    odr_id = service.add(http_server.serve("/f", file))
    service.wait_for(odr_id, lambda task: task.completed > 3_000_000)
    children = [identity(pid) for pid in (service.engine_pid(), service.guard_pid())]
    begun = time.monotonic()
    service.downloader.stop(20)
    assert time.monotonic() - begun < 5
    assert [alive(child) for child in children] == [False, False]
    assert service.repository.get(odr_id).status is S.DOWNLOADING
    http_server.wait_for_active(0)
    file.rate = 4_000_000
    file.stall.set()
    again = make_service(connections=1).start()
    assert again.wait(odr_id).status is S.OK
    assert again.files() == {"/f": file.read(0, 16_000_000)}
    assert http_server.sent() < 19_000_000


def test_a_node_tells_what_its_health_is(service: Service) -> None:
    (node,) = eventually(service.repository.nodes)
    assert node.health["engine"]["name"] == "aria2"
    assert node.health["engine"]["version"]
    assert "TLS" in node.health["engine"]["tls"] or "SSL" in node.health["engine"]["tls"]
    assert node.health["disk"]["total"] > node.health["disk"]["free"] > 0
    assert (node.health["workers"], node.health["running"], node.health["suspended"]) == (4, 0, 0)
    assert 0 <= node.health["scan_age"] < 60
