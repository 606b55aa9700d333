"""What goes wrong inside a Seafile server: a fault of ours is one sentence in the host's log and the host goes on; what
is away comes back, and nothing was lost meanwhile."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.host.fixtures import MakeServer
from tests.support.host.server import Server
from tests.support.host.wire import Wire
from tests.support.http_server import File, HttpServer
from tests.support.mariadb import PASSWORD, MariaDb
from tests.support.service import REPO_ID
from tests.support.waiting import eventually

from .test_host_life import files, sign_in

S = OfflineDownloadStatus

#: Seconds for which the database stays away at least. With 60 it is also tried how long silence is borne.
CUT = float(os.environ.get("OFFLINE_DOWNLOAD_CUT", "0"))


def without_aria2c(server: Server) -> None:
    server.configure(aria2c="/nowhere/aria2c")


def with_a_bad_setting(server: Server) -> None:
    server.configure(workers="many")


def with_the_folder_of_somebody_else(server: Server) -> None:
    server.tempdir.mkdir(parents=True)
    server.tempdir.chmod(0o777)
    if os.geteuid() == 0:
        shutil.chown(server.tempdir, "nobody")


FAULTS = [
    (11, without_aria2c, "aria2c"),
    (12, with_a_bad_setting, "[OFFLINE DOWNLOAD] workers = many"),
    (13, with_the_folder_of_somebody_else, "offline-download"),
]


@pytest.mark.parametrize(("version", "spoil", "words"), FAULTS)
def test_a_start_that_fails_is_one_sentence_and_the_host_goes_on(
    make_server: MakeServer, version: int, spoil: Callable[[Server], None], words: str
) -> None:
    server = make_server(version)
    server.set_up()
    spoil(server)
    server.start()
    server.wait_for_log("offline download: is off")
    assert_the_host_goes_on(server)
    (line,) = [line for line in server.log().splitlines() if "[ERROR]" in line]
    assert words in line
    assert "Traceback" not in server.log() + server.log("seafevents.out")
    assert server.children() == set()


def assert_the_host_goes_on(server: Server) -> None:
    """What it listens to and what it does by itself."""
    sign_in(server, "ada")
    turns = len(server.log("file_updates_sender.log"))
    eventually(lambda: len(server.log("file_updates_sender.log")) > turns)


def test_a_database_in_which_no_tables_may_be_made_yet(
    make_server: MakeServer, mariadb: MariaDb, http_server: HttpServer
) -> None:
    """As seen by a user of its own, who gets the right while the service waits for it."""
    server = make_server(14)
    repo = server.seafile.make(REPO_ID)
    user, database = "limited", server.tree.database.name
    dotenv = server.tree.conf / ".env"
    dotenv.write_text(f"{dotenv.read_text(encoding='ascii')}SEAFILE_MYSQL_DB_USER={user}\n", encoding="ascii")
    mariadb.execute(
        "CREATE TABLE HostLogin (id int AUTO_INCREMENT PRIMARY KEY, name varchar(255) NOT NULL)",
        f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {database}.* TO {user}@'%'",
        database=database,
    )
    server.set_up(interval="0.2s")
    try:
        server.start()
        server.wait_for_log("the user has no right to do this in the database")
        assert_the_host_goes_on(server)
        mariadb.execute(f"GRANT ALL ON {database}.* TO {user}@'%'")
        server.wait_for_beat()
        assert server.wait(server.insert(http_server.serve("/a.bin", File(size=1000, seed=1)))).status is S.OK
        assert set(files(repo)) == {"/a.bin"}
    finally:
        mariadb.execute(f"DROP USER {user}@'%'")


@pytest.mark.parametrize("away", [Wire.cut, Wire.clamp] if CUT else [Wire.cut])
def test_a_database_and_a_server_that_go_away_in_the_middle_of_everything(
    make_server: MakeServer, mariadb: MariaDb, http_server: HttpServer, away: Callable[[Wire], None]
) -> None:
    with Wire(mariadb.port) as wire:
        server = make_server(13, port=wire.port)
        repo = server.seafile.make(REPO_ID)
        server.set_up(interval="0.5s", retry_delay="0.2s")
        server.start()
        server.wait_for_beat()
        expected = lose_the_database(server, wire, away, http_server)
        expected |= stop_seaf_server(server, http_server)
        assert files(repo) == expected
        assert_the_host_goes_on(server)
        assert PASSWORD not in server.log() + server.log("offline_download.log")


def lose_the_database(
    server: Server, wire: Wire, away: Callable[[Wire], None], http_server: HttpServer
) -> dict[str, bytes]:
    """One task is in the middle of its download, one is just being stored, one waits for its turn."""
    long = File(size=400_000, seed=1, stall_after=200_000)
    others = {f"/{name}.bin": File(size=1000, seed=name) for name in ("stored", "waiting")}
    running = server.insert(http_server.serve("/long.bin", long))
    server.wait_for(running, lambda task: task.completed > 0)
    server.seafile.script("post_multi_files", lambda: away(wire))
    # Before the first of them is there: it may be stored, and the database away, before the other one is.
    said = len(server.log())
    stored, waiting = (server.insert(http_server.serve(path, file)) for path, file in others.items())
    away_since = time.monotonic()
    repo = server.seafile.repos[REPO_ID]
    eventually(lambda: "/stored.bin" in files(repo))

    # It is away: the download goes to its end all the same, and the host does what it can do without it.
    server.wait_for_log("database", after=said)
    long.stall.set()
    http_server.wait_for_active(0)
    turns = len(server.log("file_updates_sender.log"))
    eventually(lambda: len(server.log("file_updates_sender.log")) > turns)
    eventually(lambda: time.monotonic() > away_since + CUT, timeout=CUT + 60)
    assert [server.task(number).status for number in (stored, waiting)] == [S.STORING, S.WAITING]

    wire.mend()
    for number in (running, stored, waiting):
        task = server.wait(number)
        assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0), task
    return {"/long.bin": long.read(0, 400_000), **{path: file.read(0, 1000) for path, file in others.items()}}


def stop_seaf_server(server: Server, http_server: HttpServer) -> dict[str, bytes]:
    file = File(size=1000, seed="away")
    server.seafile.is_down = True
    server.seafile.restart()
    odr_id = server.insert(http_server.serve("/away.bin", file))
    task = server.wait_for(odr_id, lambda task: task.reason == "storage_unavailable")
    assert (task.status, task.attempts) == (S.WAITING, 0), task
    server.seafile.is_down = False
    task = server.wait(odr_id)
    assert (task.status, task.attempts) == (S.OK, 0), task
    return {"/away.bin": file.read(0, 1000)}
