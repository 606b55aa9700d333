"""The engine: how a connection is made, what a transaction is, and what is tried again.

Connections are always in autocommit: one statement is one transaction. Where several statements belong together
``transaction`` says BEGIN and COMMIT itself; on SQLite that is BEGIN IMMEDIATE, because a transaction that first
reads and then writes beside another writer fails at once, whatever the busy timeout is.
"""

from __future__ import annotations

import hashlib
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import unquote

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, func, make_url, select
from sqlalchemy.pool import Pool, QueuePool

from ..errors import DatabaseUnavailable, SettingsError
from ..settings import SECTION
from ..threads import offload
from .failures import explain, is_conflict

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
Work = Callable[[Connection], _T]

#: Seconds that a database may take for an answer.
PATIENCE = 30

#: Seconds that a statement on SQLite waits for another writer, and a connection to a server for the server, at most.
_BUSY_TIMEOUT = 15
_CONNECT_TIMEOUT = 10

#: Who comes when all are in use waits for one: opening a connection, or being one writer more, costs more than that.
CONNECTIONS = 10

#: KiB of a file that each connection of SQLite keeps. What it kept is worth nothing once another one has written, and
#: four times as much, which is usual, would be 20 MB in all.
_SQLITE_CACHE = 500

#: How many statements each connection of SQLite keeps ready. Those that name their tasks never come again, and of 128,
#: which is usual, most would be such: 30 MB in all.
_SQLITE_STATEMENTS = 32

#: Seconds before a deadlock's loser tries again (each halved to doubled by chance, so that two do not meet again).
_PAUSES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.5, 1.0, 1.0)

# READ COMMITTED: a claim sees what other nodes did a moment ago, and locks no gaps. The rest makes us independent
# of the server's configuration: whoever died or froze while it had the claim's lock must not keep it for hours.
# MariaDB (10.3) takes a lock from a transaction in which nothing happens, MySQL only from a connection, which then is
# ended while nobody needs it, too.
_MYSQL_SESSION = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 10,"
    " wait_timeout = 60 /*M!100300 , wait_timeout = 600, idle_transaction_timeout = 20 */",
)


class Database:
    """One database; nothing is opened before the first call."""

    def __init__(self, url: str | URL, *, patience: int | None = None) -> None:
        """``patience``: seconds that it may take for an answer; None: ``PATIENCE``. Raises SettingsError."""
        patience = patience or PATIENCE
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url, patience) if self.is_sqlite else _mysql_engine(self.url, patience)
        self._closed = threading.Event()
        self._process = os.getpid()
        self._inherited: list[Pool] = []

    def run(self, work: Work[_T]) -> _T:
        """``work`` with a connection on which every statement is committed by itself.

        Raises DatabaseUnavailable or SchemaOutdated, and whatever ``work`` raises. Deadlocks and lock time-outs are
        tried again, so ``work`` may run more than once.
        """
        return self._repeat(lambda: self._once(work))

    def transaction(self, work: Work[_T]) -> _T:
        """``work`` as one transaction: committed when it returns, rolled back when it raises. Otherwise as ``run``."""
        return self._repeat(lambda: self._once(lambda connection: self._within(connection, work)))

    def alone(self, name: str, work: Work[_T]) -> _T:
        """``work`` as one transaction, while nobody else does anything under this name: what it has counted still holds
        when it writes. Otherwise as ``run``."""
        if self.is_sqlite:
            # Who writes is alone.
            return self.transaction(work)
        return self._repeat(lambda: self._once(lambda connection: self._holding(connection, name, work)))

    def close(self) -> None:
        """Close idle connections and cut the pauses short. Idempotent."""
        self._closed.set()
        self._leave_connections_to_parent()
        self.engine.dispose()

    def _once(self, work: Work[_T]) -> _T:
        self._leave_connections_to_parent()
        with self.engine.connect() as connection:
            return work(connection)

    def _within(self, connection: Connection, work: Work[_T]) -> _T:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if self.is_sqlite else "START TRANSACTION")
        try:
            result = work(connection)
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            _roll_back(connection)
            raise
        return result

    def _holding(self, connection: Connection, name: str, work: Work[_T]) -> _T:
        busy = "it is busy with other requests of the same user."
        with locked(connection, name, limit=_BUSY_TIMEOUT, busy=busy):
            return self._within(connection, work)

    def _leave_connections_to_parent(self) -> None:
        """After a fork: what was open belongs to the parent. It must not even be closed here (SQLite would give up
        the parent's locks), so it is kept until this process ends."""
        if self._process != os.getpid():
            self._inherited.append(self.engine.pool)
            self.engine.dispose(close=False)
            self._process = os.getpid()

    def _repeat(self, attempt: Callable[[], _T]) -> _T:
        for pause in _PAUSES:
            try:
                return attempt()
            except exc.SQLAlchemyError as error:
                if not is_conflict(error) or self._closed.wait(pause * random.uniform(0.5, 2)):  # noqa: S311
                    raise explain(error) from None
                logger.debug("A transaction lost against another one and is tried again")
        try:
            return attempt()
        except exc.SQLAlchemyError as error:
            # Without its cause: the driver's text may quote values of the statement.
            raise explain(error) from None


