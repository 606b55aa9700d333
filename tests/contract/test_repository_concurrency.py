"""Many threads and processes at once, on SQLite and MariaDB; A-numbers are acceptance cases."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any

import pymysql
import pytest
from sqlalchemy import event, make_url

from seafevents_offline import repository
from seafevents_offline.errors import AlreadyActive, DatabaseUnavailable, NotPossible, TooManyAdds, TooManyTasks
from seafevents_offline.repository import Allowance, NodeBeat, Repository, database
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Progress
from tests.support.claimer import claim_all, run_together
from tests.support.databases import connect_mysql, run_sql
from tests.support.records import ADA, BOB, NODE, OTHER_NODE, ROOMY, add_many, new

S = OfflineDownloadStatus


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite serves those who wait in no order: of eight, one may be the last very often on a busy machine."""
    for limit in ("PATIENCE", "_BUSY_TIMEOUT"):
        monkeypatch.setattr(database, limit, 120)


def at_once(calls: Iterable[Callable[[], Any]], timeout: float = 120) -> list[Any]:
    """Each in a thread of its own, all released together; raises what the first of them raised."""
    calls = list(calls)
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(timeout)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout) for future in [pool.submit(run, call) for call in calls]]


# --- each task once (A15) -------------------------------------------------------------------------------


def test_a15_many_threads_claim_each_task_once(open_repository: Callable[[], Repository]) -> None:
    repos = [open_repository() for _ in range(8)]
    odr_ids = add_many(repos[0], 200)
    nodes = [f"node-{number}" for number in range(8)]
    found = at_once(partial(claim_all, repo, node, 3) for repo, node in zip(repos, nodes, strict=True))
    assert sorted(odr_id for part in found for odr_id in part) == odr_ids
    for node, part in zip(nodes, found, strict=True):
        for odr_id in part:
            task = repos[0].get(odr_id)
            assert (task.status, task.claim, task.claimed_by) == (S.DOWNLOADING, 1, node)


def test_a15_threads_may_share_one_repository(repo: Repository) -> None:
    odr_ids = add_many(repo, 200)
    found = at_once(lambda: claim_all(repo, NODE, 3) for _ in range(8))
    assert sorted(odr_id for part in found for odr_id in part) == odr_ids


def test_a15_many_processes_claim_each_task_once(repo: Repository, database_url: str) -> None:
    odr_ids = add_many(repo, 200)
    found = run_together(*(("claim", database_url, f"node-{number}", 3) for number in range(4)))
    assert sorted(odr_id for part in found for odr_id in part) == odr_ids
    rows = run_sql(database_url, "SELECT DISTINCT status, claim FROM OfflineDownloadRecord")
    assert rows == [(S.DOWNLOADING, 1)]


# --- caps -----------------------------------------------------------------------------------------------


def test_caps_hold_at_every_moment_on_all_nodes_together(
    open_repository: Callable[[], Repository], database_url: str
) -> None:
    repos = [open_repository() for _ in range(4)]
    for number in range(60):
        repos[0].add(new(f"https://h{number % 3}.example.com/{number}", owner=f"user{number % 5}"))
    watcher = open_repository()
    left = threading.Event()

    def watch() -> list[Any]:
        seen = []
        while not left.is_set():
            rows = run_sql(database_url, "SELECT owner, url FROM OfflineDownloadRecord WHERE status IN (2, 5)")
            per_owner = Counter(row[0] for row in rows)
            per_host = Counter(str(row[1]).split("/")[2] for row in rows)
            seen.append((max(per_owner.values(), default=0), max(per_host.values(), default=0)))
            left.wait(0.002)
        return seen

    def work(repo: Repository, node: str) -> list[Any]:
        done = 0
        while watcher.stats().by_status[S.OK].tasks < 60:
            for task in repo.claim(node, 4, per_user=2, per_host=3):
                storing = repo.storing(task, name="x", size=1, stored_path="/x")
                assert storing is not None
                assert repo.finish(storing, Done(1))
                done += 1
        left.set()
        return [done]

    workers = [partial(work, repo, f"node-{n}") for n, repo in enumerate(repos)]
    seen, *done = at_once([watch, *workers])
    assert sum(part[0] for part in done) == 60
    assert max(owner for owner, _ in seen) <= 2
    assert max(host for _, host in seen) <= 3


