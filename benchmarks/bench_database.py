"""The database layer on a table of a million tasks, 10,000 of them waiting for 100 owners.

    python -m benchmarks.bench_database [sqlite] [mariadb] [--rows N] [--samples N] [--explain]

Caveat: one process, an idle machine, and a table that was loaded in one go; MariaDB is a private server with its
default (durable) settings on the same machine, so a network adds its round trips.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, event

from seafevents_offline import repository
from seafevents_offline.repository import NodeBeat, Repository, TaskQuery
from seafevents_offline.repository.database import Database
from seafevents_offline.settings import Settings
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Done, NewTask, Progress, Task
from tests.support.mariadb import MariaDb
from tests.support.statements import Counter

from .common import Memory, Row, median, percentile, place, report, seconds

ROWS, SAMPLES = 1_000_000, 50
OWNERS = 100
WAITING = 10_000
NODE = "bench-node"
ROOMY = {"per_user": 64, "per_host": 64}

#: Rounds of lists, claims and ticks over which memory is watched, after some in which everything is there once.
ROUNDS, FIRST_ROUNDS = 500, 20

#: "Flat", in MB: a hundredth of what the table's rows would take.
FLAT = 5

# Every number up to a million from six digits, in SQL that both kinds of database speak. The newest tasks wait;
# the others are history of the same owners. 50 hosts.
LOAD = """
INSERT INTO OfflineDownloadRecord
  (repo_id, path, url, owner, status, size, completed, claim, claimed_by, name, active_key, timestamp, updated_at)
WITH d(n) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL
              SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9),
     t(n) AS (SELECT a.n * 100000 + b.n * 10000 + c.n * 1000 + e.n * 100 + f.n * 10 + g.n
              FROM d a, d b, d c, d d, d e, d f, d g WHERE d.n = 0)
SELECT '12345678-1234-4123-8123-123456789abc', '/folder',
       'https://host' || (n % 50) || '.example.com/files/some-longer-path/' || n || '.bin?token=0123456789abcdef',
       'user' || (n % {owners}) || '@example.com',
       CASE WHEN n >= {first} THEN 1 WHEN n % 20 = 0 THEN 4 ELSE 3 END,
       1000000 + n, CASE WHEN n >= {first} THEN 0 ELSE 1000000 + n END,
       CASE WHEN n >= {first} THEN 0 ELSE 1 END, CASE WHEN n >= {first} THEN NULL ELSE '{node}' END,
       n || '.bin', CASE WHEN n >= {first} THEN substr('{zeros}' || n, -64) ELSE NULL END,
       '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'
