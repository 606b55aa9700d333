"""What leaves the tables, and what does not, on SQLite and MariaDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event

from seafevents_offline.repository import Repository, TaskQuery
from seafevents_offline.status import FINAL, RUNNING, Action, OfflineDownloadStatus
from seafevents_offline.task import Done
from tests.support.databases import Clock, run_sql
from tests.support.records import ADA, BOB, NODE, ROOMY, active_key_of, add_many, claimed, new, put_into, stored
from tests.support.statements import Counter, plans

S = OfflineDownloadStatus
MONTH = 30 * 86400.0


def rows(url: str) -> set[object]:
    return {row[0] for row in run_sql(url, "SELECT odr_id FROM OfflineDownloadRecord")}


def ago(clock: Clock, **time: float) -> str:
    return (clock.now - timedelta(**time)).isoformat(" ", "microseconds")


# --- finished long ago ----------------------------------------------------------------------------------


def test_a47_only_what_was_finished_long_ago_leaves(repo: Repository, clock: Clock, database_url: str) -> None:
    gone, kept = set(), set()
    for status in (*S, 99):
        for days, is_old in ((30.001, True), (29.999, False)):
            for hidden_at in (None, clock.now):
                odr_id = repo.add(new()).odr_id
                then = clock.now - timedelta(days=days)
                put_into(
                    database_url, odr_id, status=status, finished_at=then, updated_at=clock.now, hidden_at=hidden_at
                )
                (gone if is_old and status in FINAL else kept).add(odr_id)
    assert len(gone) == 2 * len(FINAL)
    assert repo.forget_finished(MONTH) == len(gone)
    assert rows(database_url) == kept
    assert repo.forget_finished(MONTH) == 0


def test_what_was_not_finished_by_us_leaves_after_its_last_change(
    repo: Repository, clock: Clock, database_url: str
) -> None:
    """Other programs write a status and nothing else."""
    old, young, waiting = add_many(repo, 3)
    for odr_id, status, days in ((old, S.OK, 31), (young, S.OK, 29), (waiting, S.WAITING, 31)):
        put_into(database_url, odr_id, status=status, updated_at=ago(clock, days=days))
    assert repo.forget_finished(MONTH) == 1
    assert rows(database_url) == {young, waiting}


def test_hidden_is_not_deleted(repo: Repository, clock: Clock) -> None:
    """Its owner does not see it any more, administrators do until it has been finished for long enough."""
    task = stored(repo)
    assert repo.finish(task, Done(10))
    clock.advance(days=10)
    repo.remove(task.odr_id, ADA)
    assert repo.find(TaskQuery(owner=ADA)).total == 0
    assert [found.odr_id for found in repo.find(TaskQuery(hidden=True)).tasks] == [task.odr_id]
    clock.advance(days=20)
    assert repo.forget_finished(MONTH) == 0
    clock.advance(seconds=1)
    assert repo.forget_finished(MONTH) == 1
    assert repo.find(TaskQuery(hidden=True)).total == 0


def test_a48_hiding_takes_ones_own_finished_tasks_and_gives_their_number(repo: Repository, database_url: str) -> None:
    mine = {status: repo.add(new()).odr_id for status in S}
    theirs = {status: repo.add(new(owner=BOB)).odr_id for status in S}
    for found in (mine, theirs):
        for status, odr_id in found.items():
            put_into(database_url, odr_id, status=status)
    assert repo.clean_up(ADA, frozenset({S.ERROR, S.CANCELLED})) == 2
    hidden = run_sql(database_url, "SELECT odr_id FROM OfflineDownloadRecord WHERE hidden_at IS NOT NULL")
    assert {row[0] for row in hidden} == {mine[S.ERROR], mine[S.CANCELLED]}
    assert len(rows(database_url)) == 2 * len(S), "hidden is not deleted"
    # What still has something to do is not finished, whatever was asked for.
    assert repo.clean_up(BOB, frozenset(S)) == len(FINAL)


def test_it_leaves_in_small_batches(repo: Repository, statements: Counter, clock: Clock, database_url: str) -> None:
    odr_ids = add_many(repo, 7)
    for odr_id in odr_ids:
        put_into(database_url, odr_id, status=S.OK, finished_at=ago(clock, days=31))
    left = []

    def one_batch() -> None:
        left.append(repo.forget_finished(MONTH, batch=3))

    assert [statements.of(one_batch) for _ in range(4)] == [2, 2, 2, 1]
    assert left == [3, 3, 1, 0]
    assert rows(database_url) == set()


def test_a_retry_in_the_very_moment_keeps_the_record(repo: Repository, clock: Clock, database_url: str) -> None:
    again, other = add_many(repo, 2)
    for odr_id in (again, other):
        repo.act(odr_id, Action.CANCEL)
    clock.advance(days=31)

    def retry(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE"):
            put_into(database_url, again, status=S.WAITING, finished_at=None)

    event.listen(repo._database.engine, "before_cursor_execute", retry)
    assert repo.forget_finished(MONTH) == 1
    assert rows(database_url) == {again}


# --- at what cost ---------------------------------------------------------------------------------------

MANY = """
INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner, status, finished_at, updated_at)
WITH d(n) AS (SELECT 0 UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL
              SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)
