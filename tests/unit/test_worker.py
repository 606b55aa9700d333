"""From an outcome to the record and the folder, and what happens when something unexpected does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from seafevents_offline import repository
from seafevents_offline.engines.base import Snapshot, TransferState
from seafevents_offline.errors import (
    DatabaseUnavailable,
    DiskFull,
    DiskReserved,
    FileNotFoundAtServer,
    QuotaExceeded,
    TempDiskFull,
)
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Gone, NewTask, Outcome, Retry, Task
from seafevents_offline.tasks.run import TaskRun
from seafevents_offline.tasks.worker import Worker
from seafevents_offline.tempdir import TempDir
from seafevents_offline.threads import survive

S = OfflineDownloadStatus


@dataclass
class FakePipeline:
    """Does what it is told instead of a download."""

    do: Callable[[Task, TaskRun], Outcome]

    def run(self, task: Task, context: TaskRun) -> Outcome:
        return self.do(task, context)


@dataclass
class Scene:
    repository: Repository
    tempdir: TempDir
    seen: list[str] = field(default_factory=list)

    def work(self, do: Callable[[Task, TaskRun], Outcome]) -> TaskRun:
        """One claimed task with a folder through a worker."""
        self.repository.add(NewTask(repo_id="r", path="/", url="http://h.example/", owner="ada"))
        (task,) = self.repository.claim(self.tempdir.node_id, 1, per_user=1, per_host=1)
        self.tempdir.make(task.odr_id)
        run = TaskRun(task, self.repository)
        Worker(FakePipeline(do), self.repository, self.tempdir).work(run)  # type: ignore[arg-type]
        return run

    @property
    def task(self) -> Task:
        return self.repository.get(1)

    @property
    def folder_exists(self) -> bool:
        return self.tempdir.folder(1).exists()


@pytest.fixture
def scene(tmp_path: Path, sqlite_url: str) -> Iterator[Scene]:
    owner = repository.open(Settings(database=sqlite_url))
    owner.upgrade()
    tempdir = TempDir(tmp_path / "temp")
    tempdir.open()
    yield Scene(owner, tempdir)
    owner.close()


def store(task: Task, run: TaskRun) -> Outcome:
    assert run.storing(task, name="f", size=3, stored_path="/f") is not None
    return Done(3)


def test_done(scene: Scene) -> None:
    scene.work(store)
    assert (scene.task.status, scene.task.stored_path, scene.folder_exists) == (S.OK, "/f", False)


def test_failed(scene: Scene) -> None:
    scene.work(lambda task, run: Failed(FileNotFoundAtServer(status=404)))
    assert (scene.task.status, scene.task.reason, scene.folder_exists) == (S.ERROR, "not_found", False)


def test_what_the_library_refuses_is_kept_for_a_retry_and_known_to_be_complete(scene: Scene) -> None:
    def refuse(_task: Task, run: TaskRun) -> Outcome:
        run.report(Snapshot(TransferState.COMPLETE, completed=9, size=9))
        return Failed(QuotaExceeded())

    scene.work(refuse)
    assert (scene.task.status, scene.task.reason, scene.folder_exists) == (S.ERROR, "quota_exceeded", True)
    assert (scene.task.size, scene.task.completed) == (9, 9)


def test_a_retry_keeps_the_folder(scene: Scene) -> None:
    scene.work(lambda task, run: Retry(30, DiskFull()))
    assert (scene.task.status, scene.task.attempts, scene.folder_exists) == (S.WAITING, 0, True)


@pytest.mark.parametrize("error", [TempDiskFull(), DiskReserved()])
def test_what_waits_for_room_gives_up_its_part(scene: Scene, error: DiskFull | DiskReserved) -> None:
    def put_back(_task: Task, run: TaskRun) -> Outcome:
        run.report(Snapshot(completed=7, size=9))
        return Retry(30, error)

    scene.work(put_back)
    assert (scene.task.status, scene.task.attempts, scene.folder_exists) == (S.WAITING, 0, False)
    assert (scene.task.size, scene.task.completed) == (9, 7), "so much room it will need again"


def test_the_folder_is_gone_before_the_final_state_can_be_seen(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    existed: list[bool] = []
    finish = scene.repository.finish

    def look_first(task: Task, outcome: Outcome) -> bool:
        existed.append(scene.folder_exists)
        return finish(task, outcome)

    monkeypatch.setattr(scene.repository, "finish", look_first)
    scene.work(store)
    assert existed == [False]


@pytest.mark.parametrize(("given_up", "kept"), [(True, False), (False, True)])
def test_a_task_that_is_not_ours_any_more(scene: Scene, given_up: bool, kept: bool) -> None:
    def leave(_task: Task, run: TaskRun) -> Outcome:
        run.leave(given_up=given_up)
        return Gone()

    scene.work(leave)
    assert (scene.task.status, scene.folder_exists) == (S.DOWNLOADING, kept)


def test_a44_an_unexpected_exception_ends_its_task_with_a_reason(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_task: Task, _run: TaskRun) -> Outcome:
        raise ZeroDivisionError("a bug")

    scene.work(fail)
    assert (scene.task.status, scene.task.reason, scene.folder_exists) == (S.ERROR, "internal_error", False)
    assert "administrator" in scene.task.comment
    assert "ZeroDivisionError: a bug" in caplog.text, "the log has the traceback, the user does not"
    assert "ZeroDivisionError" not in scene.task.comment


def test_an_outcome_waits_for_the_database(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    finish, tries = scene.repository.finish, iter(range(3))

    def sometimes(task: Task, outcome: Outcome) -> bool:
        if next(tries, None) is not None:
            raise DatabaseUnavailable(detail="it is away")
        return finish(task, outcome)

    monkeypatch.setattr(scene.repository, "finish", sometimes)
    monkeypatch.setattr(TaskRun, "wait", lambda run, timeout: None)
    scene.work(store)
    assert scene.task.status is S.OK


def test_a_stop_ends_the_waiting_for_the_database(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> bool:
        raise DatabaseUnavailable(detail="it is away")

    monkeypatch.setattr(scene.repository, "finish", away)
    monkeypatch.setattr(TaskRun, "wait", lambda run, timeout: run.leave())
    scene.work(store)
    assert scene.task.status is S.STORING, "the next start looks whether the file arrived"


def test_a_cancel_between_outcome_and_write_wins(scene: Scene) -> None:
    def cancelled_meanwhile(task: Task, _run: TaskRun) -> Outcome:
        scene.repository.act(task.odr_id, Action.CANCEL)
        return Failed(FileNotFoundAtServer(status=404))

    scene.work(cancelled_meanwhile)
    assert (scene.task.status, scene.task.comment) == (S.CANCELLED, "")


def test_a_run_knows_its_task_as_it_was_recorded(scene: Scene) -> None:
    run = scene.work(store)
    assert run.task.status is S.STORING
    assert replace(run.task, status=S.OK) != run.task


def test_survive_tells_whether_it_went_well() -> None:
    assert survive("this", lambda: None)
    assert not survive("that", lambda: 1 / 0)


def test_survive_does_not_hold_up_the_end() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survive("this", interrupt)