FROM t WHERE n < {rows} ORDER BY n
"""


@contextlib.contextmanager
def sqlite() -> Iterator[str]:
    with place() as folder:
        yield f"sqlite:///{folder / 'tasks.db'}"


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="bench-mariadb-"))
    folder.chmod(0o755)
    server = MariaDb(folder, options=())
    server.install()
    server.start()
    try:
        server.execute("CREATE DATABASE bench")
        yield server.url("bench")
    finally:
        server.stop()
        shutil.rmtree(folder)


KINDS: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {"sqlite": sqlite, "mariadb": mariadb}


def load(repo: Repository, rows: int) -> None:
    statement = LOAD.format(owners=OWNERS, first=rows - WAITING, rows=rows, node=NODE, zeros="0" * 64)

    def work(connection: Connection) -> None:
        if connection.dialect.name == "mysql":
            connection.exec_driver_sql("SET SESSION sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')")
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == "mysql" else statement)

    # One statement, for which a server may need longer than a service would wait.
    database = Database(repo._database.url, patience=3600)
    database.run(work)
    database.close()


class Bench:
    """Measurements on one loaded database; milliseconds."""

    def __init__(self, kind: str, repo: Repository, samples: int) -> None:
        self._kind = kind
        self._repo = repo
        self._samples = samples
        self.rows: list[Row] = []

    def measure(
        self,
        what: str,
        action: Callable[[], object],
        budget: float | None = None,
        *,
        between: Callable[[], object] = int,
    ) -> None:
        """Medians, because the machine does other things too; ``between`` is not counted."""
        action()
        between()
        values = []
        for _ in range(self._samples):
            values.append(seconds(action) * 1000)
            between()
        middle = median(values)
        measured = f"{middle:.1f} ms (p95 {percentile(values, 95):.1f})"
        met = None if budget is None else middle <= budget
        self.rows.append(Row(f"{self._kind}: {what}", measured, "" if budget is None else f"≤ {budget:g} ms", met))
        print(f"{self._kind}: {what}: {measured}", flush=True)

    def run(self, rounds: int = ROUNDS) -> None:
        self._memory(rounds)
        self._pages()
        self._claims()
        self._ticks()
        self._writes()

    def tick(self, slots: int = 4, **caps: int) -> None:
        repo = self._repo
        repo.beat(NodeBeat(NODE, "bench", "1", {"engine": "fine"}))
        if repo.survey(NODE).waiting and slots:
            claimed = repo.claim(NODE, slots, **{"per_user": 2, "per_host": 2, **caps})
            assert not claimed, claimed

    def _memory(self, more_rounds: int) -> None:
        """A page for each owner and for admins, a claim, a tick; a leak, or a result that is read whole, would show."""

        def rounds(count: int) -> None:
            for number in range(count):
                page = 1 + number // OWNERS
                self._repo.find(TaskQuery(owner=f"user{number % OWNERS}@example.com", page=page))
                self._repo.find(TaskQuery(per_page=25, hidden=True, page=page))
                self._claim_exactly(10)
                self.tick(slots=0)
                self._give_back()

        rounds(FIRST_ROUNDS)
        memory = Memory()
        rounds(more_rounds)
        more, peak = memory.more(), memory.peak()
        measured = f"{more:.1f} MB more after {more_rounds} rounds, {peak:.1f} at the peak"
        self.rows.append(Row(f"{self._kind}: memory", measured, f"flat: ≤ {FLAT} MB", peak <= FLAT))
        print(f"{self._kind}: memory: {measured}", flush=True)

    def _pages(self) -> None:
        owner = "user7@example.com"
        self.measure("first page of an owner, with total", lambda: self._repo.find(TaskQuery(owner=owner)), 20)
        everything = TaskQuery(per_page=25, hidden=True)
        self.measure("first admin page, with total", lambda: self._repo.find(everything), 200)
        errors = TaskQuery(per_page=25, hidden=True, statuses=frozenset({OfflineDownloadStatus.ERROR}))
        self.measure("first admin page of failed ones", lambda: self._repo.find(errors), 200)
        self._statements(owner, everything)
        self.measure("an owner's search", lambda: self._repo.find(TaskQuery(owner=owner, text="99.bin")))
        self.measure("an owner's sums", lambda: self._repo.stats(owner))
        self.measure("an owner's limits", lambda: self._repo.usage(owner))
        self.measure("whether an owner's list has changed", lambda: self._repo.state(owner))
        self.measure("the queue's lengths", self._repo.queue)
        self.measure("the figures for monitoring", self._repo.figures)
        self.measure("export, the newest 1,000", lambda: list(islice(self._repo.export(everything), 1000)))

    def _statements(self, owner: str, everything: TaskQuery) -> None:
        """As many as with a few rows, for which tests count them."""
        counter = Counter(self._repo)
        assert counter.of(lambda: self._repo.state(owner)) == 1
        assert counter.of(lambda: self._repo.find(TaskQuery(owner=owner))) == 2
        assert counter.of(lambda: self._repo.find(everything)) == 2
        assert counter.of(self._repo.figures) == 2

    def _claims(self) -> None:
        for slots in (1, 10, 64):
            self.measure(
                f"claim of {slots}",
                lambda slots=slots: self._claim_exactly(slots),
                15 if slots == 10 else None,
                between=self._give_back,
            )
        self.measure("restore of 10", lambda: self._repo.restore(NODE), between=self._claim_again)
        self._give_back()

    def _give_back(self) -> None:
        self._repo.restore(NODE)
        self._sql("UPDATE OfflineDownloadRecord SET claimed_by = NULL, restores = 0 WHERE status = 1 AND claim > 0")

    def _claim_again(self) -> None:
        self._give_back()
        self._claim_exactly(10)

    def _claim_exactly(self, slots: int) -> None:
        claimed = self._repo.claim(NODE, slots, **ROOMY)
        assert len(claimed) == slots, len(claimed)

    def _ticks(self) -> None:
        record = "OfflineDownloadRecord"
        self._sql(f"UPDATE {record} SET not_before = '2999-01-01 00:00:00.000000' WHERE status = 1")
        # Ten minutes from now is the latest that is believed, so these wait for a moment that comes within that.
        self._soon()
        self.measure("tick, nothing is due", self.tick, 10)
        self._sql(f"UPDATE {record} SET not_before = NULL WHERE status = 1")
        newest = self._repo.find(TaskQuery(hidden=True, per_page=1)).tasks[0].odr_id
        self._sql(
            f"UPDATE {record} SET status = 2, claimed_by = 'other' WHERE odr_id > {newest - 2 * OWNERS}",
        )
        self.measure("tick, all owners have enough", self.tick, 10)
        self._sql(f"UPDATE {record} SET status = 1, claimed_by = NULL WHERE status = 2")
        self._sql(
            f"UPDATE {record} SET url = replace(url, 'https://host', 'https://full.example.com/') WHERE status = 1"
        )
        self._sql(f"UPDATE {record} SET status = 2, claimed_by = 'other' WHERE odr_id > {newest - 2}")
        self.measure("tick, all tasks are of one full host", self.tick, 10)
        self._sql(f"UPDATE {record} SET status = 1, claimed_by = NULL WHERE status = 2")
        self.measure("beat", lambda: self._repo.beat(NodeBeat(NODE, "bench", "1", {"engine": "fine"})))
        self.measure("survey", lambda: self._repo.survey(NODE))

    def _soon(self) -> None:
        soon = (self._repo._now().replace(microsecond=0)).isoformat(" ")
        later = "datetime(?, '+9 minutes')" if self._kind == "sqlite" else "? + INTERVAL 9 MINUTE"
        later = later.replace("?", f"'{soon}'")
        self._sql(f"UPDATE OfflineDownloadRecord SET not_before = {later} WHERE status = 1")

    def _writes(self) -> None:
        numbers = iter(range(10**9))

        def add() -> None:
            self._repo.add(
                NewTask("12345678-1234-4123-8123-123456789abc", "/", f"https://a.b/{next(numbers)}", "new@x")
            )

        self.measure("add", add)
        tasks = self._running(64)
        progress = [Progress(task.odr_id, task.claim, 1, 2, 3) for task in tasks]
        self.measure(f"report of {len(tasks)}", lambda: self._repo.report(progress))
        self.measure(f"statuses of {len(tasks)}", lambda: self._repo.statuses([task.odr_id for task in tasks]))
        count = self._samples + 1
        store = (self._repo.storing(task, name="a", size=1, stored_path="/a") for task in self._running(count))
        self.measure("storing", lambda: next(store))
        finish = (self._repo.finish(task, Done(1)) for task in self._repo.restore(NODE))
        self.measure("finish", lambda: next(finish))
        self.measure("forget some of what was finished long ago", lambda: self._repo.forget_finished(86400))
        self.measure("forget some of what one owner has", lambda: self._repo.forget_owner("user7@example.com"))

    def _running(self, count: int) -> list[Task]:
        self._repo.restore(NODE)
        return self._repo.claim(NODE, count, per_user=count, per_host=count)

    def _sql(self, statement: str) -> None:
        self._repo._database.run(lambda connection: connection.exec_driver_sql(statement) and None)


def explain(repo: Repository) -> None:
    """Print each different SELECT with its plan as it runs."""
    seen: set[str] = set()

    @event.listens_for(repo._database.engine, "before_cursor_execute")
    def show(connection, cursor, statement, parameters, context, many):
        if not statement.startswith(("SELECT", "WITH", "UPDATE")) or statement in seen:
            return
        seen.add(statement)
        sqlite_ = connection.dialect.name == "sqlite"
        cursor.execute(("EXPLAIN QUERY PLAN " if sqlite_ else "EXPLAIN ") + statement, parameters)
        print("\n" + " ".join(statement.split()))
        for row in cursor.fetchall():
            print("    ", row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=list(KINDS), help="sqlite, mariadb")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--explain", action="store_true", help="print the plan of each statement")
    options = parser.parse_args()
    report(
        [row for kind in options.kinds for row in of(kind, options.rows, options.samples, is_explained=options.explain)]
    )


def of(kind: str, count: int, samples: int, rounds: int = ROUNDS, *, is_explained: bool = False) -> list[Row]:
    """Everything about one kind of database with ``count`` rows."""
    with KINDS[kind]() as url:
        repo = repository.open(Settings(database=url))
        repo.upgrade()
        print(f"{kind}: loaded in {seconds(lambda: load(repo, count)):.0f} s", flush=True)
        if is_explained:
            explain(repo)
        bench = Bench(kind, repo, samples)
        bench.run(rounds)
        repo.close()
    return bench.rows


def rows(*, quick: bool = False) -> list[Row]:
    samples, rounds = (15, 100) if quick else (SAMPLES, ROUNDS)
    return [row for kind in KINDS for row in of(kind, ROWS, samples, rounds)]


if __name__ == "__main__":
    main()
