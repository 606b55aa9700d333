"""Who is next, on SQLite and MariaDB; A-numbers are acceptance cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from seafevents_offline import repository
from seafevents_offline.errors import AlreadyActive, DiskFull
from seafevents_offline.repository import Repository, utc_now
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Retry, Task, active_key
from tests.support.databases import Clock, run_sql
from tests.support.records import (
    ADA,
    BOB,
    NODE,
    OTHER_NODE,
    REPO_ID,
    ROOMY,
    active_key_of,
    add_many,
    claimed,
    new,
    put_into,
    row_of,
    stored,
)

S = OfflineDownloadStatus
THIRD_NODE = "33333333-3333-4333-8333-333333333333"


def ids(tasks: list[Task]) -> list[int]:
    return [task.odr_id for task in tasks]


def owners(tasks: list[Task]) -> list[str]:
    return [task.owner for task in tasks]


def insert_by_sql(url: str, link: str = "https://a.example/x", owner: str = ADA) -> int:
    """The four columns that any other program must give."""
    run_sql(
        url,
        "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) VALUES (?, ?, ?, ?)",
        REPO_ID,
        "/",
        link,
        owner,
    )
    ((odr_id,),) = run_sql(url, "SELECT MAX(odr_id) FROM OfflineDownloadRecord")
    assert isinstance(odr_id, int)
    return odr_id


# --- what a claim writes --------------------------------------------------------------------------------


def test_a_claimed_task_is_this_nodes(repo: Repository, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    clock.advance(seconds=3)
    (task,) = repo.claim(NODE, 1, **ROOMY)
    assert task == repo.get(odr_id)
    assert (task.status, task.claim, task.claimed_by) == (S.DOWNLOADING, 1, NODE)
    assert (task.started_at, task.updated_at, task.not_before) == (clock.now, clock.now, None)


def test_a_second_claim_keeps_the_first_start(repo: Repository, clock: Clock) -> None:
    first = claimed(repo)
    assert repo.finish(first, Retry(1, DiskFull()))
    clock.advance(seconds=5)
    (second,) = repo.claim(NODE, 1, **ROOMY)
    assert (second.started_at, second.claim) == (first.started_at, 2)


@pytest.mark.parametrize("slots", [0, -1])
def test_without_a_free_slot_nothing_is_claimed(repo: Repository, slots: int) -> None:
    repo.add(new())
    assert repo.claim(NODE, slots, **ROOMY) == []


@pytest.mark.parametrize("number", [number for number in (*S, 42, -1) if number != S.WAITING])
def test_only_waiting_tasks_are_claimed(repo: Repository, database_url: str, number: int) -> None:
    odr_id = repo.add(new()).odr_id
    put_into(database_url, odr_id, status=int(number), claimed_by=NODE)
    before = row_of(database_url, odr_id)
    assert repo.claim(NODE, 10, **ROOMY) == []
    assert row_of(database_url, odr_id) == before


def test_what_is_excluded_is_left_alone(repo: Repository) -> None:
    first, second, third = add_many(repo, 3)
    assert ids(repo.claim(NODE, 10, **ROOMY, exclude={first, third})) == [second]
    assert ids(repo.claim(NODE, 10, **ROOMY)) == [first, third]


# --- rows by plain SQL (A54) ----------------------------------------------------------------------------


def test_a54_four_columns_are_a_task(repo: Repository, database_url: str, clock: Clock) -> None:
    odr_id = insert_by_sql(database_url)
    task = repo.get(odr_id, ADA)
    assert (task.status, task.priority, task.size, task.completed, task.speed) == (S.WAITING, 50, 0, 0, 0)
    assert (task.comment, task.reason, task.name, task.stored_path, task.quota_subject) == ("", "", "", "", "")
    assert (task.attempts, task.restores, task.claim, task.claimed_by, task.options) == (0, 0, 0, None, None)
    assert task.updated_at is not None
    assert abs(task.timestamp - task.updated_at) < timedelta(seconds=1)
    assert task.timestamp.tzinfo is None
    assert repo.survey(NODE).waiting
    assert ids(repo.claim(NODE, 1, **ROOMY)) == [odr_id]


def test_a54_the_databases_own_time_is_utc_now(repo: Repository, database_url: str) -> None:
    before = utc_now()
    odr_id = insert_by_sql(database_url)
    assert before - timedelta(seconds=1) < repo.get(odr_id).timestamp < utc_now() + timedelta(seconds=1)


def test_a_row_by_sql_gets_its_key_when_it_is_claimed(repo: Repository, database_url: str) -> None:
    odr_id = insert_by_sql(database_url)
    assert active_key_of(database_url, odr_id) is None
    repo.claim(NODE, 1, **ROOMY)
    assert active_key_of(database_url, odr_id) == active_key(ADA, REPO_ID, "/", "https://a.example/x")
    with pytest.raises(AlreadyActive):
        repo.add(new("https://a.example/x"))


def test_the_same_link_twice_by_sql_is_claimed_twice_with_one_key(repo: Repository, database_url: str) -> None:
    taken = repo.add(new("https://a.example/taken")).odr_id
    again = insert_by_sql(database_url, "https://a.example/taken")
    twins = [insert_by_sql(database_url), insert_by_sql(database_url)]
    assert sorted(ids(repo.claim(NODE, 10, **ROOMY))) == [taken, again, *twins]
    assert active_key_of(database_url, taken) is not None
    assert active_key_of(database_url, again) is None
    assert [active_key_of(database_url, odr_id) is None for odr_id in twins].count(True) == 1


@pytest.mark.parametrize("link", ["", "no link", "http://", "https://[broken", "://x", "https://h", "ftp://a/b/c"])
def test_any_text_for_a_link_is_claimed_and_left_to_the_checks(repo: Repository, database_url: str, link: str) -> None:
    odr_ids = [insert_by_sql(database_url, link, owner) for owner in (ADA, BOB, "")]
    assert sorted(ids(repo.claim(NODE, 10, per_user=1, per_host=3))) == odr_ids


# --- order ----------------------------------------------------------------------------------------------


def test_an_owners_tasks_go_by_priority_then_age(repo: Repository) -> None:
    low, high, first, second = (repo.add(new(priority=priority)).odr_id for priority in (10, 90, 50, 50))
    assert ids(repo.claim(NODE, 10, **ROOMY)) == [high, first, second, low]


def test_a_priority_orders_only_ones_own(repo: Repository) -> None:
    greedy = [repo.add(new(owner=ADA, priority=100)).odr_id for _ in range(3)]
    humble, last = repo.add(new(owner=BOB, priority=0)).odr_id, repo.add(new(owner=BOB, priority=0)).odr_id
    repo.prioritise(last, 1, BOB)
    repo.prioritise(greedy[2], 0, ADA)
    assert ids(repo.claim(NODE, 10, **ROOMY)) == [greedy[0], last, greedy[1], humble, greedy[2]]


def test_what_has_not_been_tried_goes_before_what_comes_again(repo: Repository, clock: Clock) -> None:
    late, early = claimed(repo), claimed(repo)
    assert repo.finish(late, Retry(20, DiskFull()))
    assert repo.finish(early, Retry(10, DiskFull()))
    fresh = repo.add(new()).odr_id
    clock.advance(seconds=30)
    assert ids(repo.claim(NODE, 10, **ROOMY)) == [fresh, early.odr_id, late.odr_id]


def test_owners_take_turns(repo: Repository) -> None:
    add_many(repo, 3, owner="a")
    add_many(repo, 1, owner="b")
    add_many(repo, 2, owner="c")
    assert owners(repo.claim(NODE, 10, **ROOMY)) == ["a", "b", "c", "a", "c", "a"]


def test_turns_go_on_behind_the_owner_that_was_last(repo: Repository) -> None:
    for owner in "abc":
        add_many(repo, 4, owner=owner)
    assert [owners(repo.claim(NODE, slots, **ROOMY)) for slots in (1, 1, 2, 2, 5)] == [
        ["a"],
        ["b"],
        ["c", "a"],
        ["b", "c"],
        ["a", "b", "c", "a", "b"],
    ]


def test_a_thousand_tasks_of_one_owner_do_not_hold_up_another(repo: Repository, database_url: str) -> None:
    columns = "repo_id, path, url, owner"
    digits = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10))
    run_sql(
        database_url,
        f"INSERT INTO OfflineDownloadRecord ({columns}) SELECT '{REPO_ID}', '/', 'https://h/', '{ADA}'"
        f" FROM ({digits}) a, ({digits}) b, ({digits}) c",
    )
    assert owners(repo.claim(NODE, 4, **ROOMY)) == [ADA] * 4
    bobs = repo.add(new(owner=BOB)).odr_id
    assert ids(repo.claim(NODE, 1, **ROOMY)) == [bobs]
    assert owners(repo.claim(NODE, 1, **ROOMY)) == [ADA]


@pytest.mark.parametrize("slots", [3, 11, 25])
def test_more_owners_than_are_read_at_once_take_turns(repo: Repository, slots: int) -> None:
    names = [f"owner{number:02}" for number in range(25)]
    for name in names:
        add_many(repo, 2, owner=name)
    assert owners(repo.claim(NODE, slots, **ROOMY)) == names[:slots]
    assert owners(repo.claim(NODE, 60, **ROOMY)) == [*names[slots:], *names[:slots], *names[slots:]]


def test_who_comes_behind_more_tasks_than_are_read_at_once_has_turns_too(repo: Repository, database_url: str) -> None:
    """The first read ends among the tasks of the first owner."""
    digits = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10))
    run_sql(
        database_url,
        f"INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) SELECT '{REPO_ID}', '/', 'https://h/', 'a'"
        f" FROM ({digits}) a, ({digits}) b, ({digits}) c",
    )
    add_many(repo, 2, owner="b")
    add_many(repo, 1, owner="c")
    assert owners(repo.claim(NODE, 9, **ROOMY)) == [*"abcaba", *"aaa"]


def test_names_that_only_differ_in_spaces_behind_them_are_claimed_once(repo: Repository, database_url: str) -> None:
    """MySQL takes them for the same name, SQLite does not."""
    odr_ids = [insert_by_sql(database_url, owner=owner) for owner in ("a", "a ", "b", "a", "a ", "b ", "c")]
    assert sorted(ids(repo.claim(NODE, 20, **ROOMY))) == odr_ids


def test_an_owner_without_a_name_has_turns_too(repo: Repository, database_url: str) -> None:
    nameless = insert_by_sql(database_url, owner="")
    adas = repo.add(new(owner=ADA)).odr_id
    another = insert_by_sql(database_url, owner="")
    assert ids(repo.claim(NODE, 1, **ROOMY)) == [nameless]
    assert ids(repo.claim(NODE, 5, **ROOMY)) == [adas, another]


def test_a13_interrupted_tasks_go_first(repo: Repository) -> None:
    add_many(repo, 3, owner="x")
    interrupted = repo.claim(NODE, 3, **ROOMY)
    fresh = add_many(repo, 3, owner="a", priority=100)
    repo.restore(NODE)
    order = [ids(repo.claim(NODE, 1, **ROOMY)) for _ in range(7)]
    assert order == [[odr_id] for odr_id in (*ids(interrupted), *fresh)] + [[]]


def test_a13_another_nodes_interrupted_tasks_are_no_reason_to_hurry(repo: Repository) -> None:
    add_many(repo, 1, owner="x")
    repo.claim(OTHER_NODE, 1, **ROOMY)
    repo.restore(OTHER_NODE)
    add_many(repo, 1, owner="a")
    assert owners(repo.claim(NODE, 2, **ROOMY)) == ["a", "x"]


def test_interrupted_tasks_and_those_of_others_are_claimed_once(repo: Repository) -> None:
    """They wait among the others until the claim is written."""
    for owner in "abc":
        add_many(repo, 2, owner=owner)
    interrupted = repo.claim(NODE, 3, **ROOMY)
    repo.restore(NODE)
    tasks = repo.claim(NODE, 10, **ROOMY)
    assert ids(tasks)[:3] == ids(interrupted)
    assert owners(tasks) == [*"abc", *"abc"]
    assert len(set(ids(tasks))) == 6


def test_what_is_excluded_may_be_all_that_is_read_first_of_an_owner(repo: Repository) -> None:
    add_many(repo, 1, owner="a")
    excluded = add_many(repo, 9, owner="b")
    last = repo.add(new(owner="b")).odr_id
    add_many(repo, 1, owner="c")
    tasks = repo.claim(NODE, 5, **ROOMY, exclude=excluded)
    assert owners(tasks) == ["a", "b", "c"]
    assert tasks[1].odr_id == last


# --- other nodes ----------------------------------------------------------------------------------------


def test_what_a_living_node_had_is_left_to_it(repo: Repository, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    (task,) = repo.claim(OTHER_NODE, 1, **ROOMY)
    assert repo.finish(task, Retry(5, DiskFull()))
    clock.advance(seconds=10)
    assert repo.claim(NODE, 1, **ROOMY, live_nodes={OTHER_NODE, THIRD_NODE}) == []
    assert ids(repo.claim(NODE, 1, **ROOMY, live_nodes={THIRD_NODE})) == [odr_id]


def test_what_living_nodes_had_may_be_all_that_is_read_first_of_an_owner(repo: Repository) -> None:
    add_many(repo, 9, owner="b")
    assert len(repo.claim(OTHER_NODE, 9, **ROOMY)) == 9
    repo.restore(OTHER_NODE)
    for owner in "abc":
        add_many(repo, 1, owner=owner)
    assert owners(repo.claim(NODE, 20, **ROOMY, live_nodes={OTHER_NODE})) == ["c", "a", "b"]
    assert owners(repo.claim(OTHER_NODE, 20, **ROOMY, live_nodes={NODE})) == ["b"] * 9


def test_a_node_that_counts_itself_among_the_living_gets_its_own(repo: Repository, clock: Clock) -> None:
    task = claimed(repo)
    assert repo.finish(task, Retry(5, DiskFull()))
    clock.advance(seconds=10)
    assert ids(repo.claim(NODE, 1, **ROOMY, live_nodes={NODE, OTHER_NODE})) == [task.odr_id]


# --- caps -----------------------------------------------------------------------------------------------


def test_an_owner_has_no_more_than_the_cap_on_all_nodes(repo: Repository) -> None:
    add_many(repo, 10, owner=ADA)
    add_many(repo, 1, owner=BOB)
    assert Counter(owners(repo.claim(NODE, 10, per_user=2, per_host=99))) == {ADA: 2, BOB: 1}
    assert repo.claim(OTHER_NODE, 10, per_user=2, per_host=99) == []
    assert len(repo.claim(OTHER_NODE, 10, per_user=3, per_host=99)) == 1


@pytest.mark.parametrize("make", [claimed, stored])
def test_what_runs_fills_the_cap_until_it_ends(repo: Repository, make: Callable[[Repository], Task]) -> None:
    task = make(repo)
    waiting = repo.add(new()).odr_id
    assert repo.claim(NODE, 10, per_user=1, per_host=99) == []
    assert repo.finish(task, Done(1) if task.status is S.STORING else Retry(5, DiskFull()))
    assert ids(repo.claim(NODE, 10, per_user=1, per_host=99)) == [waiting]


def test_what_waits_or_is_paused_fills_no_cap(repo: Repository, database_url: str) -> None:
    for status in S:
        if status not in (S.DOWNLOADING, S.STORING):
            put_into(database_url, repo.add(new("https://h/" + status.name)).odr_id, status=status)
    assert len(repo.claim(NODE, 10, per_user=1, per_host=1)) == 1


def test_interrupted_tasks_keep_to_the_caps(repo: Repository) -> None:
    add_many(repo, 30, owner=ADA)
    repo.claim(NODE, 30, **ROOMY)
    repo.restore(NODE)
    bobs = repo.add(new(owner=BOB)).odr_id
    tasks = repo.claim(NODE, 10, per_user=2, per_host=99)
    assert owners(tasks) == [ADA, ADA, BOB]
    assert tasks[-1].odr_id == bobs
    assert repo.claim(NODE, 10, per_user=2, per_host=99) == []


def test_a_host_has_no_more_than_the_cap(repo: Repository) -> None:
    for number in range(50):
        repo.add(new(f"https://full.example.com/{number}"))
    other = repo.add(new("https://full.example.com.evil.example/")).odr_id
    tasks = repo.claim(NODE, 10, per_user=99, per_host=2)
    assert [task.url for task in tasks[:2]] == ["https://full.example.com/0", "https://full.example.com/1"]
    assert ids(tasks[2:]) == [other]
    assert repo.claim(OTHER_NODE, 10, per_user=99, per_host=2) == []


@pytest.mark.parametrize(
    "form",
    [
        "https://full.example.com/{}",
        "http://full.example.com/{}",
        "ftp://full.example.com/{}",
        "https://full.example.com:8443/{}",
        "HTTPS://Full.Example.COM/{}",
        "https://user:pass@full.example.com/{}",
        "https://full.example.com?{}",
        "https://full.example.com/?{}#/",
    ],
)
def test_a_host_is_one_host_however_its_links_are_written(repo: Repository, database_url: str, form: str) -> None:
    running = claimed(repo, url="https://full.example.com/running")
    links = [form.format(number) for number in range(40)]
    columns = f"INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) SELECT '{REPO_ID}', '/', url, '{ADA}'"
    run_sql(database_url, f"{columns} FROM ({' UNION ALL '.join(['SELECT ? AS url'] * 40)}) links", *links)
    odd = [insert_by_sql(database_url, f"https://free{number}.example.com/{form}") for number in range(3)]
    assert ids(repo.claim(NODE, 10, per_user=99, per_host=1)) == odd
    assert repo.get(running.odr_id).status is S.DOWNLOADING


def test_a_free_host_is_found_behind_any_number_of_full_ones(repo: Repository) -> None:
    for host in range(40):
        claimed(repo, url=f"https://full{host}.example.com/running")
        for number in range(5):
            repo.add(new(f"https://full{host}.example.com:{8000 + number}/", priority=host))
    free = repo.add(new("https://free.example.com/", priority=0)).odr_id
    assert ids(repo.claim(NODE, 5, per_user=999, per_host=1)) == [free]


def test_caps_and_turns_together(repo: Repository) -> None:
    for owner in ("a", "b", "c"):
        for number in range(5):
            repo.add(new(f"https://{'shared' if number < 3 else owner}.example.com/{owner}{number}", owner=owner))
    tasks = repo.claim(NODE, 100, per_user=3, per_host=2)
    hosts = Counter(task.url.split("/")[2] for task in tasks)
    assert Counter(owners(tasks)) == {"a": 3, "b": 3, "c": 2}
    assert hosts == {"shared.example.com": 2, "a.example.com": 2, "b.example.com": 2, "c.example.com": 2}
    assert repo.claim(NODE, 100, per_user=3, per_host=2) == []


# --- after a claim that found nothing -------------------------------------------------------------------

FULL = "https://full.example.com/"

#: What makes room, or needs none.
NEWS: dict[str, Callable[[Repository, str], object]] = {
    "a host that is free": lambda repo, url: repo.add(new("https://free.example.com/", owner="z")),
    "a name behind the full one": lambda repo, url: insert_by_sql(url, "https://full.example.com.evil.example/", "z"),
    "a name before the full one": lambda repo, url: insert_by_sql(url, "https://full.example.co/", "z"),
    "a name with the next letter": lambda repo, url: insert_by_sql(url, "https://full.example.com0/", "z"),
    "a name that ends earlier": lambda repo, url: insert_by_sql(url, "https://full.example/" + "x" * 90, "z"),
    "a long name": lambda repo, url: insert_by_sql(url, f"https://full.example.com{'.example' * 20}/", "z"),
    "another scheme": lambda repo, url: insert_by_sql(url, "http://free.example.com/", "z"),
    "no link": lambda repo, url: insert_by_sql(url, "", "z"),
    "letters that no host has": lambda repo, url: insert_by_sql(url, "https://日本😀/", "z"),
    "one that ends": lambda repo, url: run_sql(url, "UPDATE OfflineDownloadRecord SET status = 3 WHERE status = 2"),
}


@pytest.mark.parametrize("news", NEWS)
def test_what_is_new_is_found_by_the_next_claim(repo: Repository, database_url: str, news: str) -> None:
    for number in range(20):
        repo.add(new(f"{FULL}{number}", owner="abcde"[number % 5]))
    caps = {"per_user": 50, "per_host": 1}
    assert len(repo.claim(NODE, 10, **caps)) == 1
    for _ in range(3):
        assert repo.claim(NODE, 10, **caps) == []
    NEWS[news](repo, database_url)
    assert len(repo.claim(NODE, 10, **caps)) == 1
    assert repo.claim(NODE, 10, **caps) == []


def test_an_owner_who_has_room_is_found_by_the_next_claim(repo: Repository, clock: Clock) -> None:
    for owner in "abc":
        add_many(repo, 3, owner=owner)
    task = repo.claim(NODE, 10, per_user=1, per_host=99)[1]
    for _ in range(3):
        assert repo.claim(NODE, 10, per_user=1, per_host=99) == []
    add_many(repo, 1, owner="d")
    assert owners(repo.claim(NODE, 10, per_user=1, per_host=99)) == ["d"]
    assert repo.claim(NODE, 10, per_user=1, per_host=99) == []
    assert repo.finish(task, Retry(60, DiskFull()))
    assert owners(repo.claim(NODE, 10, per_user=1, per_host=99)) == ["b"]
    assert repo.claim(NODE, 10, per_user=1, per_host=99) == []
    assert owners(repo.claim(NODE, 10, per_user=2, per_host=99)) == ["c", "a", "b"]


def test_what_becomes_due_is_found_by_the_next_claim(repo: Repository, clock: Clock) -> None:
    for number in range(3):
        repo.add(new(f"{FULL}{number}"))
    later = claimed(repo, url="https://free.example.com/")
    assert repo.finish(later, Retry(60, DiskFull()))
    caps = {"per_user": 50, "per_host": 3}
    for _ in range(3):
        assert repo.claim(NODE, 10, **caps) == []
    clock.advance(seconds=60)
    assert ids(repo.claim(NODE, 10, **caps)) == [later.odr_id]


@pytest.mark.parametrize("hosts", [1, 2, 3, 5, 8, 9])
def test_any_number_of_hosts_may_be_full(repo: Repository, hosts: int) -> None:
    for number in range(hosts * 3):
        repo.add(new(f"https://full{number % hosts}.example.com/{number}", owner="ab"[number % 2]))
    caps = {"per_user": 50, "per_host": 1}
    assert len(repo.claim(NODE, 20, **caps)) == hosts
    for _ in range(2):
        assert repo.claim(NODE, 20, **caps) == []
    between = repo.add(new("https://full1x.example.com/")).odr_id
    assert ids(repo.claim(NODE, 20, **caps)) == [between]


# --- time -----------------------------------------------------------------------------------------------


def test_a_task_waits_for_its_time(repo: Repository, clock: Clock) -> None:
    task = claimed(repo)
    assert repo.finish(task, Retry(600, DiskFull()))
    assert repo.claim(NODE, 1, **ROOMY) == []
    clock.advance(seconds=599)
    assert repo.claim(NODE, 1, **ROOMY) == []
    clock.advance(seconds=1)
    assert ids(repo.claim(NODE, 1, **ROOMY)) == [task.odr_id]


@pytest.mark.parametrize("jump", [{"hours": 1}, {"hours": -1}, {"days": -3650}])
def test_a_clock_that_jumps_strands_no_task(repo: Repository, clock: Clock, jump: dict[str, float]) -> None:
    task = claimed(repo)
    assert repo.finish(task, Retry(300, DiskFull()))
    clock.advance(**jump)
    assert ids(repo.claim(NODE, 1, **ROOMY)) == [task.odr_id]


def test_what_is_resumed_is_ready_at_once(repo: Repository) -> None:
    task = claimed(repo)
    repo.act(task.odr_id, Action.PAUSE)
    repo.act(task.odr_id, Action.RESUME)
    assert ids(repo.claim(OTHER_NODE, 1, **ROOMY)) == [task.odr_id]


# --- what is done to a task while it is being chosen ----------------------------------------------------


def test_what_was_cancelled_since_it_was_chosen_is_not_claimed(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On SQLite a claim holds the only write lock, so that nobody can come between.
    node, door = (repository.open(Settings(database=mariadb_url)) for _ in range(2))
    node.upgrade()
    kept, cancelled = add_many(node, 2)
    take = Repository._take

    def cancel_then_take(self: Repository, *args: Any) -> list[Task]:
        door.act(cancelled, Action.CANCEL)
        return take(self, *args)

    monkeypatch.setattr(Repository, "_take", cancel_then_take)
    assert ids(node.claim(NODE, 10, **ROOMY)) == [kept]
    assert node.get(cancelled).status is S.CANCELLED
    node.close()
    door.close()
