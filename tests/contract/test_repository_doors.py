"""What people may do with tasks, on SQLite and MariaDB; A-numbers are acceptance cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from seafevents_offline.errors import AlreadyActive, FileNotFoundAtServer, NotPossible, PriorityInvalid, TaskNotFound
from seafevents_offline.repository import Repository
from seafevents_offline.status import ACTIVE, FINAL, Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed
from tests.support.databases import Clock, run_sql
from tests.support.records import ADA, BOB, NODE, REPO_ID, ROOMY, active_key_of, claimed, new, put_into, row_of, stored

S = OfflineDownloadStatus


def test_a_new_task_reads_back_as_it_was_given(repo: Repository, clock: Clock) -> None:
    task = repo.add(new("https://a.example/x", path="/folder", name="x.zip", priority=70, quota_subject="team"))
    assert repo.get(task.odr_id) == task
    assert (task.repo_id, task.path, task.url, task.owner) == (REPO_ID, "/folder", "https://a.example/x", ADA)
    assert (task.name, task.priority, task.quota_subject) == ("x.zip", 70, "team")
    assert (task.status, task.size, task.completed, task.speed, task.claim) == (S.WAITING, 0, 0, 0, 0)
    assert (task.comment, task.reason, task.reason_args, task.stored_path, task.options) == ("", "", None, "", None)
    assert (task.timestamp, task.updated_at) == (clock.now, clock.now)
    assert (task.started_at, task.finished_at, task.hidden_at, task.not_before) == (None, None, None, None)


def test_ids_are_never_used_again(repo: Repository, database_url: str) -> None:
    last = [repo.add(new()).odr_id for _ in range(3)][-1]
    run_sql(database_url, "DELETE FROM OfflineDownloadRecord WHERE odr_id = ?", last)
    assert repo.add(new()).odr_id > last


@pytest.mark.parametrize("text", ["😀🚀", "Ünïcödé ﷽ \U0001f9ff", "q'uo\"te\\back%s:x?--;", "日本語\t\n"])
def test_any_character_survives(repo: Repository, text: str) -> None:
    task = repo.add(new(f"https://a.example/{text}", path=f"/{text}", owner=f"{text}@x", name=text, quota_subject=text))
    (running,) = repo.claim(NODE, 1, **ROOMY)
    storing = repo.storing(running, name=text, size=1, stored_path=f"/{text}/{text}")
    assert storing is not None
    failure = FileNotFoundAtServer(status=text)
    assert repo.finish(storing, Failed(failure))
    found = repo.get(task.odr_id, f"{text}@x")
    assert (found.url, found.path, found.owner) == (task.url, task.path, task.owner)
    assert (found.name, found.quota_subject, found.stored_path) == (text, text, f"/{text}/{text}")
    assert (found.comment, found.reason_args) == (str(failure), failure.reason_args)


def test_what_is_no_character_is_spelt_out_in_a_sentence(repo: Repository) -> None:
    task = claimed(repo)
    assert repo.finish(task, Failed(FileNotFoundAtServer(status="\udcff")))
    found = repo.get(task.odr_id)
    assert "(\\udcff not found)" in found.comment
    assert found.reason_args == {"status": "\\udcff"}


def test_a_long_comment_is_cut(repo: Repository) -> None:
    task = claimed(repo)
    assert repo.finish(task, Failed(FileNotFoundAtServer(status="😀" * 2000)))
    assert len(repo.get(task.odr_id).comment) == 1000


@pytest.mark.parametrize("priority", [-1, 101])
def test_a_priority_has_limits(repo: Repository, priority: int) -> None:
    with pytest.raises(PriorityInvalid):
        repo.add(new(priority=priority))
    odr_id = repo.add(new()).odr_id
    with pytest.raises(PriorityInvalid):
        repo.prioritise(odr_id, priority)


# --- the same link twice (A35) --------------------------------------------------------------------------


def test_a35_an_active_link_is_taken_once(repo: Repository, database_url: str) -> None:
    first = repo.add(new("https://a.example/x"))
    with pytest.raises(AlreadyActive) as refusal:
        repo.add(new("https://a.example/x"))
    assert refusal.value.odr_id == first.odr_id
    assert run_sql(database_url, "SELECT COUNT(*) FROM OfflineDownloadRecord") == [(1,)]


def test_a35_another_folder_owner_or_spelling_is_another_task(repo: Repository) -> None:
    odr_ids = {
        repo.add(new("https://a.example/x")).odr_id,
        repo.add(new("https://a.example/x", path="/b")).odr_id,
        repo.add(new("https://a.example/x", owner=BOB)).odr_id,
        repo.add(new("https://a.example/X")).odr_id,
        repo.add(new("https://a.example/x", path="/B")).odr_id,
    }
    assert len(odr_ids) == 5


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_a35_every_active_state_refuses_a_second_one(
    repo: Repository, database_url: str, status: OfflineDownloadStatus
) -> None:
    task = repo.add(new("https://a.example/x"))
    put_into(database_url, task.odr_id, status=status)
    with pytest.raises(AlreadyActive):
        repo.add(new("https://a.example/x"))


def test_a35_a_final_one_may_be_added_again(repo: Repository) -> None:
    link = "https://a.example/x"
    done = stored(repo, url=link)
    assert repo.finish(done, Done(10))
    failed = claimed(repo, url=link)
    assert repo.finish(failed, Failed(FileNotFoundAtServer(status=404)))
    cancelled = repo.add(new(link))
    repo.act(cancelled.odr_id, Action.CANCEL)
    removed = repo.add(new(link))
    repo.remove(removed.odr_id)
    assert repo.add(new(link)).status is S.WAITING


# --- whose task (A26) -----------------------------------------------------------------------------------


def test_a26_other_peoples_tasks_are_not_found(repo: Repository, database_url: str) -> None:
    odr_id = repo.add(new(owner=ADA)).odr_id
    before = row_of(database_url, odr_id)
    with pytest.raises(TaskNotFound):
        repo.get(odr_id, BOB)
    for action in Action:
        with pytest.raises(TaskNotFound):
            repo.act(odr_id, action, BOB)
    with pytest.raises(TaskNotFound):
        repo.prioritise(odr_id, 1, BOB)
    with pytest.raises(TaskNotFound):
        repo.remove(odr_id, BOB)
    assert repo.clean_up(BOB, FINAL) == 0
    assert row_of(database_url, odr_id) == before


@pytest.mark.parametrize("owner", ["ADA@example.com", "ada@example.com%", "ada@example.co_", "", "ada@example.comé"])
def test_a26_an_owner_is_compared_exactly(repo: Repository, owner: str) -> None:
    odr_id = repo.add(new(owner=ADA)).odr_id
    with pytest.raises(TaskNotFound):
        repo.get(odr_id, owner)


def test_a_task_that_does_not_exist_is_not_found(repo: Repository) -> None:
    calls: list[Callable[[], object]] = [
        lambda: repo.get(99),
        lambda: repo.act(99, Action.CANCEL),
        lambda: repo.prioritise(99, 1),
        lambda: repo.remove(99),
    ]
    for call in calls:
        with pytest.raises(TaskNotFound):
            call()


def test_a_removed_task_is_there_for_nobody_but_administrators(repo: Repository, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    repo.remove(odr_id, ADA)
    calls: list[Callable[[], object]] = [
        lambda: repo.get(odr_id, ADA),
        lambda: repo.act(odr_id, Action.RETRY, ADA),
        lambda: repo.prioritise(odr_id, 1, ADA),
        lambda: repo.remove(odr_id, ADA),
    ]
    for call in calls:
        with pytest.raises(TaskNotFound):
            call()
    assert repo.get(odr_id).hidden_at == clock.now


# --- actions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("number", [*(int(status) for status in S if status), 42])
def test_an_action_does_what_the_table_says_and_nothing_else(
    repo: Repository, database_url: str, action: Action, number: int
) -> None:
    odr_id = repo.add(new()).odr_id
    final = number in {int(status) for status in FINAL}
    put_into(database_url, odr_id, status=number, **({"active_key": None} if final else {}))
    before = row_of(database_url, odr_id)
    status = S.of(number)
    if status in action.sources:
        assert repo.act(odr_id, action, ADA).status is action.target
        assert repo.get(odr_id).status is action.target
        assert (active_key_of(database_url, odr_id) is None) == (action.target in FINAL)
    else:
        with pytest.raises(NotPossible) as refusal:
            repo.act(odr_id, action, ADA)
        assert refusal.value.reason_args == {"odr_id": odr_id, "state": status.state, "action": action.value}
        assert row_of(database_url, odr_id) == before


def test_pause_and_resume_keep_what_was_there(repo: Repository, clock: Clock, database_url: str) -> None:
    task = claimed(repo)
    put_into(database_url, task.odr_id, completed=500, size=1000, speed=10, attempts=2)
    paused = repo.act(task.odr_id, Action.PAUSE)
    assert (paused.status, paused.completed, paused.size, paused.speed) == (S.PAUSED, 500, 1000, 0)
    assert (paused.attempts, paused.claim, paused.claimed_by) == (2, 1, NODE)
    clock.advance(seconds=30)
    resumed = repo.act(task.odr_id, Action.RESUME)
    assert (resumed.status, resumed.not_before, resumed.completed) == (S.WAITING, clock.now, 500)
    assert (resumed.attempts, resumed.claimed_by, resumed.updated_at) == (2, NODE, clock.now)


def test_cancel_ends_it(repo: Repository, clock: Clock) -> None:
    task = claimed(repo)
    cancelled = repo.act(task.odr_id, Action.CANCEL, ADA)
    assert (cancelled.status, cancelled.finished_at, cancelled.speed) == (S.CANCELLED, clock.now, 0)


def test_retry_begins_anew_but_keeps_the_bytes(repo: Repository, database_url: str, clock: Clock) -> None:
    task = claimed(repo)
    put_into(database_url, task.odr_id, completed=500, size=1000, attempts=3, restores=4)
    assert repo.finish(task, Failed(FileNotFoundAtServer(status=404)))
    again = repo.act(task.odr_id, Action.RETRY, ADA)
    assert (again.status, again.attempts, again.restores) == (S.WAITING, 0, 0)
    assert (again.comment, again.reason, again.reason_args) == ("", "", None)
    assert (again.finished_at, again.not_before) == (None, clock.now), "it takes its turn"
    assert (again.completed, again.size, again.claimed_by) == (500, 1000, NODE)
    with pytest.raises(AlreadyActive):
        repo.add(new(task.url))


def test_a_retry_of_what_was_cancelled_shows_no_progress_that_is_gone(repo: Repository, database_url: str) -> None:
    task = claimed(repo)
    put_into(database_url, task.odr_id, completed=500, size=1000)
    assert repo.act(task.odr_id, Action.CANCEL, ADA).completed == 500
    assert repo.act(task.odr_id, Action.RETRY, ADA).completed == repo.get(task.odr_id).completed == 0


def test_retry_is_refused_when_the_link_was_added_again(repo: Repository, database_url: str) -> None:
    task = claimed(repo)
    assert repo.finish(task, Failed(FileNotFoundAtServer(status=404)))
    second = repo.add(new(task.url))
    before = row_of(database_url, task.odr_id)
    with pytest.raises(AlreadyActive) as refusal:
        repo.act(task.odr_id, Action.RETRY, ADA)
    assert refusal.value.odr_id == second.odr_id
    assert row_of(database_url, task.odr_id) == before


def test_a_priority_changes_while_the_task_is_active(repo: Repository, database_url: str) -> None:
    odr_id = repo.add(new()).odr_id
    for number in [*(int(status) for status in S if status), 42]:
        put_into(database_url, odr_id, status=number, priority=50)
        if S.of(number) in ACTIVE:
            assert repo.prioritise(odr_id, 90, ADA).priority == 90
        else:
            with pytest.raises(NotPossible):
                repo.prioritise(odr_id, 90, ADA)
            assert repo.get(odr_id).priority == 50


# --- removing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*(int(status) for status in S if status), 42])
def test_remove_cancels_what_may_be_cancelled_and_hides(
    repo: Repository, database_url: str, clock: Clock, number: int
) -> None:
    odr_id = repo.add(new()).odr_id
    put_into(database_url, odr_id, status=number)
    removed = repo.remove(odr_id, ADA)
    assert removed.hidden_at == clock.now
    if S.of(number) in Action.CANCEL.sources:
        assert (removed.status, removed.finished_at) == (S.CANCELLED, clock.now)
        assert active_key_of(database_url, odr_id) is None
    else:
        ((status,),) = run_sql(database_url, "SELECT status FROM OfflineDownloadRecord")
        assert status == number
        assert active_key_of(database_url, odr_id) is not None


def test_remove_twice_keeps_the_first_time(repo: Repository, clock: Clock) -> None:
    odr_id = repo.add(new()).odr_id
    first = repo.remove(odr_id).hidden_at
    clock.advance(hours=1)
    assert repo.remove(odr_id).hidden_at == first


def test_a_removed_task_that_is_being_stored_is_stored(repo: Repository) -> None:
    task = stored(repo)
    repo.remove(task.odr_id, ADA)
    assert repo.finish(task, Done(10))
    assert repo.get(task.odr_id).status is S.OK


def test_clean_up_hides_only_the_named_finished_ones(repo: Repository, database_url: str, clock: Clock) -> None:
    odr_ids = {}
    for status in S:
        odr_ids[status] = repo.add(new()).odr_id
        put_into(database_url, odr_ids[status], status=status)
    bobs = repo.add(new(owner=BOB)).odr_id
    put_into(database_url, bobs, status=S.OK)
    assert repo.clean_up(ADA, frozenset()) == 0
    assert repo.clean_up(ADA, frozenset({S.WAITING, S.DOWNLOADING, S.STORING, S.PAUSED, S.UNKNOWN})) == 0
    assert repo.clean_up(ADA, frozenset({S.OK, S.WAITING})) == 1
    assert repo.get(odr_ids[S.OK]).hidden_at == clock.now
    assert repo.clean_up(ADA, FINAL) == 2
    assert repo.clean_up(ADA, FINAL) == 0
    assert repo.get(bobs).hidden_at is None
    assert repo.get(odr_ids[S.WAITING]).hidden_at is None


def test_what_an_action_answers_is_what_is_in_the_table(repo: Repository) -> None:
    odr_id = repo.add(new()).odr_id
    for action in (Action.PAUSE, Action.RESUME, Action.CANCEL, Action.RETRY):
        assert repo.act(odr_id, action) == repo.get(odr_id)
    assert repo.prioritise(odr_id, 3) == repo.get(odr_id)
    assert repo.remove(odr_id) == repo.get(odr_id)
    assert replace(repo.get(odr_id), hidden_at=None).status is S.CANCELLED