SELECT 'r', '/', 'u', 'bob@example.com', 3, CASE WHEN a.n < 5 THEN NULL ELSE ? END, ? FROM d a, d b, d c
"""

# SQLite takes the one of two indexes that begin with the owner that it likes better.
LOOKS: dict[str, tuple[Callable[[Repository], object], str]] = {
    "what is old": (lambda repo: repo.forget_finished(MONTH, 5), "OfflineDownloadRecord_ended"),
    "the first owner": (lambda repo: repo.next_owner(None), "OfflineDownloadRecord_"),
    "the next owner": (lambda repo: repo.next_owner(ADA), "OfflineDownloadRecord_"),
    "one who has gone": (lambda repo: repo.forget_owner(ADA, 5), "OfflineDownloadRecord_"),
    "one who is to go": (lambda repo: repo.purge(ADA, 5), "OfflineDownloadRecord_"),
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_batch_reads_what_it_does_not_take(repo: Repository, clock: Clock, database_url: str, look: str) -> None:
    """A thousand young rows and ten old ones, of which five are asked for."""
    call, index = LOOKS[look]
    run_sql(database_url, MANY, ago(clock, days=1), ago(clock, days=1))
    for odr_id in add_many(repo, 10):
        put_into(database_url, odr_id, status=S.OK, finished_at=ago(clock, days=31))
    plan = plans(repo, lambda: call(repo))[0]
    assert index in plan, plan
    assert "SCAN" not in plan.replace("SCAN OfflineDownloadRecord USING COVERING INDEX", ""), plan
    if not repo._database.is_sqlite:
        before = _rows_read(repo)
        call(repo)
        # Five to find and five to delete, and one more at the end of each range.
        assert _rows_read(repo) - before <= 30


def _rows_read(repo: Repository) -> int:
    """By the one connection that the repository uses."""
    with repo._database.engine.connect() as connection:
        found = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
    return sum(int(value) for _, value in found)


# --- people who have gone -------------------------------------------------------------------------------


def test_owners_are_found_one_by_one(repo: Repository) -> None:
    assert repo.next_owner(None) is None
    for owner in ("b", "a", "c", "b", "ä", "B", ""):
        repo.add(new(owner=owner))
    found: list[str | None] = [repo.next_owner(None)]
    while found[-1] is not None:
        found.append(repo.next_owner(found[-1]))
    assert found == ["", "B", "a", "b", "c", "ä", None]


def test_since_when_somebody_is_missing_is_remembered(
    repo: Repository, open_repository: Callable[[], Repository], clock: Clock
) -> None:
    repo.miss(ADA)
    clock.advance(days=3)
    other = open_repository()
    other.miss(ADA)
    other.miss(BOB)
    clock.advance(hours=1)
    assert repo.missing() == {ADA: 3 * 86400 + 3600, BOB: 3600}
    repo.found(ADA)
    repo.found("nobody")
    assert set(repo.missing()) == {BOB}


def test_what_a_worker_has_of_somebody_who_has_gone_stays_until_it_is_done(repo: Repository, database_url: str) -> None:
    mine = {status: repo.add(new()).odr_id for status in S}
    theirs = repo.add(new(owner=BOB)).odr_id
    for status, odr_id in mine.items():
        put_into(database_url, odr_id, status=status)
    assert repo.forget_owner(ADA) == len(S) - len(RUNNING)
    assert rows(database_url) == {mine[S.DOWNLOADING], mine[S.STORING], theirs}
    assert repo.forget_owner(ADA) == 0


# --- what somebody wants gone ---------------------------------------------------------------------------


def test_all_of_one_person_goes_whatever_its_state(repo: Repository, database_url: str) -> None:
    for status in S:
        for owner in (ADA, BOB):
            put_into(database_url, repo.add(new(owner=owner)).odr_id, status=status, hidden_at=datetime(2026, 1, 1))
    put_into(database_url, repo.add(new()).odr_id, status=99)
    assert repo.owned(ADA) == dict.fromkeys(S, 1) | {S.UNKNOWN: 2}
    assert repo.owned("nobody") == {}
    mine = {row[0] for row in run_sql(database_url, "SELECT odr_id FROM OfflineDownloadRecord WHERE owner = ?", ADA)}
    assert repo.owned_among(ADA, range(1000)) == mine
    assert repo.owned_among(ADA, []) == set()
    assert [repo.purge(ADA, 5), repo.purge(ADA, 5), repo.purge(ADA, 5)] == [5, 4, 0]
    assert repo.owned(BOB) == dict.fromkeys(S, 1)


def test_all_that_can_be_cancelled_is(repo: Repository, clock: Clock, database_url: str) -> None:
    mine = {status: repo.add(new()).odr_id for status in S}
    other = repo.add(new(owner=BOB)).odr_id
    for status, odr_id in mine.items():
        put_into(database_url, odr_id, status=status)
    clock.advance(seconds=1)
    assert repo.cancel_all(ADA) == 3
    for status in (S.WAITING, S.DOWNLOADING, S.PAUSED):
        found = repo.get(mine[status])
        assert (found.status, found.finished_at, found.updated_at) == (S.CANCELLED, clock.now, clock.now)
        assert active_key_of(database_url, mine[status]) is None
    assert repo.get(mine[S.STORING]).status is S.STORING
    assert repo.get(other).status is S.WAITING


def test_a_worker_whose_record_has_gone_brings_nothing_back(repo: Repository, database_url: str) -> None:
    downloading, storing = claimed(repo), stored(repo)
    assert repo.purge(ADA) == 2
    assert repo.storing(downloading, name="a", size=1, stored_path="/a") is None
    assert not repo.finish(storing, Done(1))
    assert repo.statuses([downloading.odr_id, storing.odr_id]) == {}
    assert (repo.restore(NODE), repo.claim(NODE, 5, **ROOMY)) == ([], [])
    assert rows(database_url) == set()


@pytest.mark.parametrize("other", [f"{ADA} ", ADA.upper(), f"{ADA}a", ADA[:-1], "%", "", f"{ADA}\u0301"])
def test_nobody_else_is_taken_for_that_person(repo: Repository, other: str) -> None:
    kept, gone = repo.add(new(owner=other)).odr_id, repo.add(new()).odr_id
    assert repo.owned(other) == repo.owned(ADA) == {S.WAITING: 1}
    assert repo.owned_among(ADA, [kept, gone]) == {gone}
    assert [call(ADA) for call in (repo.cancel_all, repo.forget_owner, repo.purge)] == [1, 1, 0]
    assert repo.get(kept).status is S.WAITING


def test_how_many_statements(repo: Repository, statements: Counter) -> None:
    for times in (1, 20):
        for call in (repo.next_owner, repo.owned, repo.cancel_all, repo.miss, repo.found):
            assert statements.of(partial(call, ADA)) == 1  # type: ignore[operator]
        assert statements.of(lambda: repo.owned_among(ADA, range(500))) == 1
        assert statements.of(repo.missing) == 1
        assert statements.of(lambda: repo.forget_owner(ADA)) == (2 if times == 1 else 3)
        add_many(repo, times)
    assert statements.of(lambda: repo.purge(ADA)) == 3
