"""Whether a list has changed, on SQLite and MariaDB."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seafevents_offline.errors import DiskFull, FileNotFoundAtServer
from seafevents_offline.repository import Repository
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Progress, Retry
from tests.support.databases import Clock, run_sql
from tests.support.records import ADA, BOB, NODE, REPO_ID, ROOMY, add_many, claimed, new, put_into, stored
from tests.support.statements import plans

S = OfflineDownloadStatus


def test_it_stays_the_same_while_nothing_happens(repo: Repository, clock: Clock) -> None:
    assert repo.state(ADA) == repo.state(ADA)
    add_many(repo, 3)
    before = repo.state(ADA)
    clock.advance(hours=5)
    assert repo.state(ADA) == before


def test_other_peoples_tasks_do_not_change_it(repo: Repository, clock: Clock) -> None:
    add_many(repo, 2)
    before = repo.state(ADA)
    clock.advance(seconds=1)
    other = repo.add(new(owner=BOB)).odr_id
    repo.act(other, Action.CANCEL)
    assert repo.state(ADA) == before
    assert repo.state(BOB) not in (before, repo.state("nobody"))


CHANGES: dict[str, Callable[[Repository], object]] = {
    "add": lambda repo: repo.add(new()),
    "pause": lambda repo: repo.act(1, Action.PAUSE),
    "cancel": lambda repo: repo.act(1, Action.CANCEL),
    "prioritise": lambda repo: repo.prioritise(1, 7),
    "remove": lambda repo: repo.remove(1),
    "clean up": lambda repo: repo.clean_up(ADA, frozenset({S.CANCELLED})),
    "retry": lambda repo: repo.act(2, Action.RETRY),
    "claim": lambda repo: repo.claim(NODE, 1, **ROOMY),
    "progress": lambda repo: repo.report([Progress(3, 1, 5, 10, 1)]),
    "restore": lambda repo: repo.restore(NODE),
    "storing": lambda repo: repo.storing(repo.get(3), name="x", size=10, stored_path="/x"),
    "done": lambda repo: repo.finish(repo.get(4), Done(10)),
    "failed": lambda repo: repo.finish(repo.get(4), Failed(FileNotFoundAtServer(status=404))),
    "later": lambda repo: repo.finish(repo.get(4), Retry(5, DiskFull())),
    "expire": lambda repo: repo.expire(paused_for=-100_000),
}


@pytest.fixture
def busy(repo: Repository) -> Repository:
    """1 waits, 2 was cancelled, 3 is being downloaded, 4 is being stored, 5 is paused."""
    add_many(repo, 2)
    repo.act(1, Action.PAUSE)
    repo.act(2, Action.CANCEL)
    assert (claimed(repo).odr_id, stored(repo).odr_id) == (3, 4)
    (paused,) = add_many(repo, 1)
    repo.act(paused, Action.PAUSE)
    repo.act(1, Action.RESUME)
    return repo


@pytest.mark.parametrize("jump", [0.000001, -3600])
@pytest.mark.parametrize("change", CHANGES)
def test_every_change_changes_it_wherever_the_clock_has_gone(
    busy: Repository, clock: Clock, change: str, jump: float
) -> None:
    before = busy.state(ADA)
    clock.advance(seconds=jump)
    CHANGES[change](busy)
    assert busy.state(ADA) != before


def test_a_failure_that_happens_again_changes_it(repo: Repository, clock: Clock) -> None:
    def fail() -> str:
        (task,) = repo.claim(NODE, 1, **ROOMY)
        repo.finish(task, Failed(FileNotFoundAtServer(status=404)))
        return repo.state(ADA)

    odr_id = repo.add(new()).odr_id
    before = fail()
    clock.advance(hours=-1)
    repo.act(odr_id, Action.RETRY)
    assert fail() != before


def test_two_changes_do_not_make_up_for_each_other(repo: Repository, clock: Clock) -> None:
    first, second = add_many(repo, 2)
    repo.act(first, Action.PAUSE)
    before = repo.state(ADA)
    clock.advance(hours=-1)
    repo.act(first, Action.RESUME)
    repo.act(second, Action.PAUSE)
    assert repo.state(ADA) != before


def test_a_program_that_writes_the_status_alone_changes_it(repo: Repository, database_url: str) -> None:
    first, second = add_many(repo, 2)
    states = {repo.state(ADA)}
    for odr_id, status in ((first, S.ERROR), (second, S.ERROR), (first, S.WAITING)):
        put_into(database_url, odr_id, status=status)
        states.add(repo.state(ADA))
    assert len(states) == 4
    run_sql(
        database_url,
        "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) VALUES (?, '/', 'https://x.example.com/', ?)",
        REPO_ID,
        ADA,
    )
    assert repo.state(ADA) not in states


def test_one_index_answers_it(repo: Repository) -> None:
    """However long the list is, the rows themselves are not read."""
    add_many(repo, 20)
    (plan,) = plans(repo, lambda: repo.state(ADA))
    assert "COVERING INDEX OfflineDownloadRecord_state" in plan or "Using index" in plan, plan
