"""Lists and sums, on SQLite and MariaDB."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from seafevents_offline.repository import SORTS, Repository, StatusCount, TaskPage, TaskQuery
from seafevents_offline.status import ACTIVE, OfflineDownloadStatus
from tests.support.databases import Clock, run_sql
from tests.support.records import ADA, BOB, REPO_ID, add_many, new, put_into
from tests.support.statements import plans

S = OfflineDownloadStatus


def ids(page: TaskPage) -> list[int]:
    return [task.odr_id for task in page.tasks]


def test_pages_are_newest_first_and_tell_the_total(repo: Repository) -> None:
    odr_ids = add_many(repo, 25)[::-1]
    assert repo.find(TaskQuery()).total == 25
    assert [ids(repo.find(TaskQuery(page=page))) for page in (1, 2, 3, 4)] == [
        odr_ids[:10],
        odr_ids[10:20],
        odr_ids[20:],
        [],
    ]
    assert [repo.find(TaskQuery(page=page)).total for page in (1, 2, 3, 4)] == [25, 25, 25, 25]
    assert [repo.find(TaskQuery(page=page, per_page=25)).total for page in (1, 2)] == [25, 25]
    assert repo.find(TaskQuery(per_page=1)).tasks == (repo.get(odr_ids[0]),)


def test_an_index_alone_decides_what_is_on_a_page(repo: Repository) -> None:
    """However many have to be passed over: only the page's own rows are read."""
    add_many(repo, 30)
    for query in (TaskQuery(page=2), TaskQuery(statuses=frozenset({S.ERROR})), TaskQuery(sort="-size")):
        plan = plans(repo, partial(repo.find, replace(query, owner=ADA)))[0]
        assert "COVERING INDEX OfflineDownloadRecord_list" in plan or re.search("Using index(?! condition)", plan), plan


def test_an_owner_sees_the_own_tasks_only(repo: Repository) -> None:
    adas = add_many(repo, 2, owner=ADA)
    bobs = add_many(repo, 3, owner=BOB)
    assert ids(repo.find(TaskQuery(owner=ADA))) == adas[::-1]
    assert repo.find(TaskQuery(owner=BOB)).total == 3
    assert [repo.find(TaskQuery(owner="", page=page)).total for page in (1, 2)] == [0, 0]
    assert ids(repo.find(TaskQuery())) == (adas + bobs)[::-1]


def test_removed_ones_are_listed_for_those_who_ask(repo: Repository) -> None:
    kept, removed = add_many(repo, 2)
    repo.remove(removed)
    assert ids(repo.find(TaskQuery(owner=ADA))) == [kept]
    assert ids(repo.find(TaskQuery())) == [kept]
    assert ids(repo.find(TaskQuery(hidden=True))) == [removed, kept]


def test_filters(repo: Repository, database_url: str) -> None:
    first, second, third = add_many(repo, 3)
    put_into(database_url, second, status=S.ERROR)
    put_into(database_url, third, status=42, repo_id="another")
    assert ids(repo.find(TaskQuery(statuses=frozenset({S.WAITING})))) == [first]
    assert ids(repo.find(TaskQuery(statuses=frozenset({S.WAITING, S.ERROR})))) == [second, first]
    assert ids(repo.find(TaskQuery(statuses=frozenset({S.UNKNOWN})))) == [third]
    assert ids(repo.find(TaskQuery(statuses=frozenset({S.OK})))) == []
    assert ids(repo.find(TaskQuery(repo_id="another"))) == [third]
    assert ids(repo.find(TaskQuery(repo_id=REPO_ID, owner=ADA))) == [second, first]
    assert repo.find(TaskQuery(statuses=frozenset({S.UNKNOWN}))).tasks[0].status is S.UNKNOWN


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("REPORT", {"name"}),
        ("folder/sub", {"path"}),
        ("a.Example", {"url"}),
        ("x_y", {"url"}),
        ("100%", {"name"}),
        ("%", {"name"}),
        ("_", {"url"}),
        ("'", set()),
        ("\\", set()),
        ("/", {"name", "path", "url"}),
        ("日本", {"path"}),
        ("😀", {"name"}),
    ],
)
def test_text_is_looked_for_literally_and_in_any_case(repo: Repository, text: str, found: set[str]) -> None:
    odr_ids = {
        repo.add(new("https://h/1", name="Report 100% 😀")).odr_id: "name",
        repo.add(new("https://h/2", path="/Folder/Sub/日本")).odr_id: "path",
        repo.add(new("https://A.example/x_y")).odr_id: "url",
    }
    for owner in (ADA, None):
        page = repo.find(TaskQuery(text=text, owner=owner))
        assert {odr_ids[odr_id] for odr_id in ids(page)} == found
        assert page.total == len(found)


def test_only_its_owner_can_search_a_links_query(repo: Repository) -> None:
    odr_id = repo.add(new("https://a.example/file?token=s3cret&x=?s3cret")).odr_id
    assert ids(repo.find(TaskQuery(text="s3cret", owner=ADA))) == [odr_id]
    assert ids(repo.find(TaskQuery(text="s3cret"))) == []
    assert ids(repo.find(TaskQuery(text="example/file"))) == [odr_id]


