"""Every end of a task is told at least once, whoever wrote it, on SQLite and MariaDB."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from seafevents_offline import repository
from seafevents_offline.errors import FileNotFoundAtServer
from seafevents_offline.repository import Delivery, Repository
from seafevents_offline.repository.workers import MAX_RESTORES
from seafevents_offline.settings import Settings
from seafevents_offline.status import FINAL, Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Task
from tests.support.databases import Clock, run_sql
from tests.support.records import ADA, BOB, NODE, ROOMY, add_many, claimed, new, put_into, stored
from tests.support.statements import Counter, plans

S = OfflineDownloadStatus
PAUSES = (30.0, 60.0)


@pytest.fixture
def telling(database_url: str, clock: Clock) -> Iterator[Repository]:
    """A repository where ``webhook-url`` is set."""
    repo = repository.open(Settings(database=database_url, webhook_url="https://hooks.example/x"), clock=clock)
    yield repo
    repo.close()


def take_all(repo: Repository) -> list[Delivery]:
    found = []
    while (delivery := repo.take(PAUSES)) is not None:
        found.append(delivery)
        repo.taken(delivery)
    return found


def told(repo: Repository) -> list[tuple[object, object]]:
    """Task and state of all that there is to tell."""
    repo.collect()
    return [(delivery.odr_id, delivery.body["state"]) for delivery in take_all(repo)]


def act(action: Action) -> Callable[[Repository, str], int]:
    return lambda repo, url: repo.act(repo.add(new()).odr_id, action).odr_id


def finish(outcome: Done | Failed) -> Callable[[Repository, str], int]:
    def end(repo: Repository, url: str) -> int:
        task = stored(repo)
        assert repo.finish(task, outcome)
        return task.odr_id

    return end


def remove(repo: Repository, url: str) -> int:
    return repo.remove(repo.add(new()).odr_id).odr_id


def expire(repo: Repository, url: str) -> int:
    odr_id = repo.act(repo.add(new()).odr_id, Action.PAUSE).odr_id
    assert repo.expire(-1) == 1
    return odr_id


def cancel_all(repo: Repository, url: str) -> int:
    odr_id = repo.add(new()).odr_id
    assert repo.cancel_all(ADA) == 1
    return odr_id


def interrupted_too_often(make: Callable[[Repository], Task]) -> Callable[[Repository, str], int]:
    def end(repo: Repository, url: str) -> int:
        odr_id = make(repo).odr_id
        put_into(url, odr_id, restores=MAX_RESTORES)
        repo.restore(NODE)
        return odr_id

    return end


ENDS: dict[str, tuple[Callable[[Repository, str], int], str]] = {
    "stored": (finish(Done(10)), "ok"),
    "failed": (finish(Failed(FileNotFoundAtServer(status=404))), "error"),
    "cancelled": (act(Action.CANCEL), "cancelled"),
    "removed while it waited": (remove, "cancelled"),
    "paused for too long": (expire, "cancelled"),
    "all of one person": (cancel_all, "cancelled"),
    "interrupted too often": (interrupted_too_often(claimed), "error"),
    "interrupted too often while storing": (interrupted_too_often(stored), "error"),
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_is_told_once(telling: Repository, database_url: str, end: str) -> None:
    call, state = ENDS[end]
    odr_id = call(telling, database_url)
    assert told(telling) == [(odr_id, state)]
    assert told(telling) == []


def test_every_write_of_a_final_status_is_among_them() -> None:
    assert {state for _, state in ENDS.values()} == {status.state for status in FINAL}


@pytest.mark.parametrize("action", [Action.PAUSE, Action.RESUME])
def test_what_has_not_ended_is_not_told(telling: Repository, action: Action) -> None:
    odr_id = telling.add(new()).odr_id
    telling.act(odr_id, Action.PAUSE)
    if action is Action.RESUME:
        telling.act(odr_id, action)
    claimed(telling)
    assert told(telling) == []


def test_a_retry_before_anybody_has_looked_loses_nothing(telling: Repository) -> None:
    odr_id = telling.add(new()).odr_id
    telling.act(odr_id, Action.CANCEL)
    telling.act(odr_id, Action.RETRY)
    (task,) = telling.claim(NODE, 1, **ROOMY)
    telling.finish(task, Failed(FileNotFoundAtServer(status=404)))
    telling.act(odr_id, Action.RETRY)
    assert told(telling) == [(odr_id, "cancelled"), (odr_id, "error")]


def test_a_door_that_tells_nobody_loses_nothing_of_what_others_tell(telling: Repository, repo: Repository) -> None:
    """Such as a Seahub that was started before ``webhook-url`` was set."""
    odr_id = telling.add(new()).odr_id
    telling.act(odr_id, Action.CANCEL)
    repo.act(odr_id, Action.RETRY)
    assert told(telling) == [(odr_id, "cancelled")]


def test_where_nobody_is_told_nothing_is_kept(repo: Repository, database_url: str, telling: Repository) -> None:
    for call, _ in ENDS.values():
        call(repo, database_url)
    assert told(telling) == []


def test_it_is_told_as_it_was_when_it_ended(telling: Repository, clock: Clock) -> None:
    task = claimed(telling, url="https://files.example.com/a.zip?key=secret")
    telling.finish(task, Failed(FileNotFoundAtServer(status=404)))
    telling.collect()
    telling.act(task.odr_id, Action.RETRY)
    (delivery,) = take_all(telling)
    body = delivery.body
    assert (body["success"], body["response_code"], body["extra"], body["state"]) == (False, 404, "", "error")
    assert body["error"] == str(FileNotFoundAtServer(status=404)) == body["comment"]
    assert body["url"] == "https://files.example.com/a.zip"
    assert "secret" not in json.dumps(dict(body))


def test_many_are_collected_in_parts(telling: Repository) -> None:
    odr_ids = add_many(telling, 7)
    assert telling.cancel_all(ADA) == 7
    assert [telling.collect(3) for _ in range(4)] == [3, 3, 1, 0]
    assert [delivery.odr_id for delivery in take_all(telling)] == odr_ids


# --- one after the other --------------------------------------------------------------------------------


def test_what_is_not_taken_comes_again_later_and_later(telling: Repository, clock: Clock) -> None:
    act(Action.CANCEL)(telling, "")
    telling.collect()
    first = telling.take(PAUSES)
    assert first is not None
    assert (first.age, first.pause) == (0, 30)
    for pause, age in ((30, 30), (60, 90), (60, 150)):
        assert telling.take(PAUSES) is None
        clock.advance(seconds=pause - 1)
        assert telling.take(PAUSES) is None
        clock.advance(seconds=1)
        again = telling.take(PAUSES)
        assert again is not None
        assert (again.delivery_id, again.body, again.age) == (first.delivery_id, first.body, age)


def test_messages_about_one_task_keep_their_order(telling: Repository, clock: Clock) -> None:
    one, other = add_many(telling, 2)
    telling.act(one, Action.CANCEL)
    telling.collect()
    first = telling.take(PAUSES)
    assert first is not None
    telling.act(one, Action.RETRY)
    telling.act(one, Action.CANCEL)
    telling.act(other, Action.CANCEL)
    # The first one was not taken: the second waits behind it, other tasks do not.
    assert told(telling) == [(other, "cancelled")]
    clock.advance(seconds=30)
    assert [delivery.odr_id for delivery in take_all(telling)] == [one, one]


def test_two_nodes_share(telling: Repository, database_url: str, clock: Clock) -> None:
    other = repository.open(Settings(database=database_url, webhook_url="https://hooks.example/x"), clock=clock)
    for odr_id in add_many(telling, 6):
        telling.act(odr_id, Action.CANCEL)
    telling.collect()
    other.collect()
    taken = [node.take(PAUSES) for _ in range(4) for node in (telling, other)]
    other.close()
    odr_ids = [delivery.odr_id for delivery in taken if delivery is not None]
    assert len(odr_ids) == len(set(odr_ids)) == 6


def test_a_clock_that_jumped_holds_nothing_up(telling: Repository, clock: Clock) -> None:
    clock.advance(days=3)
    act(Action.CANCEL)(telling, "")
    telling.collect()
    clock.advance(days=-3)
    assert telling.take(PAUSES) is not None


def test_what_was_not_told_yet_does_not_leave(telling: Repository, clock: Clock) -> None:
    odr_id = act(Action.CANCEL)(telling, "")
    clock.advance(days=31)
    assert telling.forget_finished(30 * 86400) == 0
    assert told(telling) == [(odr_id, "cancelled")]
    assert telling.forget_finished(30 * 86400) == 1


# --- what leaves ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["purge", "forget_owner"])
def test_nothing_is_told_of_who_has_gone(telling: Repository, call: str) -> None:
    mine, theirs = telling.add(new()).odr_id, telling.add(new(owner=BOB)).odr_id
    for odr_id in (mine, theirs):
        telling.act(odr_id, Action.CANCEL)
        telling.collect()
        telling.act(odr_id, Action.RETRY)
        telling.act(odr_id, Action.CANCEL)
    assert getattr(telling, call)(ADA) == 1
    assert told(telling) == [(theirs, "cancelled")] * 2


def test_what_nobody_tells_any_more_leaves(telling: Repository, clock: Clock) -> None:
    act(Action.CANCEL)(telling, "")
    telling.collect()
    clock.advance(days=7)
    assert telling.forget_deliveries(7 * 86400) == 0
    clock.advance(seconds=1)
    assert telling.forget_deliveries(7 * 86400) == 1


# --- at what cost ---------------------------------------------------------------------------------------


def test_what_it_costs(telling: Repository) -> None:
    telling.survey(NODE)
    count = Counter(telling)
    assert count.of(telling.collect) == 1
    assert count.of(lambda: telling.take(PAUSES)) == 1
    task = stored(telling)
    assert count.of(partial(telling.finish, task, Done(10))) == 1, "the mark costs nothing"
    add_many(telling, 30)
    telling.cancel_all(ADA)
    assert count.of(telling.collect) == 1 + 2 + 3
    found: list[Delivery | None] = []
    assert count.of(lambda: found.append(telling.take(PAUSES))) == 2
    assert found[0] is not None
    assert count.of(partial(telling.taken, found[0])) == 1


def test_one_of_many_is_found_at_once(telling: Repository, database_url: str, clock: Clock) -> None:
    """A thousand are due, a thousand more wait for their next time."""
    for first, next_at in ((1, clock.now), (1001, clock.now + timedelta(hours=1))):
        rows = ", ".join(f"({number}, 'a', '{{}}', '{next_at}')" for number in range(first, first + 1000))
        run_sql(database_url, f"INSERT INTO OfflineDownloadDelivery (odr_id, owner, body, next_at) VALUES {rows}")
    if not database_url.startswith("sqlite"):
        before = rows_read(telling)
        assert telling.take(PAUSES) is not None
        assert rows_read(telling) - before <= 30
    plan = plans(telling, lambda: telling.take(PAUSES))[0]
    assert "OfflineDownloadDelivery_next_at" in plan, plan
    assert "TEMP B-TREE" not in plan, plan


def rows_read(repo: Repository) -> int:
    """By the one connection that the repository uses."""
    with repo._database.engine.connect() as connection:
        found = connection.exec_driver_sql("SHOW SESSION STATUS LIKE 'Handler_read%%'").all()
    return sum(int(value) for _, value in found)


def test_nothing_is_read_that_is_not_to_be_told(telling: Repository, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        rows = run_sql(
            database_url,
            "EXPLAIN SELECT odr_id FROM OfflineDownloadRecord FORCE INDEX "
            "(OfflineDownloadRecord_untold) WHERE untold = 1 LIMIT 1",
        )
        assert "OfflineDownloadRecord_untold" in str(rows)
        return
    plan = run_sql(database_url, "EXPLAIN QUERY PLAN SELECT odr_id FROM OfflineDownloadRecord WHERE untold = 1")
    assert "OfflineDownloadRecord_untold" in str(plan)