def test_caps_are_filled_and_not_more_by_nodes_that_claim_together(
    open_repository: Callable[[], Repository],
) -> None:
    repos = [open_repository() for _ in range(6)]
    for _ in range(5):
        add_many(repos[0], 20, owner="greedy")
        found = at_once(partial(repo.claim, f"node-{n}", 10, per_user=3, per_host=99) for n, repo in enumerate(repos))
        tasks = [task for part in found for task in part]
        assert len(tasks) == 3
        for task in tasks:
            repos[0].act(task.odr_id, Action.CANCEL)


# --- doors ----------------------------------------------------------------------------------------------


def test_a35_the_same_link_at_once_is_one_task(open_repository: Callable[[], Repository]) -> None:
    repos = [open_repository() for _ in range(8)]
    for number in range(10):

        def add(repo: Repository, link: str = f"https://a.example/{number}") -> tuple[bool, int]:
            try:
                return True, repo.add(new(link)).odr_id
            except AlreadyActive as refusal:
                return False, refusal.odr_id

        found = at_once(partial(add, repo) for repo in repos)
        assert [made for made, _ in found].count(True) == 1
        assert len({odr_id for _, odr_id in found}) == 1


def test_a35_the_same_links_from_several_processes(database_url: str) -> None:
    found = run_together(*(("add", database_url, 50) for _ in range(4)))
    odr_ids = [odr_id for part in found for odr_id in part]
    assert len(odr_ids) == len(set(odr_ids)) == 50
    assert run_sql(database_url, "SELECT COUNT(*), COUNT(DISTINCT url) FROM OfflineDownloadRecord") == [(50, 50)]


def test_of_a_cancel_and_a_claim_each_leaves_a_whole_state(open_repository: Callable[[], Repository]) -> None:
    door, node = open_repository(), open_repository()
    for _ in range(25):
        odr_id = door.add(new()).odr_id
        cancel = partial(door.act, odr_id, Action.CANCEL)
        claimed = at_once([cancel, partial(node.claim, NODE, 1, **ROOMY)])[1]
        task = door.get(odr_id)
        assert task.status is S.CANCELLED
        assert task.claim == len(claimed)
        assert node.storing(claimed[0], name="x", size=1, stored_path="/x") is None if claimed else True


def test_of_a_cancel_and_a_storing_one_wins(open_repository: Callable[[], Repository]) -> None:
    door, node = open_repository(), open_repository()

    def cancel(odr_id: int) -> bool:
        try:
            door.act(odr_id, Action.CANCEL)
        except NotPossible:
            return False
        return True

    for _ in range(25):
        odr_id = door.add(new()).odr_id
        (task,) = node.claim(NODE, 1, **ROOMY)
        store = partial(node.storing, task, name="x", size=1, stored_path="/x")
        cancelled, storing = at_once([partial(cancel, odr_id), store])
        assert cancelled == (storing is None)
        assert door.get(odr_id).status is (S.CANCELLED if cancelled else S.STORING)


def test_a_dead_nodes_tasks_are_taken_over_by_one(open_repository: Callable[[], Repository]) -> None:
    repos = [open_repository() for _ in range(4)]
    add_many(repos[0], 10)
    for task in repos[0].claim("dead", 10, **ROOMY):
        assert repos[0].storing(task, name="x", size=1, stored_path="/x")
    found = at_once(partial(repo.take_over, f"node-{n}", "dead") for n, repo in enumerate(repos))
    assert sorted(task.odr_id for part in found for task in part) == list(range(1, 11))
    for number, part in enumerate(found):
        for task in part:
            assert repos[0].get(task.odr_id) == task
            assert task.claimed_by == f"node-{number}"


