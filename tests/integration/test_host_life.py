"""The whole daemon in a Seafile server that nobody prepared: from `enable` to files in a library, and through its ends.

The server's own programs are stand-ins (tests/support/host); aria2c, the guard and MariaDB are real.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.databases import make_tables
from tests.support.host.fixtures import MakeServer
from tests.support.host.seahub import Answer
from tests.support.host.server import Server
from tests.support.http_server import File, HttpServer
from tests.support.mariadb import PASSWORD
from tests.support.seafile import OWNER, Node, Repo
from tests.support.service import REPO_ID
from tests.support.waiting import eventually

S = OfflineDownloadStatus

#: Four bytes a character: one that Seahub takes for an emoji and one that it does not.
ODD = "🎉𠀀"
FOLDER = f"/docs {ODD}"
LOG = "offline_download.log"
STARTED = "offline download: started"


def make_library(server: Server) -> Repo:
    repo = server.seafile.make(REPO_ID)
    repo.nodes[FOLDER] = Node(None, "", 0)
    return repo


def add_a_company(server: Server) -> None:
    """An administrator has extended Seahub in the same way before us."""
    package = server.tree.libraries / "company"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "urls.py").write_text(
        "from django.apps import apps\n"
        "from django.http import HttpResponse\n"
        "from django.urls import include, path\n"
        "assert apps.is_installed('company')\n"
        "urlpatterns = [path('company/', lambda request: HttpResponse('ours')), path('', include('seahub.urls'))]\n",
        encoding="ascii",
    )
    with server.settings_file.open("a", encoding="utf-8") as file:
        file.write('EXTRA_INSTALLED_APPS = ["company"]\nSITE_ROOT_URLCONF = "company.urls"\n')


def contents_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def files(repo: Repo) -> dict[str, bytes]:
    # Somebody may just put one there.
    return {path: node.data for path, node in repo.nodes.copy().items() if node.data is not None}


def message(server: Server, **fields: object) -> str:
    """As publishers of the family write it: JSON, or the values with tabs between them."""
    if server.version >= 12:
        return json.dumps({"msg_type": "offline-file-upload", **fields})
    return "\t".join(["offline-file-upload", *map(str, fields.values())])


def notices(server: Server) -> list[tuple[object, ...]]:
    """What Seahub tells people: whom, what kind of thing, and here of which file."""
    rows = server.sql("SELECT to_user, msg_type, detail FROM notifications_usernotification ORDER BY id")
    details = [json.loads(str(detail)) for _, _, detail in rows]
    assert {detail["repo_id"] for detail in details} <= {REPO_ID}
    return [
        (user, kind, f"{detail['uploaded_to'].rstrip('/')}/{detail['file_name']}")
        for (user, kind, _), detail in zip(rows, details, strict=True)
    ]


def wait_for_link(server: Server, odr_id: int, content: str) -> None:
    """Until the link of a message is a task; a busy machine's database may have been too slow for the message, which is
    said in the log, and then it is sent again."""
    sent = [content]

    def is_there() -> bool:
        if server.log().count("a link that came by message is lost") == len(sent):
            server.publish(content)
            sent.append(content)
        return server.newest() == odr_id

    eventually(is_there, 60, server.story)


def sign_in(server: Server, name: str) -> None:
    """A message of the host's own, by which it shows that it works."""
    server.publish(
        json.dumps({"msg_type": "user-login", "user_name": name}) if server.version >= 12 else f"user-login\t{name}\t1"
    )
    server.wait_for_log(f"host: {name} has signed in")


def has_ended(pid: int) -> bool:
    """Also when nobody has asked how."""
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


def test_put_in_taken_out_put_in_again_and_killed(make_server: MakeServer, http_server: HttpServer) -> None:
    server = make_server(13, "utf8mb4")
    repo = make_library(server)
    before = contents_of(server.tree.conf)
    assert server.enable().code == 0
    assert contents_of(server.tree.conf) != before
    assert server.disable().code == 0
    assert contents_of(server.tree.conf) == before

    # The host runs as it always did.
    server.start()
    server.publish(message(server, odr_id=1))
    sign_in(server, "ada")
    assert (server.children(), "offline" in server.log()) == (set(), False)
    server.kill(signal.SIGTERM)

    # Killed in the middle; whoever starts it again does so at once. The table is looked into without being told.
    server.set_up(interval="0.5s")
    server.start()
    server.wait_for_beat()
    assert "aria2c" in server.children()
    file = File(size=400_000, seed=1, stall_after=200_000)
    odr_id = server.insert(http_server.serve("/a.bin", file))
    server.wait_for(odr_id, lambda task: task.completed > 0)
    assert_start_goes_on(server, odr_id, file, signal.SIGKILL)
    assert files(repo) == {"/a.bin": file.read(0, 400_000)}
    assert any(request.range for request in http_server.requests), "what was there was used"


@pytest.mark.parametrize("version", [11, 13])
def test_the_two_kinds_of_nodes_of_a_cluster(make_server: MakeServer, http_server: HttpServer, version: int) -> None:
    server = make_server(version)
    repo = make_library(server)
    (server.tree.conf / "seafile.conf").write_text("[cluster]\nenabled = true\n", encoding="ascii")
    server.set_up(interval="0.5s")
    # As the node in the background has done long ago; the one in front of people never does.
    make_tables(server.database_url)

    # It listens, and puts into the table what it is told, also what was said before; somebody else downloads.
    url = http_server.serve("/a.bin", File(size=1000, seed=1))
    link = message(server, repo_id=REPO_ID, path="/", user=OWNER, url=url)
    server.publish(link)
    server.start()
    sign_in(server, "ada")
    wait_for_link(server, 1, link)
    assert (server.children(), STARTED in server.log()) == (set(), False)
    server.kill()

    # It is told nothing, and finds it. In a container logs go to stdout, since 12.
    server.extra["SEAFILE_LOG_TO_STDOUT"] = str(version >= 12).lower()
    server.start_background()
    assert server.wait(1).status is S.OK
    assert files(repo) == {"/a.bin": File(size=1000, seed=1).read(0, 1000)}
    general, tasks = ("seafevents.out",) * 2 if version >= 12 else ("seafile-background-tasks.log", LOG)
    server.wait_for_log(STARTED, name=general)
    server.wait_for_log("task 1: stored", name=tasks)
    assert "Subscribe" not in server.log(general)


