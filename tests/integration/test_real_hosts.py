"""The whole daemon and Seahub's pages inside real checkouts (tests/support/host/checkouts.py names them).

docs/hosts.md says against which this was held, and what came of it.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.host import checkouts
from tests.support.host.fixtures import MakeServer
from tests.support.host.seahub import Answer, Seahub
from tests.support.host.server import Server
from tests.support.http_server import Answer as Page
from tests.support.http_server import File, HttpServer
from tests.support.mariadb import PASSWORD
from tests.support.seafile import OWNER
from tests.support.service import REPO_ID
from tests.support.traces import files_with, processes_with
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(bool(checkouts.missing()), reason=checkouts.missing())

S = OfflineDownloadStatus
STARTED = "offline download: started"
LISTENS = "Subscribe to channels"

ADD = "/api/v2.2/offline-download/add"
TASKS = "/api/v2.2/offline-download/tasks"
METRICS = "/api/v2.2/admin/offline-download/metrics"
HORSE = "correct-horse"
TOKEN = "figures-for-a-monitor"


@pytest.fixture
def server(make_server: MakeServer, tmp_path: Path) -> Server:
    return checkouts.make(make_server, tmp_path)


def message(server: Server, **fields: object) -> str:
    if server.version >= 12:
        return json.dumps({"msg_type": "offline-file-upload", **fields})
    return "\t".join(["offline-file-upload", *map(str, fields.values())])


def test_the_daemon(server: Server, http_server: HttpServer) -> None:
    repo = server.seafile.make(REPO_ID)
    server.set_up()
    server.start()
    server.wait_for_log(STARTED)
    server.wait_for_beat()
    assert {"aria2c"} < server.children()

    # By SQL alone, by a message that wakes, and by one that brings the link.
    contents = [File(size=100_000, seed=number) for number in range(3)]
    urls = [http_server.serve(f"/{number}.bin", file) for number, file in enumerate(contents)]
    assert server.wait(server.insert(urls[0])).status is S.OK
    odr_id = server.insert(urls[1])
    server.publish(message(server, odr_id=odr_id))
    assert server.wait(odr_id).status is S.OK
    server.publish(message(server, repo_id=REPO_ID, path="/", user=OWNER, url=urls[2]))
    eventually(lambda: server.newest() > odr_id)
    assert server.wait(odr_id + 1).status is S.OK
    server.publish(message(server, odr_id="twelve"))
    server.wait_for_log("got bad message")

    # Killed, and stopped as the host stops it; started again at once.
    for end in (signal.SIGKILL, signal.SIGTERM):
        file = File(size=400_000, seed=end, stall_after=200_000)
        odr_id = server.insert(http_server.serve(f"/{end}.bin", file))
        server.wait_for(odr_id, lambda task: task.completed > 0)
        said = len(server.log())
        server.kill(end)
        file.stall.set()
        server.start()
        server.wait_for_log(STARTED, after=said)
        task = server.wait(odr_id)
        assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0), task
        contents.append(file)

    stored = [node.data for node in repo.nodes.values() if node.data]
    assert sorted(stored) == sorted(file.read(0, file.size or 0) for file in contents)
    assert server.log("offline_download.log").count(": stored, ") == len(contents)
    assert PASSWORD not in server.log() + server.log("offline_download.log") + server.log("seafevents.out")


def test_the_two_kinds_of_nodes_and_a_host_without_us(server: Server, http_server: HttpServer) -> None:
    server.seafile.make(REPO_ID)
    server.set_up()
    server.start_background()
    server.wait_for_log(STARTED, name="seafile-background-tasks.log")
    server.wait_for_beat()
    assert server.wait(server.insert(http_server.serve("/a.bin", File(size=1000)))).status is S.OK
    server.kill()

    with open(server.tree.conf / "seafile.conf", "a", encoding="utf-8") as file:
        file.write("\n[cluster]\nenabled = true\n")
    url = http_server.serve("/b.bin", File(size=1000))
    server.publish(message(server, repo_id=REPO_ID, path="/", user=OWNER, url=url))
    server.start()
    eventually(lambda: server.newest() == 2)
    server.publish("nothing that anybody understands")
    server.wait_for_log("invalid message format")
    assert server.task(2).status is S.WAITING
    assert (server.children(), STARTED in server.log()) == (set(), False)
    server.kill()

    assert server.disable().code == 0
    said = len(server.log())
    server.start()
    server.wait_for_log(LISTENS, after=said)
    assert "ffline" not in server.log()[said:]


@pytest.fixture
def seahub(server: Server) -> Iterator[Seahub]:
    """Beside the daemon, which has looked for tasks."""
    redis = checkouts.start_redis(server)
    try:
        server.seafile.make(REPO_ID)
        server.set_up(metrics_token=TOKEN, mime_deny="text/html")
        server.start()
        server.wait_for_beat()
        yield server.seahub()
    finally:
        if redis is not None:
            redis.kill()
            redis.wait()


def add(seahub: Seahub, url: str, **more: str) -> Answer:
    return seahub.ask(ADD, {"repo_id": REPO_ID, "path": "/", "url": url, **more}, method="PUT")


def test_seahub(server: Server, seahub: Seahub, http_server: HttpServer) -> None:
    refused = add(seahub, "https://cloud.example.com/a")
    added = add(seahub, http_server.serve("/view.bin", File(size=100_000, seed=1)))
    assert (refused.status, added.status) == (400, 200), (refused, added, server.log("seahub.log"))
    assert server.wait(added.json["data"][0]["odr_id"]).status is S.OK
    (task,) = seahub.ask(TASKS).json["data"]
    assert (task["state"], task["stored_path"]) == ("ok", "/view.bin")
    # Its owner is told after the fact.
    (notice,) = eventually(lambda: seahub.ask("/api/v2.1/notifications/").json["notification_list"])
    assert (notice["type"], notice["detail"]["file_name"]) == ("file_uploaded", "view.bin")
    assert seahub.ask("/api/v2.1/admin/logs/offline-download-logs/").status == 403
    # Its own pages are there as before; ours want somebody who has signed in.
    for address in ("/accounts/login/", "/offline-download/", "/sys/offline-download/"):
        answer = seahub.ask(address)
        assert (answer.status, b'name="login"' in answer.body, b"offline-download.js" in answer.body) == (
            200,
            True,
            False,
        )
    assert "Traceback" not in server.log("seahub.log")


def test_a_password_goes_to_the_links_server_alone_and_its_owner_has_the_task_in_hand(
    server: Server, seahub: Seahub, http_server: HttpServer
) -> None:
    file = File(size=400_000, seed=2, stall_after=200_000, login=f"ada:{HORSE}")
    added = add(seahub, http_server.serve("/private.bin", file), username="ada", password=HORSE)
    assert added.status == 200, (added, server.log("seahub.log"))
    odr_id = added.json["data"][0]["odr_id"]

    def act(verb: str, **needs: str) -> Answer:
        return seahub.ask(f"{TASKS}/{odr_id}/{verb}", needs, method="POST")

    # Sealed by Seahub, and opened by the daemon each time that it begins.
    server.wait_for(odr_id, lambda task: task.completed > 0)
    assert_nowhere(server)
    assert (act("pause").status, server.task(odr_id).status) == (200, S.PAUSED)
    http_server.wait_for_active(0)
    assert act("resume").status == 200
    server.wait(odr_id, S.DOWNLOADING)
    server.kill()
    server.start()
    server.wait_for(odr_id, lambda task: task.claim == 3)
    http_server.wait_for_active(1)
    assert (act("cancel").status, server.task(odr_id).status) == (200, S.CANCELLED)
    http_server.wait_for_active(0)
    # With the end it was wiped.
    asked = act("retry")
    assert (asked.status, asked.json["asked"]) == (409, ["password"]), asked
    file.stall.set()
    assert act("retry", username="ada", password=HORSE).status == 200
    assert server.wait(odr_id).status is S.OK
    task = seahub.ask(f"{TASKS}/{odr_id}").json["data"]
    assert (task["extras"], task["extras_wiped"]) == (["password"], True)
    assert server.seafile.repos[REPO_ID].nodes["/private.bin"].data == file.read(0, file.size or 0)
    assert_nowhere(server)


def assert_nowhere(server: Server) -> None:
    """Not in the tables, the logs, the temporary folder, a command line or an environment."""
    assert HORSE not in str(server.sql("SELECT * FROM OfflineDownloadRecord"))
    assert files_with(HORSE, server.tree.top) == []
    assert processes_with(HORSE) == []


def test_what_a_file_is_decides_and_the_figures_count_it(
    server: Server, seahub: Seahub, http_server: HttpServer
) -> None:
    page = Page(body=b"<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>")
    added = add(seahub, http_server.serve("/report.pdf", page))
    task = server.wait(added.json["data"][0]["odr_id"])
    assert (task.status, task.reason) == (S.ERROR, "kind_refused"), task
    figures = seahub.ask(METRICS, user=TOKEN, kind="Bearer")
    assert (figures.status, b'offline_download_tasks{state="error"} 1.0' in figures.body) == (200, True), figures
    assert seahub.ask(METRICS).status == 403
