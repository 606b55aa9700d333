"""A real MariaDB that does everything a database can do wrong, in the middle of everything.

One download is half done, one is about to begin, more wait; while the database is bad both come to their end and
somebody adds a link. Afterwards all is accounted for, and nothing was downloaded twice.
"""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from seafevents_offline import repository
from seafevents_offline.errors import DatabaseUnavailable
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import NewTask
from tests.support.accounts import Accounts
from tests.support.databases import database_of
from tests.support.disks import disk_of, fill
from tests.support.host.wire import Wire
from tests.support.http_server import File, HttpServer
from tests.support.locker import Locker
from tests.support.mariadb import MariaDb
from tests.support.midway import Midway
from tests.support.service import OWNER, REPO_ID, Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus

#: Seconds for which it stays bad at least. With 300 it is also tried how long silence is borne.
CUT = float(os.environ.get("OFFLINE_DOWNLOAD_CUT", "1"))

#: Who may write, but not where the server is read-only.
WRITER = "writer"

AWAY = "The database cannot be used at the moment: "


@dataclass(frozen=True)
class Bad:
    """What can be done to a server: itself, and the wire to it."""

    server: MariaDb
    wire: Wire
    database: str


@contextmanager
def frozen(bad: Bad) -> Iterator[None]:
    """It accepts connections and never says a word."""
    bad.server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        bad.server.signal(signal.SIGCONT)


@contextmanager
def cut_off(bad: Bad) -> Iterator[None]:
    bad.wire.cut()
    yield
    bad.wire.mend()


@contextmanager
def swallowed(bad: Bad) -> Iterator[None]:
    """What was sent meanwhile arrives later."""
    bad.wire.clamp()
    yield
    bad.wire.mend()


@contextmanager
def slow(bad: Bad) -> Iterator[None]:
    bad.wire.delay = 0.1
    yield
    bad.wire.delay = 0.0


@contextmanager
def read_only(bad: Bad) -> Iterator[None]:
    bad.server.set_read_only(True)
    try:
        yield
    finally:
        bad.server.set_read_only(False)


@contextmanager
def deadlocking(bad: Bad) -> Iterator[None]:
    """Somebody locks rows in any order, and runs into deadlocks."""
    count = "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'"
    before, locker = bad.server.execute(count), Locker(bad.server, bad.database)
    locker.start()
    try:
        eventually(lambda: bad.server.execute(count) != before)
        yield
    finally:
        locker.stop()


@dataclass(frozen=True)
class Fault:
    """``said``: of it in the log and to whoever adds; empty where all goes on."""

    does: Callable[[Bad], AbstractContextManager[None]]
    said: str = ""


@dataclass(frozen=True)
class Full:
    """A database whose disk can be filled."""

    url: str
    disk: Path


LOST = "the connection to the server was lost."
FAULTS = {
    "frozen": Fault(frozen, LOST),
    "cut off": Fault(cut_off, "the server cannot be reached."),
    "swallowed": Fault(swallowed, LOST),
    "slow": Fault(slow),
    "read-only": Fault(read_only, "the server is read-only."),
    "deadlocking": Fault(deadlocking),
}


@pytest.fixture
def bad(mariadb: MariaDb, mariadb_url: str) -> Iterator[Bad]:
    database = database_of(mariadb_url)
    mariadb.make_writer(WRITER, database)
    with Wire(mariadb.port) as wire:
        yield Bad(mariadb, wire, database)
    mariadb.execute(f"DROP USER {WRITER}@'%'")


def url_of(bad: Bad, patience: int = 1) -> str:
    """Impatient: a second stands for the half minute that a database may take for an answer."""
    url = bad.server.url(bad.database, WRITER, bad.wire.port)
    return f"{url}&read_timeout={patience}&write_timeout={patience}&connect_timeout={patience}"


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_and_nothing_is_done_twice(
    bad: Bad, name: str, tmp_path: Path, http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    fault = FAULTS[name]
    # Where it does answer, a busy machine may be slow by itself.
    service = Service(tmp_path, url_of(bad) if fault.said else url_of(bad, 30), workers=2)
    with Accounts(service) as accounts:
        midway = begin(accounts, http_server)
        with fault.does(bad):
            began = time.monotonic()
            # What is downloaded ends all the same; its outcome waits for the database.
            midway.go_on()
            added = add(service, http_server, fault.said)
            eventually(lambda: fault.said in caplog.text)
            eventually(lambda: time.monotonic() >= began + CUT * bool(fault.said), CUT + 60)
        for odr_id in set(accounts.rows()) - set(accounts.owed):
            # Accepted after all: nobody could be told.
            accounts.owe(odr_id, added)
    assert midway.requests() == [1] * 5


def begin(accounts: Accounts, http_server: HttpServer) -> Midway:
    midway = Midway(accounts, http_server)
    accounts.services[0].start()
    midway.reach()
    return midway


def add(service: Service, http_server: HttpServer, said: str) -> File:
    """As a view of another process does, which has never met the database before."""
    file = File(size=1000, seed="added")
    view = repository.open(service.settings)
    new = NewTask(REPO_ID, "/", http_server.serve("/added", file), OWNER)
    began = time.monotonic()
    try:
        if said:
            with pytest.raises(DatabaseUnavailable) as error:
                view.add(new)
            assert str(error.value) == f"{AWAY}{said}"
        else:
            view.add(new)
    finally:
        view.close()
    assert time.monotonic() - began < 10, "who waits for a page is not kept for ever"
    return file


@pytest.mark.parametrize("name", ["frozen", "swallowed"])
def test_a_database_that_hangs_does_not_hold_up_the_stop(
    bad: Bad, name: str, tmp_path: Path, http_server: HttpServer
) -> None:
    service = Service(tmp_path, url_of(bad), workers=2)
    with Accounts(service) as accounts:
        midway = begin(accounts, http_server)
        with FAULTS[name].does(bad):
            began = time.monotonic()
            service.downloader.stop(3)
            assert time.monotonic() - began < 5
        midway.go_on()
        accounts.serve_again(Service(tmp_path, url_of(bad), workers=2))


# --- a disk that is full ------------------------------------------------------------------------------


@pytest.fixture
def full_mariadb() -> Iterator[Full]:
    """A server of its own whose data has a disk of its own."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        with disk_of("150m", Path(place) / "disk") as disk:
            disk.chmod(0o755)
            server = MariaDb(disk / "mariadb", options=())
            server.install()
            server.start()
            server.execute("CREATE DATABASE seahub")
            yield Full(server.url("seahub"), disk)
            server.stop()


@pytest.fixture
def full_sqlite(tmp_path: Path) -> Iterator[Full]:
    with disk_of("1m", tmp_path / "disk") as disk:
        yield Full(f"sqlite:///{disk / 'tasks.db'}", disk)


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_a_full_disk_is_said_and_nothing_is_lost(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, http_server: HttpServer
) -> None:
    full: Full = request.getfixturevalue(f"full_{kind}")
    service = Service(tmp_path, full.url, workers=2)
    with Accounts(service) as accounts:
        midway = begin(accounts, http_server)
        ballast = fill(full.disk)
        with pytest.raises(DatabaseUnavailable, match=r"full\.$"):
            add_for_ever(accounts, http_server)
        midway.go_on()
        ballast.unlink()


def add_for_ever(accounts: Accounts, http_server: HttpServer) -> None:
    """Long links, so that what room there is inside the database's own files is soon used."""
    for number in itertools.count():
        file = File(size=1, seed=f"more{number}")
        accounts.add(http_server.serve(f"/more{number}", file) + f"?{'x' * 4000}", file)
