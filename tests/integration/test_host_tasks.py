"""Everybody's tasks by the command line of an administrator: beside a Seafile server's daemon, and without one."""

from __future__ import annotations

import sys

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.cli import Cli, Result
from tests.support.host.fixtures import MakeServer
from tests.support.host.server import Server
from tests.support.http_server import File, HttpServer
from tests.support.seafile import OWNER
from tests.support.service import REPO_ID

S = OfflineDownloadStatus
OTHER = "somebody@example.com"


@pytest.fixture(autouse=True)
def _python(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs the server when it starts is what runs the tests."""
    monkeypatch.setenv("PYTHON", sys.executable)


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """With tables and a library; its daemon does not run."""
    server = make_server(13)
    server.seafile.make(REPO_ID)
    server.set_up(workers="1", interval="0.5s")
    return server


class Administrator:
    def __init__(self, cli: Cli, server: Server) -> None:
        self._cli = cli
        self._where = ("--seafile", str(server.tree.top))

    def __call__(self, *words: str) -> Result:
        return self._cli(*words, *self._where)


@pytest.fixture
def run(cli: Cli, server: Server) -> Administrator:
    return Administrator(cli, server)


#: What is done to a task that runs, in this order; its state then, and what is said.
VERBS = [
    ("pause", S.PAUSED, "is paused"),
    ("resume", S.DOWNLOADING, "goes on"),
    ("cancel", S.CANCELLED, "is cancelled"),
    ("retry", S.DOWNLOADING, "starts again"),
]


def test_verbs_work_beside_the_daemon_for_everybody(
    run: Administrator, server: Server, http_server: HttpServer
) -> None:
    server.start()
    server.wait_for_beat()
    file = File(size=8_000_000, seed=1, rate=2_000)
    url = http_server.serve("/slow.bin?token=secret", file)
    odr_id = server.insert(url)
    server.wait_for(odr_id, lambda task: task.completed > 0)
    waiting = server.insert(f"{http_server.url('/other.bin')}?token=secret", owner=OTHER)

    listed = run("list")
    assert (listed.code, listed.err) == (0, "")
    heading, *rows = [line.split() for line in listed.out.splitlines()]
    assert heading == ["ID", "OWNER", "STATE", "DONE", "SIZE", "NAME", "COMMENT"]
    assert [row[:3] for row in rows] == [[str(waiting), OTHER, "waiting"], [str(odr_id), OWNER, "downloading"]]
    (only,) = run("list", "--owner", OTHER, "--json").json["data"]
    assert (only["odr_id"], only["url"], only["removed"]) == (waiting, http_server.url("/other.bin"), False)
    assert run("stats", "--json").json["downloading"]["tasks"] == 1
    assert run("stats", "--owner", OTHER, "--json").json["downloading"]["tasks"] == 0
    shown = run("show", str(odr_id))
    assert ("secret" in shown.out, f"owner     {OWNER}" in shown.out, "library" in shown.out) == (False, True, True)

    assert run("priority", str(waiting), "90") == Result(0, f"Task {waiting} has priority 90 now.\n", "")
    assert run("pause", str(waiting)).code == 0
    for words in VERBS:
        assert_done(*words, run, server, odr_id, http_server)
    file.rate = None
    watched = run("watch", str(odr_id), "--json")
    assert (watched.code, watched.err) == (0, "")
    assert "secret" not in watched.out
    assert run("remove", str(odr_id)).out == f"Task {odr_id} is removed.\n"
    assert [row["odr_id"] for row in run("list", "--json").json["data"]] == [waiting]
    removed = run("cancel", str(odr_id), str(waiting))
    assert removed == Result(1, f"Task {waiting} is cancelled.\n", f"There is no task {odr_id}.\n")


def assert_done(
    verb: str, state: S, words: str, run: Administrator, server: Server, odr_id: int, http_server: HttpServer
) -> None:
    """Left alone, what runs would do so for minutes."""
    assert run(verb, str(odr_id)) == Result(0, f"Task {odr_id} {words}.\n", "")
    server.wait(odr_id, state)
    is_running = state is S.DOWNLOADING
    http_server.wait_for(lambda _: (http_server.active > 0) is is_running)


def test_what_is_added_or_would_wait_again_is_checked(
    run: Administrator, server: Server, http_server: HttpServer
) -> None:
    server.start()
    server.wait_for_beat()
    private, gone = (str(server.insert(*row)) for row in [("http://10.0.0.1/", "/"), ("https://a.example/", "/no")])
    for odr_id in (private, gone):
        server.wait(int(odr_id), S.ERROR)
    said = run("retry", private, gone, "99")
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        "The address 10.0.0.1 is in a private network.",
        "The folder /no does not exist in the library any more.",
        "There is no task 99.",
    ]
    assert {server.task(int(odr_id)).status for odr_id in (private, gone)} == {S.ERROR}
    # So is what is added for somebody.
    url, whose = http_server.serve("/a.bin", File(size=10)), ("--owner", OWNER, "--repo", REPO_ID)
    added = run("add", url, *whose, "--priority", "90", "--json")
    assert (added.code, added.json["owner"], added.json["repo_name"], added.json["priority"]) == (0, OWNER, "files", 90)
    assert server.wait(added.json["odr_id"]).stored_path == "/a.bin"
    for words, sentence in [
        ((url,), "Please say whose it is and into which library it goes: --owner NAME --repo ID."),
        ((url, *whose, "--to", "/no"), "The folder /no does not exist in the library any more."),
        ((url, *whose, "--owner", OTHER), "You may not put files into the folder /."),
        (("https://ada:secret@a.example/", *whose), "A password of a link is entered by the owner of the task"),
    ]:
        refused = run("add", *words)
        assert (refused.code in (1, 2), refused.out, refused.err[: len(sentence)]) == (True, "", sentence)
    # While seaf-server does not answer nobody knows; the service finds out before it begins.
    server.seafile.is_down = True
    assert run("retry", gone).out == f"Task {gone} starts again.\n"
    server.seafile.is_down = False
    assert server.wait(int(gone)).reason == "folder_gone"


def test_without_the_daemon_tasks_are_there_and_wait(run: Administrator, server: Server) -> None:
    assert run("upgrade-db").code == 0
    odr_id = str(server.insert("https://a.example/"))
    assert run("pause", odr_id) == Result(0, f"Task {odr_id} is paused.\n", "")
    assert run("resume", odr_id).out == f"Task {odr_id} goes on.\n"
    listed = run("list")
    assert listed.out.splitlines()[1].split()[2] == "waiting"
    assert listed.err.startswith("Nothing is downloaded now: the download service is not running;")
