"""What monitoring asks for, on SQLite and MariaDB."""

from __future__ import annotations

from datetime import datetime, timedelta

from seafevents_offline.repository import Figures, Repository
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.databases import run_sql
from tests.support.records import add_many, put_into
from tests.support.statements import Counter

S = OfflineDownloadStatus
NOTHING = Figures(tasks=dict.fromkeys(S, 0), stored=0, received=0, speed=0, ready_since=None, added_at=None)


def test_an_empty_table_has_no_figures(repo: Repository) -> None:
    assert repo.figures() == NOTHING


def test_everything_that_is_kept_counts_removed_tasks_too(repo: Repository, database_url: str) -> None:
    for number, status in enumerate(S, start=1):
        for odr_id in add_many(repo, number):
            put_into(database_url, odr_id, status=status, size=10, completed=3, speed=1, active_key=None)
    (other,) = add_many(repo, 1)
    put_into(database_url, other, status=99, size=10, completed=3)
    for odr_id in add_many(repo, 2):
        repo.remove(odr_id)
    found = repo.figures()
    expected = {status: number for number, status in enumerate(S, start=1)}
    assert found.tasks == expected | {S.UNKNOWN: 2, S.CANCELLED: expected[S.CANCELLED] + 2}
    assert found.stored == 10 * expected[S.OK]
    active = sum(expected[status] for status in (S.WAITING, S.DOWNLOADING, S.STORING, S.PAUSED))
    assert (found.received, found.speed) == (3 * active, active)


def test_the_first_of_those_that_may_begin_says_since_when_there_is_a_queue(
    repo: Repository, database_url: str
) -> None:
    late, soon, first, second, running, paused = add_many(repo, 6)
    at = datetime(2026, 1, 2, 3, 4, 5)

    def put(odr_id: int, minutes: int, **columns: object) -> None:
        put_into(database_url, odr_id, timestamp=at, updated_at=at + timedelta(minutes=minutes), **columns)

    put(late, 1, not_before=datetime(2999, 1, 1))
    put(soon, 2)
    # Its time has not come.
    run_sql(
        database_url,
        "UPDATE OfflineDownloadRecord SET not_before = ? WHERE odr_id = ?",
        (repo._now() + timedelta(minutes=5)).isoformat(" ", "microseconds"),
        soon,
    )
    put(first, 3)
    put(second, 4)
    put(running, 0, status=S.DOWNLOADING)
    put(paused, 0, status=S.PAUSED)
    found = repo.figures()
    # A time so far away cannot be meant.
    assert found.ready_since == at + timedelta(minutes=1)
    put(late, 1, status=S.PAUSED)
    assert repo.figures().ready_since == at + timedelta(minutes=3)


def test_the_oldest_is_neither_done_with_nor_paused(repo: Repository, database_url: str) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5)
    order = (S.OK, S.ERROR, S.CANCELLED, S.PAUSED, S.STORING, S.DOWNLOADING, S.WAITING)
    for minutes, (odr_id, status) in enumerate(zip(add_many(repo, len(order)), order, strict=True)):
        put_into(database_url, odr_id, status=status, timestamp=at + timedelta(minutes=minutes))
    assert repo.figures().added_at == at + timedelta(minutes=4)


def test_it_is_two_statements_however_many_there_are(repo: Repository, statements: Counter) -> None:
    for rows in (0, 1, 30):
        add_many(repo, rows)
        assert statements.of(repo.figures) == 2
