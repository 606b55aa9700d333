"""Servers, links and rows that mean harm, against a whole service: what people see, what others feel, what logs say."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from seafevents_offline import bounds
from seafevents_offline.engines.aria2 import monitor
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.databases import run_sql
from tests.support.http_server import File, HttpServer, Raw, redirect
from tests.support.ports import free_port
from tests.support.service import Service
from tests.support.traces import processes_with
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

MB = 1024 * 1024


@pytest.fixture
def make_service(tmp_path: Path, sqlite_url: str) -> Iterator[MakeService]:
    """Servers do not know which database there is: one is enough here."""
    made: list[Service] = []

    def make(**settings: Any) -> Service:
        made.append(Service(tmp_path / "service", sqlite_url, **settings))
        return made[-1]

    yield make
    for service in made:
        service.stop()


def aria2c(service: Service) -> psutil.Process:
    return psutil.Process(service.engine_pid())


def most_memory(process: psutil.Process) -> int:
    """Bytes that it has had at most."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(line) * 1024


# --- names ----------------------------------------------------------------------------------------------

#: What a server says, and how the file is called in the library.
STORED = [
    (b'attachment; filename="report.pdf"', "report.pdf"),
    (b"attachment; filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"),
    (b"attachment; filename*=UTF-8''%F0%9F%91%A9%F0%9F%8F%BD.txt", "👩🏽.txt"),
    (b'attachment; filename="e\xcc\x81.txt"', "é.txt"),
    (b'attachment; filename="../../evil"', "f0.bin"),
    (b'attachment; filename="..\\..\\evil"', "....evil"),
    (b'attachment; filename="C:evil.exe"', "C_evil.exe"),
    (b"attachment; filename*=UTF-8''%2Fetc%2Fpasswd", "f0.bin"),
    (b"attachment; filename*=UTF-8''exe.%E2%80%AEgpj", "exe.gpj"),
    (b"attachment; filename*=UTF-8''a%E2%80%A8b%E2%81%A6c", "abc"),
    (b"attachment; filename*=UTF-8''%E2%80%8B.", "download"),
    (b'attachment; filename="..."', "download"),
    (b'attachment; filename="   "', "download"),
    (b'attachment; filename="   x   "', "x"),
    (b'attachment; filename="nul.txt"', "_nul.txt"),
    (b'attachment; filename="a:b|c?.txt"', "a_b_c_.txt"),
    (b'attachment; filename="a\x1b[2Jb"', "f0.bin"),
    (b'attachment; filename="' + b"n" * 300 + b'.txt"', "download"),
    (b"attachment; filename*=UTF-8''" + b"%F0%9F%98%80" * 60 + b".txt", "😀" * 60 + ".txt"),
    (b'attachment; filename=".aria2"', ".aria2"),
    (b'attachment; filename=".offline-download-saved"', "_.offline-download-saved"),
    (b'attachment; filename="<img src=x>.txt"', "_img src=x_.txt"),
    (b'attachment; filename="=1+1.csv"', "=1+1.csv"),
]


def test_a30_what_the_server_calls_it_is_one_safe_name(make_service: MakeService, http_server: HttpServer) -> None:
    service = make_service(workers=32).start()
    for number, (said, _) in enumerate(STORED):
        http_server.serve(f"/{number}/f0.bin", File(data=b"content", disposition=said))
        (service.library / str(number)).mkdir()
    tasks = [service.add(http_server.url(f"/{number}/f0.bin"), path=f"/{number}") for number in range(len(STORED))]
    for odr_id, (said, _) in zip(tasks, STORED, strict=True):
        task = service.wait(odr_id)
        assert (task.status, task.comment) == (S.OK, ""), said
        assert task.stored_path == f"{task.path}/{task.name}", said
    names = [service.repository.get(odr_id).name for odr_id in tasks]
    assert names == [name for _, name in STORED]
    assert set(service.files()) == {f"/{number}/{name}" for number, name in enumerate(names)}
    assert set(os.listdir(service.library.parent)) == {"library", "temp"}


# --- what has no end ------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