@pytest.mark.parametrize(("version", "charset"), [(11, ""), (12, "utf8mb4"), (14, "")])
def test_a_server_that_nobody_prepared(
    make_server: MakeServer, http_server: HttpServer, version: int, charset: str
) -> None:
    """Nothing looks into the table by itself here, so whatever is downloaded was asked for by a message."""
    server = make_server(version, charset)
    repo = make_library(server)
    add_a_company(server)
    server.set_up(interval="1h")
    server.start()
    server.wait_for_beat()
    logins = ("", "", "ada:correct horse")
    contents = {
        f"{FOLDER}/{number} _𠀀.bin": File(size=100_000, seed=number, login=login)
        for number, login in enumerate(logins)
    }
    raw, encoded, by_view = (
        http_server.serve(f"/{number} {ODD}.bin", file) for number, file in enumerate(contents.values())
    )

    # By plain SQL, as it was typed; the message says that there is something new.
    odr_id = server.insert(raw, FOLDER)
    server.publish(message(server, odr_id=odr_id))
    task = server.wait(odr_id)
    assert (task.status, task.stored_path, task.attempts) == (S.OK, f"{FOLDER}/0 _𠀀.bin", 0), task

    # By a message, as browsers copy it; one that makes no sense is a warning.
    server.publish(message(server, odr_id="twelve"))
    link = {"path": FOLDER, "user": OWNER, "url": encoded.replace(ODD, "%F0%9F%8E%89%F0%A0%80%80")}
    server.publish(message(server, repo_id=REPO_ID, **link))
    wait_for_link(server, 2, message(server, repo_id=REPO_ID, **link))
    assert server.wait(2).status is S.OK
    assert server.log().count("got bad message") == 1

    listed = add_by_seahub(server, by_view)
    assert [(task["state"], task["stored_path"]) for task in listed] == [
        ("ok", path) for path in sorted(contents, reverse=True)
    ]
    assert files(repo) == {path: file.read(0, 100_000) for path, file in contents.items()}
    assert listed[0]["extras_wiped"] is True
    told = str(server.sql("SELECT options FROM OfflineDownloadRecord")) + server.log() + server.log(LOG)
    assert "horse" not in told + server.log("seahub.out")
    assert {node.modifier for node in repo.nodes.values() if node.data} == {OWNER}
    # Others are told when the record says so, and after the log.
    eventually(lambda: len(notices(server)) == len(contents))
    assert sorted(notices(server)) == [(OWNER, "file_uploaded", path) for path in sorted(contents)]
    assert all(f"task {number}: stored" in server.log(LOG) for number in (1, 2, 3))
    assert "task 1" not in server.log()
    sign_in(server, "ada")

    end_as_the_host_does(server, http_server)
    assert files(repo)["/long.bin"] == File(seed=9).read(0, 400_000)
    assert "alembic" not in server.log(), "what others say while they work is not for the host's log"
    assert PASSWORD not in "".join(path.read_text(encoding="utf-8") for path in server.tree.logs.iterdir())


def add_by_seahub(server: Server, url: str) -> list[dict[str, Any]]:
    """Seahub sends the message itself, and the link may not lead back to this server. What is told with it the daemon
    opens with a key that it makes of the same SECRET_KEY. Returns the owner's list when it is there."""
    seahub = server.seahub()
    add = "/api/v2.2/offline-download/add"
    refused = seahub.ask(add, {"repo_id": REPO_ID, "path": "/", "url": "https://cloud.example.com/a"}, method="PUT")
    assert seahub.ask("/company/") == Answer(200, b"ours")
    login = {"username": "ada", "password": "correct horse"}
    added = seahub.ask(add, {"repo_id": REPO_ID, "path": FOLDER, "url": url, **login}, method="PUT")
    assert (refused.status, added.status) == (400, 200), (refused, added, server.log("seahub.out"))
    assert server.wait(added.json["data"][0]["odr_id"]).status is S.OK
    return list(seahub.ask("/api/v2.2/offline-download/tasks").json["data"])


def end_as_the_host_does(server: Server, http_server: HttpServer) -> None:
    """In the middle of a download, which goes on with the next start."""
    file = File(size=400_000, seed=9, stall_after=200_000)
    odr_id = server.insert(http_server.serve("/long.bin", file))
    server.publish(message(server, odr_id=odr_id))
    server.wait_for(odr_id, lambda task: task.completed > 0)
    assert_start_goes_on(server, odr_id, file, signal.SIGTERM)


def assert_start_goes_on(server: Server, odr_id: int, file: File, end: signal.Signals) -> None:
    """The task is in the middle of ``file``; the daemon ends, and its monitor starts it again at once."""
    engine, said = server.engine_pid(), len(server.log())
    has_handler = server.version >= 13 and end is signal.SIGTERM
    assert server.kill(end) == (0 if has_handler else -end)
    file.stall.set()
    server.start()
    server.wait_for_log(STARTED, after=said)
    assert has_ended(engine)
    task = server.wait(odr_id)
    assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0), task