def test_everything_at_once(open_repository: Callable[[], Repository]) -> None:
    """Nothing fails, whatever stands in whose way: deadlocks and locks are somebody's to repeat, not the caller's."""
    repos = [open_repository() for _ in range(6)]
    adding, last = threading.Event(), 120

    def add(repo: Repository) -> int:
        add_many(repo, last // 2)
        return 0

    def work(repo: Repository, node: str) -> int:
        done = 0
        while not adding.is_set() or repo.survey(node).waiting:
            repo.beat(NodeBeat(node, node, "1", {}))
            tasks = repo.claim(node, 5, **ROOMY)
            repo.report([Progress(task.odr_id, task.claim, 1, 2, 3) for task in tasks])
            for task in tasks:
                storing = repo.storing(task, name="x", size=1, stored_path="/x")
                done += storing is not None and repo.finish(storing, Done(1))
            repo.take_over(node, "nobody")
        return done

    def clean(repo: Repository) -> int:
        hidden = 0
        while not adding.is_set():
            hidden += repo.clean_up("ada@example.com", frozenset({S.OK}))
        return 0 * hidden

    def add_both() -> int:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(add, repos[:2]))
        adding.set()
        return 0

    calls: list[Callable[[], int]] = [add_both, partial(clean, repos[2])]
    calls += [partial(work, repo, f"node-{n}") for n, repo in enumerate(repos[3:])]
    assert sum(at_once(calls)) == last
    assert repos[0].stats().by_status[S.OK].tasks == last


# --- MySQL's deadlocks ----------------------------------------------------------------------------------


def test_the_loser_of_a_real_deadlock_tries_again(mariadb_repo: Repository, mariadb_url: str) -> None:
    """Two transactions lock two tasks in opposite order; the server ends one of them with error 1213."""
    first, second = add_many(mariadb_repo, 2)
    both_hold_one = threading.Barrier(2)
    runs: list[int] = []

    def lock(one: int, two: int) -> None:
        def work(connection: Any) -> None:
            runs.append(one)
            update = "UPDATE OfflineDownloadRecord SET priority = priority + 1 WHERE odr_id = %s"
            connection.exec_driver_sql(update, (one,))
            if len(runs) <= 2:
                both_hold_one.wait(60)
            connection.exec_driver_sql(update, (two,))

        mariadb_repo._database.transaction(work)

    at_once([lambda: lock(first, second), lambda: lock(second, first)])
    assert len(runs) == 3
    assert [mariadb_repo.get(odr_id).priority for odr_id in (first, second)] == [52, 52]


