"""A database that is away, locked, damaged or not ours: one clear sentence each, and all is well again afterwards."""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from seafevents_offline import repository
from seafevents_offline.errors import DatabaseUnavailable, OfflineDownloadError, SettingsError
from seafevents_offline.repository import NodeBeat, Repository, TaskQuery
from seafevents_offline.repository.database import CONNECTIONS
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Progress, Task
from tests.support.databases import database_of, new_mariadb, remove_mariadb, run_sql
from tests.support.mariadb import PASSWORD, MariaDb
from tests.support.records import NODE, ROOMY, add_many, claimed, new, stored
from tests.support.waiting import eventually

S = OfflineDownloadStatus


def refusal_of(call: Callable[[], object]) -> str:
    with pytest.raises(DatabaseUnavailable) as error:
        call()
    assert error.value.retryable
    assert not error.value.costs_attempt
    # What a log with a traceback would show beside the sentence: nothing of the statement and its values.
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    return str(error.value).removeprefix("The database cannot be used at the moment: ")


def opened(url: str) -> Repository:
    return repository.open(Settings(database=url))


def calls(repo: Repository, running: Task, storing: Task) -> list[Callable[[], object]]:
    """Everything that writes."""
    return [
        lambda: repo.add(new()),
        lambda: repo.act(running.odr_id, Action.PAUSE),
        lambda: repo.prioritise(running.odr_id, 1),
        lambda: repo.remove(running.odr_id),
        lambda: repo.clean_up(running.owner, frozenset({S.OK})),
        lambda: repo.beat(NodeBeat(NODE, "x", "1", {})),
        lambda: repo.claim(NODE, 1, **ROOMY),
        lambda: repo.report([Progress(running.odr_id, running.claim, 1, 1, 1)]),
        lambda: repo.storing(running, name="x", size=1, stored_path="/x"),
        lambda: repo.finish(storing, Done(1)),
        lambda: repo.restore(NODE),
    ]


# --- settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no url",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:s3cret@h/d",
        "mysql+nothing",
        "mysql://u:s3cret@h:port/d",
        "nonsense://u:s3cret@h/d",
    ],
)
def test_a_url_that_is_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        opened(url)
    assert "[OFFLINE DOWNLOAD] database" in str(error.value)
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "mysql+mysqldb", "mariadb", "mariadb+pymysql"])
@pytest.mark.parametrize("query", ["", "?charset=utf8", "?charset=latin1&use_unicode=0"])
def test_every_way_to_write_a_mysql_url_is_ours(mariadb_url: str, scheme: str, query: str) -> None:
    repo = opened(mariadb_url.partition("?")[0].replace("mysql+pymysql", scheme) + query)
    repo.upgrade()
    task = repo.add(new("https://a.example/😀"))
    assert repo.get(task.odr_id) == task
    repo.close()


def test_opening_touches_nothing(tmp_path: Path) -> None:
    repo = opened(f"sqlite:///{tmp_path / 'missing' / 'tasks.db'}")
    opened("mysql+pymysql://u:p@127.0.0.1:1/d")
    assert list(tmp_path.iterdir()) == []
    repo.close()
    repo.close()


def test_who_comes_when_all_connections_are_in_use_waits_for_one(repo: Repository) -> None:
    database = repo._database
    most, all_in_use = 0, threading.Barrier(CONNECTIONS)

    def work(connection: Connection) -> None:
        nonlocal most
        most = max(most, database.engine.pool.checkedout())  # type: ignore[attr-defined]
        connection.exec_driver_sql("SELECT 1")
        all_in_use.wait(60)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: database.run(work), range(40)))
    assert most == CONNECTIONS


def test_no_connection_is_kept_out_of_the_pool(repo: Repository) -> None:
    task = claimed(repo)
    for call in calls(repo, task, task)[:-2]:
        call()
    repo.find(TaskQuery())
    assert repo._database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


# --- SQLite ---------------------------------------------------------------------------------------------