@pytest.mark.parametrize("owner", [None, ADA])
def test_an_administrator_cannot_search_what_is_secret_in_links(repo: Repository, owner: str | None) -> None:
    links = [
        "https://a.example/file?token=s3cret",
        "https://a.example/file#s3cret?x",
        "https://ada:s3cret@a.example/file",
        "https://s3cret@s3cret@a.example/file",
        "no-link-s3cret",
    ]
    odr_ids = [repo.add(new(link)).odr_id for link in links]
    visible = repo.add(new("https://a.example/@s3cret/x@y?z")).odr_id
    assert ids(repo.find(TaskQuery(text="s3cret", owner=owner, redacted=True))) == [visible]
    assert ids(repo.find(TaskQuery(text="s3cret", owner=ADA))) == [visible, *odr_ids[::-1]]
    assert ids(repo.find(TaskQuery(text="A.example", owner=owner, redacted=True))) == [visible, *odr_ids[1::-1]]


@pytest.mark.parametrize("sort", sorted(SORTS))
@pytest.mark.parametrize("owner", [ADA, None])
def test_every_sort_orders_by_its_column(
    repo: Repository, database_url: str, clock: Clock, sort: str, owner: str | None
) -> None:
    for name, size, status in (("b", 3, S.OK), ("a", 1, S.ERROR), ("c", 2, S.WAITING), ("a", 1, S.OK)):
        clock.advance(seconds=1)
        odr_id = repo.add(new(name=name, priority=size)).odr_id
        put_into(database_url, odr_id, size=size, status=status, finished_at=f"2026-01-0{size} 00:00:00.000000")
    column, descending = sort.lstrip("-"), sort.startswith("-")
    tasks = repo.find(TaskQuery(sort=sort, owner=owner)).tasks
    keys = [(getattr(task, column), task.odr_id) for task in tasks]
    assert len(keys) == 4
    assert keys == sorted(keys, reverse=descending)


@pytest.mark.parametrize(
    "change", [{"sort": "owner"}, {"sort": ""}, {"sort": "--odr_id"}, {"page": 0}, {"per_page": 0}]
)
def test_an_impossible_query_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="sort="):
        replace(TaskQuery(), **change)  # type: ignore[arg-type]


def test_stats_count_by_status(repo: Repository, database_url: str) -> None:
    for status, size, completed in ((S.OK, 10, 10), (S.OK, 5, 5), (S.PAUSED, 100, 30), (S.WAITING, 0, 0)):
        put_into(database_url, repo.add(new()).odr_id, status=status, size=size, completed=completed)
    for number in (42, 43):
        put_into(database_url, repo.add(new()).odr_id, status=number, size=1)
    repo.remove(repo.add(new()).odr_id)
    put_into(database_url, repo.add(new(owner=BOB)).odr_id, status=S.OK, size=2**50, completed=2**50)
    mine = dict(repo.stats(ADA).by_status)
    assert mine.pop(S.OK) == StatusCount(2, 15, 15)
    assert mine.pop(S.PAUSED) == StatusCount(1, 100, 30)
    assert mine.pop(S.WAITING) == StatusCount(1, 0, 0)
    assert mine.pop(S.UNKNOWN) == StatusCount(2, 2, 0)
    assert mine == dict.fromkeys((S.DOWNLOADING, S.ERROR, S.STORING, S.CANCELLED), StatusCount())
    everything = repo.stats().by_status
    assert everything[S.OK] == StatusCount(3, 15 + 2**50, 15 + 2**50)
    assert everything[S.CANCELLED].tasks == 1


def test_stats_of_nothing_have_every_status(repo: Repository) -> None:
    assert repo.stats().by_status == dict.fromkeys(S, StatusCount())


def test_usage_counts_active_tasks_and_those_of_the_last_hour(
    repo: Repository, database_url: str, clock: Clock
) -> None:
    assert (repo.usage(ADA).active, repo.usage(ADA).added, repo.usage(ADA).oldest) == (0, 0, None)
    for status in S:
        put_into(database_url, repo.add(new()).odr_id, status=status)
    clock.advance(minutes=59)
    first_of_the_hour = clock.now
    repo.remove(repo.add(new()).odr_id)
    add_many(repo, 2)
    clock.advance(minutes=1)
    add_many(repo, 1)
    repo.add(new(owner=BOB))
    usage = repo.usage(ADA)
    assert usage.active == len(ACTIVE) + 3
    assert (usage.added, usage.oldest) == (4, first_of_the_hour)
    clock.advance(hours=2)
    assert repo.usage(ADA) == replace(usage, added=0, oldest=None)


def test_usage_is_by_the_tasks_own_times(repo: Repository, database_url: str, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    old = (clock.now - timedelta(hours=1)).isoformat(" ", "microseconds")
    put_into(database_url, odr_id, timestamp=old)
    assert repo.usage(ADA).added == 0


def test_rows_of_other_programs_with_odd_values_are_listed(repo: Repository, database_url: str) -> None:
    run_sql(
        database_url,
        "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner, timestamp, status) VALUES (?, ?, ?, ?, ?, ?)",
        REPO_ID,
        "/",
        "no link at all",
        ADA,
        "2026-01-02 03:04:05",
        42,
    )
    (task,) = repo.find(TaskQuery(owner=ADA)).tasks
    assert (task.status, task.url, str(task.timestamp)) == (S.UNKNOWN, "no link at all", "2026-01-02 03:04:05")
