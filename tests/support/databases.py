"""Databases for tests: SQLite in a file and a real MariaDB, a fresh one for each test."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from seafevents_offline import repository
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings

from .mariadb import FAST, MariaDb

#: The last one knows which step of the migrations the others are at.
TABLES = (
    "OfflineDownloadDelivery",
    "OfflineDownloadNode",
    "OfflineDownloadOwner",
    "OfflineDownloadRecord",
    "OfflineDownloadVersion",
)

#: Bytes for the data of several servers, each of 125 MB and what tests put there.
_ROOM = 2 * 1024**3

_numbers = itertools.count(1)


class Clock:
    """A clock that stands until a test moves it. Naive UTC."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, 678901)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Forward, or back with negative numbers: ``advance(minutes=5)``."""
        self.now += timedelta(**by)


def new_mariadb(options: Sequence[str] = FAST) -> MariaDb:
    """A started server of one's own; whoever asked stops it and removes its folder."""
    # Not in pytest's folder: a socket's path has 107 bytes at most, and the server's user must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="offline-mariadb-", dir=_memory()))
    folder.chmod(0o755)
    server = MariaDb(folder, options)
    try:
        server.install()
        server.start()
    except BaseException:
        remove_mariadb(server)
        raise
    return server


def _memory() -> Path | None:
    """Where making a table waits for no disk, if there is room: containers often get 64 MiB of it."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else None


def remove_mariadb(server: MariaDb) -> None:
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """One server for all tests of this run, with our tables in a database called ``template``."""
    server = new_mariadb()
    server.execute("CREATE DATABASE template")
    make_tables(server.url("template"))
    yield server
    remove_mariadb(server)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied: much quicker than making them for each test."""
    path = tmp_path_factory.mktemp("template") / "tasks.db"
    make_tables(f"sqlite:///{path}")
    return path


def make_tables(url: str) -> None:
    owner = repository.open(Settings(database=url))
    owner.upgrade()
    owner.close()


@pytest.fixture
def mariadb_url(mariadb: MariaDb) -> Iterator[str]:
    """A database without tables."""
    name = f"test_{next(_numbers)}"
    mariadb.execute(f"CREATE DATABASE {name}")
    yield mariadb.url(name)
    mariadb.execute(f"DROP DATABASE {name}")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tasks.db'}"


@pytest.fixture(params=["sqlite", "mariadb"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """A database without tables; each test runs on both kinds."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database_url(empty_database_url: str, request: pytest.FixtureRequest) -> str:
    """A database with our tables, empty; each test runs on both kinds."""
    return _with_tables(empty_database_url, request)


#: For tests of the whole service in which the kind of database plays a part.
ON_BOTH_DATABASES = pytest.mark.parametrize("service_database_url", ["sqlite", "mariadb"], indirect=True)


@pytest.fixture
def service_database_url(request: pytest.FixtureRequest) -> str:
    """The same for a whole service: SQLite, unless the test asks for both. ``tests/contract`` holds every call of the
    repository on both kinds against the same expectations already."""
    kind = getattr(request, "param", "sqlite")
    return _with_tables(str(request.getfixturevalue(f"{kind}_url")), request)


def _with_tables(url: str, request: pytest.FixtureRequest) -> str:
    """By copies of the templates."""
    if url.startswith("sqlite"):
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, url.removeprefix("sqlite:///"))
    else:
        name = database_of(url)
        request.getfixturevalue("mariadb").execute(
            *(f"CREATE TABLE {name}.{table} LIKE template.{table}" for table in TABLES),
            f"INSERT INTO {name}.{TABLES[-1]} SELECT * FROM template.{TABLES[-1]}",
        )
    return url


def database_of(url: str) -> str:
    """Its name on the server."""
    return make_url(url).database or ""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_repository(database_url: str, clock: Clock) -> Iterator[Callable[[], Repository]]:
    """Opens repositories on one database, as processes of their own would; all have the test's clock."""
    opened: list[Repository] = []

    def open_() -> Repository:
        opened.append(repository.open(Settings(database=database_url), clock=clock))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def repo(open_repository: Callable[[], Repository]) -> Repository:
    return open_repository()


@pytest.fixture
def mariadb_repo(mariadb_url: str) -> Iterator[Repository]:
    """For what SQLite does not have; with the real clock."""
    one = repository.open(Settings(database=mariadb_url))
    one.upgrade()
    yield one
    one.close()


def run_sql(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """What any other program does with the tables: one plain statement, ``?`` for values, committed."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows
    return _run_mysql(url, statement.replace("?", "%s"), values)


def _run_mysql(url: str, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
    with connect_mysql(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def connect_mysql(url: str) -> pymysql.Connection[Any]:
    """As any other program, each statement committed by itself; whoever asked closes it."""
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        database=parts.database,
        charset="utf8mb4",
        autocommit=True,
        ssl_disabled=True,
    )