@contextmanager
def locked_by_another_process(path: Path) -> Iterator[Callable[[], None]]:
    """The file is locked for writing; the given function lets it go."""
    program = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.readline()\n"
        "connection.execute('ROLLBACK')\n"
        "connection.close()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"

        def release() -> None:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

        try:
            yield release
        finally:
            process.kill()


def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    repo = opened(f"sqlite:///{path}")
    repo.upgrade()
    with locked_by_another_process(path) as release, ThreadPoolExecutor(1) as pool:
        future = pool.submit(repo.add, new())
        assert repo.find(TaskQuery()).total == 0
        release()
        assert future.result(60).odr_id == 1
    repo.close()


def test_a_file_that_stays_locked_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    repo = opened(f"sqlite:///{path}?timeout=0.2")
    repo.upgrade()
    storing, running = stored(repo), claimed(repo)
    with locked_by_another_process(path):
        for call in calls(repo, running, storing):
            assert refusal_of(call) == "another program keeps its file locked."
    assert repo.finish(storing, Done(1))
    repo.close()


def test_the_timeout_is_long_enough(sqlite_url: str) -> None:
    repo = opened(sqlite_url)

    def pragma(name: str) -> object:
        return repo._database.run(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").scalar())

    assert pragma("busy_timeout") == 15_000
    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    repo.close()


@pytest.mark.parametrize("content", [b"this is no database, " * 1000, b"SQLite format 3\0" + b"\xff" * 10_000])
def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tasks.db"
    path.write_bytes(content)
    repo = opened(f"sqlite:///{path}")
    for call in (repo.upgrade, repo.check_schema, lambda: repo.add(new())):
        assert "damaged" in refusal_of(call)
    assert path.read_bytes() == content
    repo.close()


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    repo = opened(f"sqlite:///{path}")
    repo.upgrade()
    add_many(repo, 200)
    repo.close()
    with path.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xa5" * (os.path.getsize(path) - 4096 * 3))
    repo = opened(f"sqlite:///{path}")
    assert refusal_of(lambda: repo.find(TaskQuery(per_page=200))) == "its file is damaged; please restore a copy."
    repo.close()


def test_a_read_only_file_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    repo = opened(f"sqlite:///{path}")
    repo.upgrade()
    storing, running = stored(repo), claimed(repo)
    repo.add(new())
    repo.close()
    repo = opened(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert repo.find(TaskQuery()).total == 3
    for call in calls(repo, running, storing):
        assert refusal_of(call) == "its file is read-only; please check its rights."
    repo.close()


@pytest.mark.parametrize("name", ["missing/tasks.db", "."])
def test_a_file_that_cannot_be_opened_is_a_sentence(tmp_path: Path, name: str) -> None:
    repo = opened(f"sqlite:///{tmp_path / name}")
    assert refusal_of(repo.upgrade) == "its file cannot be opened; please check the folder and its rights."
    repo.close()


def test_a_full_disk_is_a_sentence(sqlite_url: str) -> None:
    repo = opened(sqlite_url)
    repo.upgrade()
    repo.close()

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(repo._database.engine, "connect", limit)
    assert refusal_of(lambda: add_many(repo, 1000)) == "the disk is full."
    assert repo.find(TaskQuery()).total > 0
    repo.close()


# --- MySQL ----------------------------------------------------------------------------------------------


def test_a_server_that_does_not_listen_is_a_sentence() -> None:
    repo = opened("mysql+pymysql://u:s3cret@127.0.0.1:1/d")
    for call in (repo.upgrade, repo.check_schema, lambda: repo.survey(NODE), lambda: repo.add(new())):
        assert refusal_of(call) == "the server cannot be reached."
    repo.close()


def test_a_server_that_does_not_answer_is_a_sentence(mariadb_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        repo = opened(f"mysql+pymysql://u:s3cret@127.0.0.1:{port}/d?read_timeout=1")
        assert "the connection to the server was lost" in refusal_of(lambda: repo.survey(NODE))
        repo.close()


def test_a_wrong_password_is_a_sentence(mariadb_url: str) -> None:
    repo = opened(mariadb_url.replace(PASSWORD, "wr0ng"))
    assert refusal_of(repo.upgrade) == "the server refuses the user name or the password."
    repo.close()


def test_a_database_that_does_not_exist_is_a_sentence(mariadb: MariaDb) -> None:
    repo = opened(mariadb.url("nowhere"))
    assert refusal_of(repo.upgrade) == "there is no database of that name on the server."
    repo.close()


def test_missing_rights_and_limits_are_sentences(mariadb: MariaDb, mariadb_repo: Repository, mariadb_url: str) -> None:
    database = database_of(mariadb_url)
    mariadb.execute(
        "CREATE USER reader@'%' IDENTIFIED BY 's3cret' WITH MAX_USER_CONNECTIONS 1",
        f"GRANT SELECT ON {database}.* TO reader@'%'",
        "CREATE USER stranger@'%' IDENTIFIED BY 's3cret'",
    )
    reader = opened(f"mysql+pymysql://reader:s3cret@127.0.0.1:{mariadb.port}/{database}")
    second = opened(f"mysql+pymysql://reader:s3cret@127.0.0.1:{mariadb.port}/{database}")
    stranger = opened(f"mysql+pymysql://stranger:s3cret@127.0.0.1:{mariadb.port}/{database}")
    assert reader.find(TaskQuery()).total == 0
    assert refusal_of(lambda: reader.add(new())) == "the user has no right to do this in the database."
    assert refusal_of(lambda: second.find(TaskQuery())) == "the server has too many connections."
    assert refusal_of(lambda: stranger.find(TaskQuery())) == "the user has no right to use this database."
    for repo in (reader, second, stranger):
        repo.close()
    mariadb.execute("DROP USER reader@'%'", "DROP USER stranger@'%'")


def test_a_read_only_server_is_a_sentence(mariadb: MariaDb, mariadb_repo: Repository, mariadb_url: str) -> None:
    database = database_of(mariadb_url)
    mariadb.make_writer("writer", database)
    mariadb.set_read_only(True)
    repo = opened(mariadb.url(database, "writer"))
    try:
        assert refusal_of(lambda: repo.add(new())) == "the server is read-only."
    finally:
        mariadb.set_read_only(False)
    assert repo.add(new()).odr_id
    repo.close()
    mariadb.execute("DROP USER writer@'%'")


def test_idle_connections_that_the_server_has_ended_are_replaced(mariadb: MariaDb, mariadb_repo: Repository) -> None:
    for _ in range(5):
        mariadb_repo.add(new())
        number = mariadb_repo._database.run(lambda c: c.exec_driver_sql("SELECT CONNECTION_ID()").scalar())
        mariadb.execute(f"KILL {number}")
        eventually(partial(has_ended, mariadb, number))
    assert mariadb_repo.find(TaskQuery()).total == 5


def has_ended(server: MariaDb, number: object) -> bool:
    return not server.execute(f"SELECT 1 FROM information_schema.processlist WHERE id = {number}")


@pytest.fixture
def own_mariadb() -> Iterator[MariaDb]:
    """A server that this test may stop and kill; what was committed is on the disk."""
    server = new_mariadb(options=())
    yield server
    remove_mariadb(server)


def test_a_server_that_comes_back_is_used_again(own_mariadb: MariaDb) -> None:
    own_mariadb.execute("CREATE DATABASE d")
    repo = opened(own_mariadb.url("d"))
    repo.upgrade()
    storing = stored(repo)
    for end in (own_mariadb.stop, own_mariadb.kill):
        assert repo.survey(NODE).beats == {}
        end()
        for _ in range(3):
            assert refusal_of(lambda: repo.survey(NODE)) in (
                "the server cannot be reached.",
                "the connection to the server was lost.",
            )
        assert refusal_of(lambda: repo.finish(storing, Done(1))) == "the server cannot be reached."
        own_mariadb.start()
        assert repo.survey(NODE).beats == {}
    assert repo.finish(storing, Done(1))
    assert repo.get(storing.odr_id).status is S.OK
    repo.close()


def test_a_server_that_dies_in_the_middle_of_a_statement(own_mariadb: MariaDb) -> None:
    own_mariadb.execute("CREATE DATABASE d")
    repo = opened(own_mariadb.url("d"))
    repo.upgrade()
    task = claimed(repo)
    sent = threading.Event()
    event.listen(repo._database.engine, "before_cursor_execute", lambda *_: sent.set())
    holder = own_mariadb.connect("d")
    holder.cursor().execute("START TRANSACTION")
    holder.cursor().execute("SELECT * FROM OfflineDownloadRecord FOR UPDATE")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(repo.report, [Progress(task.odr_id, task.claim, 5, 5, 5)])
        assert sent.wait(30)
        own_mariadb.kill()
        assert refusal_of(lambda: future.result(60)) == "the connection to the server was lost."
    with pytest.raises(Exception, match=r"."):
        holder.rollback()
    own_mariadb.start()
    assert repo.get(task.odr_id).completed == 0
    repo.close()


def test_close_cuts_the_pauses_short(mariadb_repo: Repository) -> None:
    def deadlock(_: object) -> None:
        raise OperationalError("x", {}, Exception(1213, "Deadlock found"))

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(mariadb_repo._database.run, deadlock)
        mariadb_repo.close()
        with pytest.raises(DatabaseUnavailable, match="too many others are writing"):
            future.result(60)


# --- secrets, processes ---------------------------------------------------------------------------------


def test_secrets_are_in_no_message_and_no_log(
    mariadb: MariaDb, mariadb_repo: Repository, mariadb_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
    try:
        repo = opened(mariadb_url)
        secret = new("https://a.example/?token=" + "s3cret" * 20_000)
        messages = []
        for task in (secret, new(owner="s3cret" * 100)):
            with pytest.raises(OfflineDownloadError) as error:
                repo.add(task)
            messages.append(str(error.value))
        repo.add(new("https://a.example/?token=s3cret"))
        messages.append(repr(repo._database.engine))
        repo.close()
    finally:
        logging.getLogger("sqlalchemy").setLevel(logging.NOTSET)
    for text in (*messages, caplog.text):
        assert "s3cret" not in text
        assert PASSWORD not in text


FORKING = """
import os, sys
from seafevents_offline import repository
from seafevents_offline.settings import Settings
from tests.support.records import new

def link():
    return f"https://{os.getpid()}.example.com/{os.urandom(8).hex()}"

repo = repository.open(Settings(database=sys.argv[1]))
repo.upgrade()
repo.add(new(link()))
question = "SELECT CONNECTION_ID()" if "mysql" in sys.argv[1] else "SELECT 1"

def connection_number():
    return repo._database.run(lambda connection: connection.exec_driver_sql(question).scalar())

mine = connection_number()
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        own = connection_number() != mine or "sqlite" in sys.argv[1]
        for _ in range(20):
            repo.add(new(link()))
        repo.close()
        os._exit(0 if own else 1)
    children.append(child)
idle = os.fork()
if idle == 0:
    repo.close()
    os._exit(0)
children.append(idle)
for _ in range(20):
    repo.add(new(link()))
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 5
assert connection_number() == mine
repo.close()
"""


def test_a_process_that_forks_shares_no_connection(empty_database_url: str) -> None:
    """As gunicorn does, which opens the repository before it forks."""
    command = [sys.executable, "-W", "error", "-c", FORKING, empty_database_url]
    done = subprocess.run(command, check=False, timeout=120, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert run_sql(empty_database_url, "SELECT COUNT(*) FROM OfflineDownloadRecord") == [(101,)]
