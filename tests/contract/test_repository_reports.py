"""What administrators ask for, on SQLite and MariaDB."""

from __future__ import annotations

from itertools import islice

import pytest

from seafevents_offline.repository import Repository, TaskQuery
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.databases import run_sql
from tests.support.records import ADA, BOB, add_many, new, put_into
from tests.support.statements import Counter

S = OfflineDownloadStatus
EVERYTHING = TaskQuery(hidden=True)


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 7])
def test_an_export_is_everything_newest_first_whatever_the_chunk(repo: Repository, rows: int) -> None:
    odr_ids = add_many(repo, rows)
    for chunk in (1, 2, 3, 100):
        assert [task.odr_id for task in repo.export(EVERYTHING, chunk)] == odr_ids[::-1]


def test_an_export_finds_what_a_list_finds(repo: Repository, database_url: str) -> None:
    kept, removed, failed = add_many(repo, 3, owner=ADA)
    bobs = repo.add(new("https://a.example/x?token=s3cret", owner=BOB)).odr_id
    put_into(database_url, failed, status=S.ERROR)
    repo.remove(removed)
    queries = (
        TaskQuery(),
        EVERYTHING,
        TaskQuery(owner=ADA),
        TaskQuery(owner=ADA, hidden=True),
        TaskQuery(statuses=frozenset({S.ERROR, S.CANCELLED}), hidden=True),
        TaskQuery(text="s3cret"),
        TaskQuery(text="a.example"),
        TaskQuery(text="s3cret", owner=BOB, redacted=True),
    )
    for query in queries:
        assert tuple(repo.export(query, 2)) == repo.find(query).tasks
    assert [task.odr_id for task in repo.export(EVERYTHING)] == [bobs, failed, removed, kept]


def test_an_export_costs_one_statement_a_chunk(repo: Repository, statements: Counter) -> None:
    add_many(repo, 7)
    assert statements.of(lambda: list(repo.export(EVERYTHING, 3))) == 3
    assert statements.of(lambda: list(repo.export(EVERYTHING, 8))) == 1
    assert statements.of(lambda: list(islice(repo.export(EVERYTHING, 3), 3))) == 1


def test_nothing_is_kept_open_between_the_chunks_of_an_export(repo: Repository) -> None:
    odr_ids = add_many(repo, 5)
    rows = repo.export(EVERYTHING, 2)
    assert next(rows).odr_id == odr_ids[4]
    assert repo._database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    # Neither what is added nor what is removed meanwhile disturbs the rest.
    add_many(repo, 3)
    repo.remove(odr_ids[1])
    assert [task.odr_id for task in rows] == odr_ids[3::-1]


def test_the_queue_counts_what_is_not_done_with(repo: Repository, database_url: str, statements: Counter) -> None:
    for number, status in enumerate(S, start=1):
        for odr_id in add_many(repo, number):
            put_into(database_url, odr_id, status=status)
    for odr_id in add_many(repo, 2):
        repo.remove(odr_id)
    assert repo.queue() == {S.WAITING: 2, S.DOWNLOADING: 3, S.ERROR: 5, S.STORING: 6, S.PAUSED: 7}
    assert statements.of(repo.queue) == 1


def test_an_empty_queue_is_zeros(repo: Repository, database_url: str) -> None:
    run_sql(database_url, "DELETE FROM OfflineDownloadRecord")
    assert set(repo.queue().values()) == {0}
