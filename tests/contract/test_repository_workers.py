"""What a daemon writes of its tasks, on SQLite and MariaDB; A-numbers are acceptance cases."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from seafevents_offline.errors import (
    GOT_WEB_PAGE,
    PAUSED_TOO_LONG,
    DiskFull,
    FileNotFoundAtServer,
    InterruptedTooOften,
    ServerBusy,
    UploadForbidden,
)
from seafevents_offline.repository import Repository
from seafevents_offline.status import TRANSITIONS, Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Gone, Outcome, Progress, Retry, Task
from tests.support.databases import Clock, run_sql
from tests.support.records import (
    NODE,
    OTHER_NODE,
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
NOT_FOUND = FileNotFoundAtServer(status=404)
OUTCOMES: list[Outcome] = [Done(10), Retry(5, ServerBusy(status=503)), Failed(NOT_FOUND)]


# --- report ---------------------------------------------------------------------------------------------


def test_report_writes_all_tasks_at_once(repo: Repository, clock: Clock) -> None:
    add_many(repo, 3)
    tasks = repo.claim(NODE, 3, **ROOMY)
    clock.advance(seconds=1)
    repo.report([Progress(task.odr_id, task.claim, n, n * 10, n * 100) for n, task in enumerate(tasks, 1)])
    found = [repo.get(task.odr_id) for task in tasks]
    assert [(task.completed, task.size, task.speed) for task in found] == [(1, 10, 100), (2, 20, 200), (3, 30, 300)]
    assert {task.updated_at for task in found} == {clock.now}


def test_report_of_nothing_is_nothing(repo: Repository) -> None:
    repo.report([])


def test_report_takes_as_many_workers_as_may_be_set(repo: Repository) -> None:
    add_many(repo, 512)
    tasks = repo.claim(NODE, 512, **ROOMY)
    assert len(tasks) == 512
    repo.report([Progress(task.odr_id, task.claim, task.odr_id, 2**40, 2**33) for task in tasks])
    assert all(
        (task.completed, task.size, task.speed) == (task.odr_id, 2**40, 2**33)
        for task in (repo.get(task.odr_id) for task in tasks)
    )


@pytest.mark.parametrize(
    ("completed", "anew", "restores"), [(499, False, 7), (500, False, 7), (501, False, 0), (501, True, 7)]
)
def test_restores_are_forgotten_when_the_task_gets_on(
    repo: Repository, database_url: str, completed: int, anew: bool, restores: int
) -> None:
    task, other = claimed(repo), claimed(repo, url="https://example.com/other")
    for one in (task, other):
        put_into(database_url, one.odr_id, completed=500, restores=7)
    repo.report([Progress(task.odr_id, task.claim, completed, 1000, 1, anew), Progress(other.odr_id, 1, 501, 1000, 1)])
    assert repo.get(other.odr_id).restores == 0
    found = repo.get(task.odr_id)
    assert (found.restores, found.completed) == (restores, completed)


# --- storing --------------------------------------------------------------------------------------------


def test_storing_records_the_place_before_anything_is_there(repo: Repository, clock: Clock) -> None:
    task = claimed(repo)
    clock.advance(seconds=1)
    storing = repo.storing(task, name="a.zip", size=77, stored_path="/folder/a.zip")
    assert storing == repo.get(task.odr_id)
    assert storing is not None
    assert (storing.status, storing.name, storing.stored_path) == (S.STORING, "a.zip", "/folder/a.zip")
    assert (storing.size, storing.completed, storing.speed) == (77, 77, 0)


def test_storing_may_choose_again_and_may_be_repeated(repo: Repository) -> None:
    task = claimed(repo)
    first = repo.storing(task, name="a", size=1, stored_path="/a")
    assert first is not None
    second = repo.storing(first, name="a", size=1, stored_path="/a (1)")
    assert second is not None
    assert repo.get(task.odr_id).stored_path == "/a (1)"
    assert repo.storing(task, name="a", size=1, stored_path="/a (1)") == second


# --- finish ---------------------------------------------------------------------------------------------


def test_done_ends_it(repo: Repository, clock: Clock, database_url: str) -> None:
    task = stored(repo)
    clock.advance(seconds=1)
    assert repo.finish(task, Done(77, GOT_WEB_PAGE))
    found = repo.get(task.odr_id)
    assert (found.status, found.size, found.completed, found.speed) == (S.OK, 77, 77, 0)
    assert (found.comment, found.reason) == (GOT_WEB_PAGE.comment, GOT_WEB_PAGE.reason)
    assert (found.finished_at, found.updated_at) == (clock.now, clock.now)
    assert active_key_of(database_url, task.odr_id) is None


def test_done_forgets_why_it_had_to_wait(repo: Repository, database_url: str) -> None:
    task = stored(repo)
    put_into(database_url, task.odr_id, comment="It was busy.", reason="server_busy", reason_args='{"status": 503}')
    assert repo.finish(task, Done(1))
    found = repo.get(task.odr_id)
    assert (found.comment, found.reason, found.reason_args) == ("", "", None)


def test_failed_says_why(repo: Repository, clock: Clock, database_url: str) -> None:
    task = claimed(repo)
    assert repo.finish(task, Failed(NOT_FOUND))
    found = repo.get(task.odr_id)
    assert (found.status, found.comment, found.reason) == (S.ERROR, str(NOT_FOUND), "not_found")
    assert (found.reason_args, found.finished_at, found.speed) == ({"status": 404}, clock.now, 0)
    assert active_key_of(database_url, task.odr_id) is None


@pytest.mark.parametrize(("error", "attempts"), [(ServerBusy(status=503), 1), (DiskFull(), 0)])
@pytest.mark.parametrize("make", [claimed, stored])
def test_retry_waits(
    repo: Repository,
    clock: Clock,
    database_url: str,
    make: Callable[[Repository], Task],
    error: ServerBusy | DiskFull,
    attempts: int,
) -> None:
    task = make(repo)
    assert repo.finish(task, Retry(30.5, error))
    found = repo.get(task.odr_id)
    assert (found.status, found.not_before) == (S.WAITING, clock.now + timedelta(seconds=30.5))
    assert (found.attempts, found.comment, found.reason) == (attempts, str(error), error.reason)
    assert (found.claimed_by, found.claim, found.finished_at, found.speed) == (NODE, 1, None, 0)
    assert active_key_of(database_url, task.odr_id) is not None
    assert repo.claim(NODE, 1, **ROOMY) == []
    clock.advance(seconds=31)
    assert [again.odr_id for again in repo.claim(NODE, 1, **ROOMY)] == [task.odr_id]


def test_gone_is_nothing_to_write(repo: Repository, database_url: str) -> None:
    task = claimed(repo)
    before = row_of(database_url, task.odr_id)
    assert not repo.finish(task, Gone())
    assert row_of(database_url, task.odr_id) == before


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_same_finish_may_be_repeated(repo: Repository, database_url: str, outcome: Outcome) -> None:
    task = stored(repo)
    assert repo.finish(task, outcome)
    before = row_of(database_url, task.odr_id)
    assert repo.finish(task, outcome)
    assert row_of(database_url, task.odr_id) == before


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("status", list(S))
def test_a_move_that_the_table_does_not_know_is_a_bug(
    repo: Repository, database_url: str, outcome: Outcome, status: OfflineDownloadStatus
) -> None:
    task = replace(claimed(repo), status=status)
    put_into(database_url, task.odr_id, status=status)
    target = {Done: S.OK, Retry: S.WAITING, Failed: S.ERROR}[type(outcome)]
    before = row_of(database_url, task.odr_id)
    if target in TRANSITIONS[status]:
        assert repo.finish(task, outcome)
        assert repo.get(task.odr_id).status is target
    else:
        with pytest.raises(ValueError, match=f"task {task.odr_id}"):
            repo.finish(task, outcome)
        assert row_of(database_url, task.odr_id) == before


# --- whoever has lost its task writes nothing -----------------------------------------------------------


def _late_writes(repo: Repository, task: Task) -> None:
    repo.report([Progress(task.odr_id, task.claim, 999, 999, 999)])
    for status in (S.DOWNLOADING, S.STORING):
        assert repo.storing(replace(task, status=status), name="late", size=9, stored_path="/late") is None
    for outcome in OUTCOMES:
        status = S.STORING if isinstance(outcome, Done) else S.DOWNLOADING
        assert not repo.finish(replace(task, status=status), outcome)


@pytest.mark.parametrize("number", [*(int(status) for status in S if status), 42])
def test_an_old_claim_changes_nothing(repo: Repository, database_url: str, number: int) -> None:
    task = claimed(repo)
    put_into(database_url, task.odr_id, status=number, claim=task.claim + 1)
    before = row_of(database_url, task.odr_id)
    _late_writes(repo, task)
    assert row_of(database_url, task.odr_id) == before


@pytest.mark.parametrize("action", [Action.PAUSE, Action.CANCEL])
def test_what_its_owner_has_taken_away_is_not_written(repo: Repository, database_url: str, action: Action) -> None:
    task = claimed(repo)
    repo.act(task.odr_id, action)
    before = row_of(database_url, task.odr_id)
    _late_writes(repo, task)
    assert row_of(database_url, task.odr_id) == before


def test_a_pause_and_resume_in_between_is_noticed(repo: Repository, clock: Clock) -> None:
    old = claimed(repo)
    repo.act(old.odr_id, Action.PAUSE)
    repo.act(old.odr_id, Action.RESUME)
    (fresh,) = repo.claim(NODE, 1, **ROOMY)
    assert fresh.claim == old.claim + 1
    repo.report([Progress(old.odr_id, old.claim, 5, 5, 5)])
    assert repo.storing(old, name="late", size=9, stored_path="/late") is None
    assert repo.get(old.odr_id) == fresh


# --- statuses, folders ----------------------------------------------------------------------------------


def test_statuses_tell_status_and_claim(repo: Repository, database_url: str) -> None:
    task = claimed(repo)
    waiting = repo.add(new()).odr_id
    odd = repo.add(new()).odr_id
    put_into(database_url, odd, status=42)
    assert repo.statuses([task.odr_id, waiting, odd, 999]) == {
        task.odr_id: (S.DOWNLOADING, 1),
        waiting: (S.WAITING, 0),
        odd: (S.UNKNOWN, 0),
    }
    assert repo.statuses([]) == {}


def test_folders_are_kept_for_tasks_that_may_go_on_here(repo: Repository, database_url: str) -> None:
    kept = set()
    for status in S:
        for node in (NODE, OTHER_NODE, None):
            odr_id = repo.add(new()).odr_id
            put_into(database_url, odr_id, status=status, claimed_by=node)
            if node == NODE and status in (S.WAITING, S.DOWNLOADING, S.STORING, S.PAUSED):
                kept.add(odr_id)
    everything = {row[0] for row in run_sql(database_url, "SELECT odr_id FROM OfflineDownloadRecord")}
    assert len(everything) == 24
    assert repo.kept_folders(NODE, everything | {998, 999}) == kept  # type: ignore[arg-type]
    assert repo.kept_folders(NODE, []) == set()


def test_the_folder_of_a_task_that_the_library_refuses_is_kept_for_a_day(repo: Repository, clock: Clock) -> None:
    refused, removed, failed = stored(repo), stored(repo), stored(repo)
    for task in (refused, removed):
        repo.finish(task, Failed(UploadForbidden(path="/")))
    repo.finish(failed, Failed(NOT_FOUND))
    repo.remove(removed.odr_id)
    everything = [task.odr_id for task in (refused, removed, failed)]
    assert repo.kept_folders(NODE, everything) == {refused.odr_id}
    assert repo.kept_folders(OTHER_NODE, everything) == set()
    clock.advance(days=1)
    assert repo.kept_folders(NODE, everything) == set()


def test_any_number_of_folders_is_one_question(repo: Repository) -> None:
    task = claimed(repo)
    assert repo.kept_folders(NODE, range(100_000)) == {task.odr_id}


# --- what its owner has forgotten ------------------------------------------------------------------------


def test_what_is_paused_for_too_long_is_given_up(repo: Repository, clock: Clock, database_url: str) -> None:
    old, other, touched = claimed(repo), claimed(repo), claimed(repo)
    for task in (old, other, touched):
        repo.act(task.odr_id, Action.PAUSE)
    for status in S:
        put_into(database_url, repo.add(new()).odr_id, status=status)
    clock.advance(days=30)
    repo.prioritise(touched.odr_id, 10)
    recent = claimed(repo)
    repo.act(recent.odr_id, Action.PAUSE)
    assert repo.expire(30 * 86400) == 0
    clock.advance(seconds=1)
    assert repo.expire(30 * 86400) == 3
    assert repo.expire(30 * 86400) == 0
    found = repo.get(old.odr_id)
    assert (found.status, found.finished_at, found.reason) == (S.CANCELLED, clock.now, PAUSED_TOO_LONG.reason)
    assert found.comment == PAUSED_TOO_LONG.comment
    assert active_key_of(database_url, old.odr_id) is None
    assert [repo.get(task.odr_id).status for task in (touched, recent)] == [S.PAUSED, S.PAUSED]
    assert repo.act(old.odr_id, Action.RETRY).comment == ""


# --- restore and take over ------------------------------------------------------------------------------


def test_restore_puts_downloads_back_and_gives_what_was_being_stored(
    repo: Repository, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "seafevents_offline")
    storing = stored(repo)
    downloading = claimed(repo)
    waiting = repo.add(new())
    repo.report([Progress(downloading.odr_id, downloading.claim, 5, 10, 5)])
    clock.advance(seconds=1)
    assert repo.restore(NODE) == [replace(storing, claim=storing.claim + 1, restores=1, updated_at=clock.now)]
    found = repo.get(downloading.odr_id)
    assert (found.status, found.restores, found.claimed_by, found.not_before) == (S.WAITING, 1, NODE, None)
    assert (found.completed, found.size, found.speed, found.attempts) == (5, 10, 0, 0)
    assert repo.get(waiting.odr_id) == waiting
    assert repo.get(storing.odr_id).status is S.STORING
    assert caplog.messages == [f"offline download: 1 interrupted tasks of node {NODE} wait again, or have failed"]
    repo.restore(NODE)
    assert len(caplog.messages) == 1, "nothing is no news"


def test_restore_leaves_other_nodes_alone(repo: Repository, database_url: str) -> None:
    downloading, storing = claimed(repo), stored(repo)
    before = [row_of(database_url, task.odr_id) for task in (downloading, storing)]
    assert repo.restore(OTHER_NODE) == []
    assert [row_of(database_url, task.odr_id) for task in (downloading, storing)] == before


def test_what_kept_being_stored_knows_that_the_old_worker_is_out(repo: Repository) -> None:
    old = stored(repo)
    (task,) = repo.restore(NODE)
    assert not repo.finish(old, Done(10))
    assert repo.storing(old, name="x", size=1, stored_path="/x") is None
    assert repo.finish(task, Done(10))


def test_a_dead_nodes_tasks_are_taken_over(repo: Repository, clock: Clock) -> None:
    mine = stored(repo)
    downloading = claimed(repo)
    add_many(repo, 2)
    theirs = repo.claim(OTHER_NODE, 2, **ROOMY)
    their_storing = repo.storing(theirs[0], name="x", size=3, stored_path="/x")
    assert their_storing is not None
    clock.advance(seconds=1)
    assert repo.take_over(NODE, OTHER_NODE) == [
        replace(their_storing, claim=their_storing.claim + 1, restores=1, claimed_by=NODE, updated_at=clock.now)
    ]
    assert repo.get(mine.odr_id) == mine
    assert repo.get(downloading.odr_id) == downloading
    found = repo.get(theirs[1].odr_id)
    assert (found.status, found.claimed_by, found.restores) == (S.WAITING, OTHER_NODE, 1)
    assert repo.take_over(NODE, OTHER_NODE) == []
    assert not repo.finish(their_storing, Done(3))
    assert [task.odr_id for task in repo.claim(NODE, 5, **ROOMY)] == [theirs[1].odr_id]


def test_the_eleventh_restore_is_an_error(repo: Repository, clock: Clock, database_url: str) -> None:
    odr_id = claimed(repo).odr_id
    for count in range(1, 11):
        repo.restore(NODE)
        assert (repo.get(odr_id).status, repo.get(odr_id).restores) == (S.WAITING, count)
        assert [task.odr_id for task in repo.claim(NODE, 1, **ROOMY)] == [odr_id]
    healthy = claimed(repo)
    clock.advance(seconds=1)
    repo.restore(NODE)
    found = repo.get(odr_id)
    assert (found.status, found.restores, found.finished_at) == (S.ERROR, 11, clock.now)
    assert (found.reason, found.comment) == (InterruptedTooOften.reason, InterruptedTooOften.sentence)
    assert active_key_of(database_url, odr_id) is None
    assert (repo.get(healthy.odr_id).status, repo.get(healthy.odr_id).comment) == (S.WAITING, "")
    assert active_key_of(database_url, healthy.odr_id) is not None


def test_a_storing_that_ends_the_service_again_and_again_is_given_up(repo: Repository) -> None:
    task = claimed(repo)
    stored = repo.storing(task, name="f", size=1, stored_path="/f")
    assert stored is not None
    for count in range(1, 11):
        (again,) = repo.restore(NODE)
        assert (again.status, again.restores, again.stored_path) == (S.STORING, count, "/f")
    assert repo.restore(NODE) == []
    found = repo.get(task.odr_id)
    assert (found.status, found.restores, found.reason) == (S.ERROR, 11, InterruptedTooOften.reason)
    assert not repo.finish(again, Done(1))


def test_restores_are_forgotten_when_the_payload_is_complete(repo: Repository) -> None:
    claimed(repo)
    repo.restore(NODE)
    (task,) = repo.claim(NODE, 1, **ROOMY)
    assert task.restores == 1
    stored = repo.storing(task, name="f", size=1, stored_path="/f")
    assert stored is not None
    assert stored.restores == repo.get(task.odr_id).restores == 0


def test_a_task_that_gets_on_is_restored_for_ever(repo: Repository) -> None:
    task = claimed(repo)
    for completed in range(1, 30):
        repo.report([Progress(task.odr_id, task.claim, completed, 100, 1)])
        repo.restore(NODE)
        (task,) = repo.claim(NODE, 1, **ROOMY)
    assert repo.get(task.odr_id).restores == 1