def _roll_back(connection: Connection) -> None:
    try:
        connection.exec_driver_sql("ROLLBACK")
    except exc.SQLAlchemyError:
        # Lost, or SQLite has rolled back by itself: either way nobody may go on with this connection.
        connection.invalidate()


@contextmanager
def locked(connection: Connection, *parts: str, limit: int, busy: str) -> Iterator[None]:
    """A lock of MySQL's by name (database and ``parts``), for what has no rows that could be locked. It ends with the
    connection, however the process ends. Raises DatabaseUnavailable, which says ``busy``, after ``limit`` seconds."""
    name = lock_name(connection.engine.url.database or "", *parts)
    if connection.execute(select(func.get_lock(name, limit))).scalar() != 1:
        raise DatabaseUnavailable(detail=busy)
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.execute(select(func.release_lock(name)))


def lock_name(*parts: str) -> str:
    """Such locks belong to the whole server, and their names have 64 characters at most."""
    return "seafevents_offline." + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _checked(text: str | URL) -> URL:
    allowed = "a URL like sqlite:///… or mysql+pymysql://… is allowed"
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (exc.ArgumentError, ValueError):
        raise SettingsError(section=SECTION, option="database", value="…", allowed=allowed) from None
    if backend == "sqlite" and (url.database or ":memory:") != ":memory:":
        return url.set(drivername="sqlite+pysqlite", database=_sqlite_path(text))
    if backend in ("mysql", "mariadb"):
        # The host's URL says utf8, which has no room for emoji.
        query = {key: value for key, value in url.query.items() if key not in ("charset", "use_unicode", "collation")}
        return url.set(drivername="mysql+pymysql", query={**query, "charset": "utf8mb4"})
    raise SettingsError(section=SECTION, option="database", value=f"{backend}:…", allowed=allowed)


def _sqlite_path(text: str | URL) -> str | None:
    """What is behind ``sqlite:///``; %3F is a ``?`` in it. SQLAlchemy 2.1 reads it so by itself, 2.0 does not."""
    if isinstance(text, URL):
        return text.database
    path = text.partition("?")[0].partition("://")[2].partition("/")[2]
    return unquote(path, errors="surrogateescape")


def _sqlite_engine(url: URL, patience: int) -> Engine:
    timeout = {} if "timeout" in url.query else {"timeout": min(_BUSY_TIMEOUT, patience)}
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,
        connect_args={"cached_statements": _SQLITE_STATEMENTS, **timeout},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _mysql_engine(url: URL, patience: int) -> Engine:
    timeouts = {"connect_timeout": min(_CONNECT_TIMEOUT, patience), "read_timeout": patience, "write_timeout": patience}
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        pool_recycle=300,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        connect_args={name: value for name, value in timeouts.items() if name not in url.query},
    )
    # Nothing is ever left open (``_within``), so the ROLLBACK after each use would be a wasted round trip.
    # Versions before 2.0.43 do not know this and send it.
    engine.dialect.skip_autocommit_rollback = True
    event.listen(engine, "do_connect", _connect_mysql)
    event.listen(engine, "connect", _prepare_mysql)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        _switch_to_wal(connection)
    # FULL: what was answered with success survives a power cut.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA cache_size=-{_SQLITE_CACHE}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Once in a file's life. SQLite does not wait when two do this at the same time, whatever its timeout is."""
    (milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
    deadline = time.monotonic() + milliseconds / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(random.uniform(0.005, 0.02))  # noqa: S311


def _connect_mysql(dialect: Any, _: Any, args: list[Any], params: dict[str, Any]) -> Any:
    """PyMySQL 1.2 reads the certificates of the whole world for each connection, which takes 50 ms."""
    connection = offload(lambda: dialect.loaded_dbapi.connect(*args, **params, defer_connect=True))
    connection.connect()
    return connection


def _prepare_mysql(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        for statement in _MYSQL_SESSION:
            cursor.execute(statement)