def test_a_lock_that_is_held_too_long_is_waited_for_again(
    mariadb_repo: Repository, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program holds the row longer than a lock is waited for: error 1205."""
    monkeypatch.setattr(
        database, "_MYSQL_SESSION", (*database._MYSQL_SESSION, "SET SESSION innodb_lock_wait_timeout = 1")
    )
    (odr_id,) = add_many(mariadb_repo, 1)
    mariadb_repo.close()
    repo = repository.open(Settings(database=mariadb_url))
    refused = threading.Event()
    _note_errors(repo, refused)
    with _holding(mariadb_url, odr_id) as connection, ThreadPoolExecutor(1) as pool:
        future = pool.submit(repo.act, odr_id, Action.CANCEL)
        assert refused.wait(60)
        connection.rollback()
        assert future.result(60).status is S.CANCELLED
    repo.close()


def _note_errors(repo: Repository, seen: threading.Event) -> None:
    event.listen(repo._database.engine, "handle_error", lambda _: seen.set())


def _holding(url: str, odr_id: int) -> Any:
    parts = make_url(url)
    connection = pymysql.connect(
        host=parts.host,
        port=parts.port or 0,
        user=parts.username,
        password=parts.password or "",
        database=parts.database,
        ssl_disabled=True,
    )
    connection.cursor().execute("SELECT * FROM OfflineDownloadRecord WHERE odr_id = %s FOR UPDATE", (odr_id,))
    return connection


def test_two_nodes_that_claim_and_beat_do_not_wait_for_each_other_for_ever(
    open_repository: Callable[[], Repository],
) -> None:
    repos = {node: open_repository() for node in (NODE, OTHER_NODE)}
    for node, repo in repos.items():
        repo.beat(NodeBeat(node, "x", "1", {}))

    def tick(node: str) -> int:
        for _ in range(50):
            repos[node].beat(NodeBeat(node, "x", "1", {}))
            repos[node].claim(node, 1, **ROOMY)
        return 50

    assert at_once([lambda: tick(NODE), lambda: tick(OTHER_NODE)]) == [50, 50]


# --- limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowance", "refusal"),
    [(Allowance(active=7, per_hour=100), TooManyTasks), (Allowance(active=100, per_hour=7), TooManyAdds)],
    ids=["tasks", "adds"],
)
def test_no_owner_gets_more_than_is_allowed_however_many_add_at_once(
    open_repository: Callable[[], Repository], database_url: str, allowance: Allowance, refusal: type[Exception]
) -> None:
    repos = [open_repository() for _ in range(8)]
    add_many(repos[0], 2)
    others = add_many(repos[0], 3, owner=BOB)

    def add(repo: Repository) -> list[type[Exception]]:
        refused = []
        for _ in range(3):
            try:
                repo.add(new(), allowance)
            except (TooManyTasks, TooManyAdds) as error:
                refused.append(type(error))
        return refused

    found = at_once(partial(add, repo) for repo in repos)
    assert run_sql(database_url, "SELECT COUNT(*) FROM OfflineDownloadRecord") == [(7 + len(others),)]
    assert Counter(chain.from_iterable(found)) == {refusal: 24 - 5}
    # Others are others.
    assert repos[0].add(new(owner=BOB), allowance).owner == BOB


def test_retries_at_once_count_as_well(open_repository: Callable[[], Repository]) -> None:
    repos = [open_repository() for _ in range(6)]
    odr_ids = add_many(repos[0], 24)
    allowance = Allowance(active=5, per_hour=24)

    def retry(repo: Repository, mine: list[int]) -> int:
        done = 0
        for odr_id in mine:
            with contextlib.suppress(TooManyTasks):
                repo.act(odr_id, Action.RETRY, ADA, allowance=allowance)
                done += 1
        return done

    for _ in range(3):
        for odr_id in odr_ids:
            if repos[0].get(odr_id).status is not S.CANCELLED:
                repos[0].act(odr_id, Action.CANCEL)
        for repo in repos:
            # With a connection that is open they meet.
            repo.get(odr_ids[0])
        assert sum(at_once(partial(retry, repo, odr_ids[n::6]) for n, repo in enumerate(repos))) == 5
        with pytest.raises(TooManyTasks):
            repos[0].add(new(), allowance)


def test_a_link_that_is_there_already_says_so_and_holds_nobody_up(repo: Repository) -> None:
    allowance = Allowance(active=2, per_hour=2)
    first = repo.add(new("https://a.example/x"), allowance)
    for _ in range(2):
        with pytest.raises(AlreadyActive) as caught:
            repo.add(new("https://a.example/x"), allowance)
        assert caught.value.odr_id == first.odr_id
    repo.add(new(), allowance)


def test_who_is_waited_for_too_long_is_a_fault_of_the_database(
    mariadb_url: str, mariadb_repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_TIMEOUT", 0)
    lock = database.lock_name(make_url(mariadb_url).database or "", ADA)
    with connect_mysql(mariadb_url) as other, other.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 0)", (lock,))
        with pytest.raises(DatabaseUnavailable, match="busy"):
            mariadb_repo.add(new(), Allowance(5, 5))
        mariadb_repo.add(new(owner=BOB), Allowance(5, 5))
    # Whoever had it is gone.
    mariadb_repo.add(new(), Allowance(5, 5))
