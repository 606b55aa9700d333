"""Host 12 makes greenlets of threads (gevent): what of ours waits or computes for long would stop all of the host.

tests/support/held_loop.py says what is measured, and what that does not show.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil

from seafevents_offline import repository
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import NewTask
from tests.support.databases import make_tables
from tests.support.host.fixtures import MakeServer
from tests.support.host.server import Server
from tests.support.http_server import File, HttpServer
from tests.support.seafile import OWNER
from tests.support.service import REPO_ID
from tests.support.waiting import eventually
from tests.support.watched_host import HELD_UP

S = OfflineDownloadStatus

#: Milliseconds.
LIMIT = 50.0

MEGABYTE = 1024**2

#: What of ours may be imported before gevent changes the standard library: it has neither threads nor locks.
EARLY = [
    "seafevents_offline",
    "seafevents_offline.hosts",
    "seafevents_offline.hosts.seafevents",
    "seafevents_offline.hosts.seafevents.hook",
]

SETTINGS = """
import sys as _tests_sys
_tests_sys.path.append({root!r})
from tests.support.watched_host import watch as _tests_watch
_tests_watch({report!r})
"""


class Loop:
    """The loop of a server's daemon, as seen from here."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._path = server.tree.top / "loop.json"
        root = str(Path(__file__).parents[2])
        with open(server.settings_file, "a", encoding="utf-8") as settings:
            settings.write(SETTINGS.format(root=root, report=str(self._path)))

    def report(self) -> dict[str, Any]:
        return self._ask(signal.SIGUSR1)

    def hold_up(self) -> dict[str, Any]:
        return self._ask(signal.SIGUSR2)

    def _ask(self, number: signal.Signals) -> dict[str, Any]:
        self._path.unlink(missing_ok=True)
        os.kill(pid_of(self._server), number)
        eventually(self._path.exists)
        found: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        return found


def leave_over(server: Server, repo: Repository, size: int) -> int:
    """What a daemon that was killed had downloaded to the end; no room is used for it."""
    node = "6f9619ff-8b86-4d01-b42d-00c04fc964ff"
    server.tempdir.mkdir(mode=0o700, parents=True, exist_ok=True)
    (server.tempdir / "node").write_text(node, encoding="ascii")
    odr_id = add(repo, "http://files.example/left-over.bin")
    server.sql(
        "UPDATE OfflineDownloadRecord SET status = ?, claim = 1, claimed_by = ?, size = ?, completed = ?"
        " WHERE odr_id = ?",
        *(S.DOWNLOADING.value, node, size, size, odr_id),
    )
    folder = server.tempdir / str(odr_id)
    folder.mkdir(mode=0o700)
    (folder / ".offline-download-saved").touch()
    with open(folder / "left-over.bin", "wb") as file:
        file.truncate(size)
    return odr_id


def add(repo: Repository, url: str) -> int:
    return repo.add(NewTask(repo_id=REPO_ID, path="/", url=url, owner=OWNER)).odr_id


def pid_of(server: Server) -> int:
    return int((server.tree.top / "pids" / "seafevents.pid").read_text(encoding="ascii"))


def child_of(server: Server, word: str) -> psutil.Process:
    """That has the word in its command line."""
    children = psutil.Process(pid_of(server)).children()
    return next(child for child in children if word in " ".join(child.cmdline()))


def test_nothing_of_ours_holds_up_the_loop_of_host_12(make_server: MakeServer, http_server: HttpServer) -> None:
    server = make_server(12)
    library = server.seafile.make(REPO_ID)
    make_tables(server.database_url)
    server.set_up(workers=4, workers_per_user=4, workers_per_host=4, interval="0.5s")
    loop, repo = Loop(server), repository.open(Settings(database=server.database_url))
    left_over = leave_over(server, repo, 64 * MEGABYTE)
    slow = [add(repo, http_server.serve(f"/s{n}", File(4 * MEGABYTE, rate=MEGABYTE))) for n in range(2)]
    endless = [add(repo, http_server.serve(f"/e{n}", File(None, rate=2 * MEGABYTE))) for n in range(2)]
    large = add(repo, http_server.serve("/large.bin", File(128 * MEGABYTE)))
    small = [add(repo, http_server.serve(f"/{n}.bin", File(200 * 1024, seed=n))) for n in range(14)]
    server.start()

    for odr_id in (*slow[1:], *endless):
        server.wait_for(odr_id, lambda task: task.completed)
    child_of(server, "--conf-path=aria2.conf").kill()
    server.wait_for_log("aria2c has died")
    child_of(server, "guard.main").kill()
    server.wait_for_log("the guard has ended")
    for odr_id in endless:
        repo.act(odr_id, Action.CANCEL, OWNER)
    for odr_id in (left_over, *slow, large, *small):
        assert server.wait(odr_id).status is S.OK, server.task(odr_id)
    eventually(lambda: not list(server.tempdir.glob("[0-9]*")))
    report = loop.report()
    assert report["early"] == EARLY
    # An interpreter whose main() has ended starts no aria2c in place of a dead one: Python 3.12, which is host 12's.
    assert "outlast_main" in report["main"]
    assert len(library.nodes) == 1 + 18
    assert report["switches"] > 500
    assert [hold for hold in report["held"] if hold["ms"] > LIMIT] == []

    repo.close()

    # Were it otherwise, this would have told.
    longest = loop.hold_up()["held"][0]
    assert longest["ms"] >= HELD_UP * 1000 * 0.9
    assert "_hold_up" in longest["where"]