ENDLESS = {
    "one line": Raw(HEAD + b"X: ", again=b"x" * 65536),
    "cookies": Raw(HEAD, again=b"Set-Cookie: a=b; path=/\r\n" * 2000),
    "an error": Raw(b"HTTP/1.1 503 X\r\n" + CHUNKED, again=b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
    "a chunk's extension": Raw(HEAD + CHUNKED + b"3;a=", again=b"x" * 65536),
    "trailers": Raw(HEAD + CHUNKED + b"3\r\nabc\r\n0\r\n", again=b"X: y\r\n" * 8192),
}


def test_what_has_no_end_is_ended_before_it_fills_the_memory(
    make_service: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than in earnest, which would only take longer.
    monkeypatch.setattr(bounds, "BESIDE", 24 * MB)
    service = make_service(workers=len(ENDLESS) + 1).start()
    process = aria2c(service)
    good = service.add(http_server.serve("/good", File(size=3 * MB, rate=1 * MB)), owner="bob@example.com")
    tasks = [service.add(http_server.serve(f"/{number}", raw)) for number, raw in enumerate(ENDLESS.values())]
    for odr_id, what in zip(tasks, ENDLESS, strict=True):
        task = service.wait(odr_id)
        assert (task.status, task.reason, task.attempts) == (S.ERROR, "answer_endless", 1), what
        assert task.comment == "The server keeps sending something else than the file."
    http_server.wait_for_active(0)
    assert service.wait(good).status is S.OK
    assert aria2c(service).pid == process.pid
    assert most_memory(process) < 400 * MB
    assert service.folders() == set()


def test_an_enormous_length_is_given_up_and_others_go_on(
    make_service: MakeService, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends aria2 at once, and no option of aria2 prevents that."""
    monkeypatch.setattr(monitor, "_START_PERIOD", 0.1)
    service = make_service(workers=4).start()
    file = File(size=8 * MB, seed=1, rate=MB / 8)
    good = service.add(http_server.serve("/good", file), owner="bob@example.com")
    service.wait_for(good, lambda task: task.completed > 0)
    enormous = Raw(HEAD + b"Content-Length: 9223372036854775807\r\nAccept-Ranges: bytes\r\n\r\nabc")
    bad = service.add(http_server.serve("/bad", enormous), owner="mallory@example.com")
    task = service.wait(bad)
    assert (task.status, task.reason) == (S.ERROR, "interrupted_too_often")
    assert len([request for request in http_server.requests if request.path == "/bad"]) == 3
    file.rate = None
    task = service.wait(good)
    assert (task.status, task.attempts, task.claim) == (S.OK, 0, 1)
    assert service.files() == {"/good": file.read(0, 8 * MB)}


def test_a_hundred_links_that_bring_a_byte_a_minute_hold_nobody_up(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(workers=4, workers_per_user=2)
    link = http_server.serve("/slow", File(size=MB, stall_after=1))
    for number in range(100):
        service.add(f"{link}?{number}", owner="mallory@example.com")
    service.start()
    http_server.wait_for(lambda requests: len(requests) >= 2)
    quick = service.add(http_server.serve("/quick", File(size=3 * MB)), owner="bob@example.com")
    assert service.wait(quick).status is S.OK
    # One that is given up, as nothing comes for a minute, makes room for the next one.
    eventually(lambda: statuses_of(service, "mallory@example.com") == {S.DOWNLOADING: 2, S.WAITING: 98})


def statuses_of(service: Service, owner: str) -> dict[S, int]:
    statement = "SELECT status, COUNT(*) FROM OfflineDownloadRecord WHERE owner = ? GROUP BY status"
    rows = run_sql(service.settings.database, statement, owner)
    return {S.of(int(str(status))): int(str(number)) for status, number in rows}


# --- what is said of it ---------------------------------------------------------------------------------

SECRET = "s3cr3t"
STEERING = "x\r\n2026-01-01 00:00:00 INFO task 1: stored\x1b[2J\u202e\u2028"

INSERT = "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner, name, comment) VALUES (?, ?, ?, ?, ?, ?)"


def test_a51_logs_sentences_and_process_lists_hold_no_secret_and_no_forged_line(
    make_service: MakeService, http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "seafevents_offline")
    service = make_service(workers=16, max_attempts=1).start()
    address, database = http_server.address, service.settings.database
    http_server.serve("/f", File(data=b"content"))
    for path, to in {
        "/in": f"http://ada:{SECRET}@{address}/f?{SECRET}",
        "/dead": f"http://ada:{SECRET}@127.0.0.1:{free_port()}/f?{SECRET}",
        "/nowhere": f"http://ada:{SECRET}@nowhere.invalid/f?{SECRET}",
        "/odd": f"http://ada:{SECRET}@x\x1b[2J\u202e/f",
        "/file": f"file:///{SECRET}",
    }.items():
        http_server.serve(path, redirect(to))
    rows = [
        ("/", f"http://ada:{SECRET}@{address}/f", "", "", ""),
        ("/", f"http://ada:{SECRET}%0a@{address}/f", "", "", "password_invalid"),
        ("/", f"http://ada:{SECRET}@{address}\n/f", "", "", "link_invalid"),
        ("/", f"http://ada:{SECRET}@[broken/f", "", "", "link_invalid"),
        ("/", f"http://{address}/f?{SECRET}", "", "", ""),
        ("/", f"http://{address}/in?{SECRET}", "", "", ""),
        ("/", f"http://{address}/dead?{SECRET}", "", "", None),
        ("/", f"http://{address}/nowhere?{SECRET}", "", "", None),
        ("/", f"http://{address}/odd?{SECRET}", "", "", None),
        ("/", f"http://{address}/file?{SECRET}", "", "", None),
        (f"/{STEERING}", f"http://{address}/f?1{SECRET}", "", "", "path_invalid"),
        ("/\u202egpj.exe", f"http://{address}/f?2{SECRET}", "", "", "folder_gone"),
        ("/", f"http://{address}/f?3{SECRET}", STEERING, "", "name_invalid"),
        ("/", f"http://{address}/f?4{SECRET}", "../../evil", "", "name_invalid"),
        ("/", f"http://{address}/f?5{SECRET}", "", STEERING, ""),
        ("/", STEERING, "", "", "link_invalid"),
    ]
    for path, url, name, comment, _ in rows:
        run_sql(database, INSERT, "12345678-1234-4123-8123-123456789abc", path, url, STEERING, name, comment)
    found: list[Task] = []
    for odr_id, (_, url, _, _, reason) in enumerate(rows, 1):
        task = service.wait(odr_id)
        found.append(task)
        if reason is not None:
            assert task.reason == reason, url
        assert task.status is (S.OK if reason == "" else S.ERROR), url
        assert_harmless(task.comment)
        assert_harmless(str(task.reason_args))
        assert f":{SECRET}" not in task.url
    assert processes_with(SECRET) == []
    for record in caplog.records:
        assert_harmless(record.getMessage())
    assert {path.count("/") for path in service.files()} == {1}


def assert_harmless(text: str) -> None:
    assert SECRET not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert all(line.startswith("    ") for line in text.splitlines()[1:]), text
