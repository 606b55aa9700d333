"""What is due when, driven by hand: a real repository on SQLite, a pool whose threads never start."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from seafevents_offline import repository
from seafevents_offline.disk import Disk
from seafevents_offline.engines.base import Snapshot
from seafevents_offline.errors import DatabaseUnavailable, ServerBusy
from seafevents_offline.repository import NodeBeat, TaskQuery
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Failed, NewTask, Retry
from seafevents_offline.tasks.lookout import Lookout
from seafevents_offline.tasks.nodes import NodeWatch
from seafevents_offline.tasks.pool import WorkerPool
from seafevents_offline.tasks.run import TaskRun
from seafevents_offline.tasks.scheduler import CLAIM_PAUSE, Scheduler
from seafevents_offline.tempdir import TempDir
from tests.support.databases import run_sql
from tests.support.disks import FakeDisk
from tests.support.records import put_into

S = OfflineDownloadStatus


class Node:
    """One daemon without threads; ``now`` is its monotonic clock."""

    def __init__(self, folder: Path, url: str, **settings: Any) -> None:
        self.now = 1000.0
        self.settings = Settings(database=url, workers_per_user=64, workers_per_host=64, **settings)
        self.repository = repository.open(self.settings)
        self.tempdir = TempDir(folder)
        self.tempdir.open()
        self.disk = FakeDisk()
        self.pool = WorkerPool(self.settings.workers, lambda run: None, lambda: None)
        self.scheduler = Scheduler(
            settings=self.settings,
            repository=self.repository,
            tempdir=self.tempdir,
            disk=Disk(folder, self.settings.disk_high, self.settings.disk_low, self.disk),
            pool=self.pool,
            watch=NodeWatch(60, 90),
            describe=lambda scan_age: NodeBeat(self.tempdir.node_id, "node", "1", {"scan_age": scan_age}),
        )
        self.cut: list[tuple[int, int]] = []
        self.lookout = Lookout(self.repository, self.pool, lambda *claim: self.cut.append(claim))

    def tick(self, after: float = 0.0, *, woken: bool = False) -> float:
        """A turn of both threads; returns when the timer's next one is due."""
        self.now += after
        self.lookout.tick(self.now, woken=woken)
        return self.scheduler.tick(self.now, woken=woken)

    def add(self, name: str = "a", owner: str = "ada") -> int:
        new = NewTask(repo_id="r", path="/", url=f"http://{name}.example/{name}", owner=owner)
        return self.repository.add(new).odr_id

    def run(self, odr_id: int) -> TaskRun:
        return next(run for run in self.pool.runs() if run.task.odr_id == odr_id)

    def conclude(self, odr_id: int) -> None:
        """What the pool does when its worker returns."""
        self.pool._runs.pop(odr_id)

    def status(self, odr_id: int) -> OfflineDownloadStatus:
        return self.repository.get(odr_id).status


MakeNode = Callable[..., Node]


@pytest.fixture
def make_node(tmp_path: Path, sqlite_url: str) -> Iterator[MakeNode]:
    nodes: list[Node] = []

    def make(name: str = "one", **settings: Any) -> Node:
        nodes.append(Node(tmp_path / name, sqlite_url, **settings))
        return nodes[-1]

    yield make
    for node in nodes:
        node.repository.close()


@pytest.fixture
def node(make_node: MakeNode) -> Node:
    return make_node()


@pytest.fixture
def statements(node: Node) -> list[str]:
    """Every SQL statement from now on."""
    seen: list[str] = []
    engine = node.repository._database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    return seen


def test_the_first_turn_makes_the_tables_and_beats(node: Node) -> None:
    assert node.tick() == pytest.approx(5)
    assert [beat.node_id for beat in node.repository.nodes()] == [node.tempdir.node_id]


def test_an_idle_tick_is_two_statements(node: Node, statements: list[str]) -> None:
    node.tick()
    statements.clear()
    assert node.tick(5) == pytest.approx(5)
    assert len(statements) == 2, statements


def test_the_beat_says_how_long_ago_a_scan_succeeded(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> object:
        (found,) = node.repository.nodes()
        return found.health["scan_age"]

    node.tick()
    assert told() == 0
    node.tick(5)
    assert told() == 5

    def fail(_node_id: str) -> None:
        raise RuntimeError("no scan")

    # The beat comes before the scan, so that a node that lives and does not scan is told from a dead one.
    monkeypatch.setattr(node.repository, "survey", fail)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="no scan"):
            node.tick(5)
    assert told() == 15


def test_ticks_that_were_missed_are_skipped(node: Node, statements: list[str]) -> None:
    node.tick()
    statements.clear()
    node.tick(3600)
    assert len(statements) <= 4, "once an hour paused tasks are looked for, by two"
    assert node.tick() == pytest.approx(5)


def test_a_scan_claims_what_fits(make_node: MakeNode) -> None:
    node = make_node(workers=2)
    node.tick()
    ids = [node.add(name) for name in "abc"]
    assert node.tick(5) == pytest.approx(1)
    assert [node.status(odr_id) for odr_id in ids] == [S.DOWNLOADING, S.DOWNLOADING, S.WAITING]
    assert node.pool.free == 0
    node.tick(5)
    assert node.status(ids[2]) is S.WAITING
    node.repository.finish(node.run(ids[0]).task, Retry(600, ServerBusy(status=500)))
    node.conclude(ids[0])
    node.tick(0.1, woken=True)
    assert node.status(ids[2]) is S.DOWNLOADING


def test_a_wake_claims_without_waiting_for_the_scan(node: Node) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(0.01)
    assert node.status(odr_id) is S.WAITING
    node.tick(0.01, woken=True)
    assert node.status(odr_id) is S.DOWNLOADING


def test_few_free_workers_of_many_are_served_together(make_node: MakeNode) -> None:
    node = make_node(workers=8)
    node.tick()
    ids = [node.add(f"a{number}") for number in range(12)]
    node.tick(5)
    assert len(node.pool.runs()) == 8
    node.conclude(ids[0])
    delay = node.tick(0.02, woken=True)
    assert (node.status(ids[8]), delay) == (S.WAITING, pytest.approx(CLAIM_PAUSE - 0.02))
    # Nobody needs to wake for it again.
    node.tick(delay)
    assert node.status(ids[8]) is S.DOWNLOADING
    # Many free ones wait for nothing, nor do few when the last claim was long ago.
    node.conclude(ids[1])
    node.conclude(ids[2])
    node.tick(0.01, woken=True)
    assert len(node.pool.runs()) == 8
    node.conclude(ids[3])
    node.tick(CLAIM_PAUSE, woken=True)
    assert len(node.pool.runs()) == 8


def test_what_runs_is_not_claimed_again(node: Node) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    node.repository.act(odr_id, Action.PAUSE)
    node.repository.act(odr_id, Action.RESUME)
    node.tick(5, woken=True)
    assert node.run(odr_id).gone
    assert node.status(odr_id) is S.WAITING
    node.conclude(odr_id)
    node.tick(0.2, woken=True)
    assert node.status(odr_id) is S.DOWNLOADING
    assert node.run(odr_id).task.claim == 2


@pytest.mark.parametrize(
    ("what", "given_up"), [("pause", False), ("cancel", True), ("remove", True), ("delete", True), ("claim", False)]
)
def test_a_task_that_is_not_ours_any_more_is_left_within_half_a_second(
    node: Node, sqlite_url: str, what: str, given_up: bool
) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    run = node.run(odr_id)
    if what == "remove":
        node.repository.remove(odr_id)
    elif what == "delete":
        run_sql(sqlite_url, "DELETE FROM OfflineDownloadRecord")
    elif what == "claim":
        run_sql(sqlite_url, "UPDATE OfflineDownloadRecord SET claim = claim + 1")
    else:
        node.repository.act(odr_id, Action(what))  # type: ignore[call-arg]
    node.tick(0.5)
    assert (run.gone, run.given_up) == (True, given_up)
    assert node.cut == [(odr_id, 1)], "not a byte comes any more, whatever its worker waits for"
    node.tick(0.5)
    assert node.cut == [(odr_id, 1)]


def test_a_worker_that_is_about_to_store_is_not_disturbed(node: Node) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    run = node.run(odr_id)
    # The table says STORING already, the run does not know yet.
    assert node.repository.storing(run.task, name="a", size=1, stored_path="/a") is not None
    node.tick(1)
    assert not run.gone


def test_running_tasks_cost_three_statements_a_second(node: Node, statements: list[str]) -> None:
    node.tick()
    ids = [node.add(name) for name in "abc"]
    node.tick(5)
    written = []
    for second in range(1, 5):
        for odr_id in ids:
            node.run(odr_id).report(Snapshot(completed=second * 100, size=1000, speed=100))
        statements.clear()
        for _ in range(2):
            node.tick(0.5)
        assert len(statements) <= 3 + (second == 4), "at the fifth second the scan adds its survey"
        written.append(sum("UPDATE" in statement for statement in statements))
    assert max(written) <= 1, "progress and beat share one write a second"
    assert all(node.repository.get(odr_id).completed >= 300 for odr_id in ids)


def test_progress_that_did_not_change_is_not_written(node: Node, statements: list[str]) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    node.run(odr_id).report(Snapshot(completed=100, size=1000, speed=10))
    node.tick(1)
    statements.clear()
    node.tick(1)
    assert len(statements) == 1
    assert node.repository.get(odr_id).completed == 100


def test_what_is_continued_does_not_seem_to_begin_anew(node: Node, sqlite_url: str) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    run_sql(
        sqlite_url,
        "UPDATE OfflineDownloadRecord SET completed = 100, size = 1000, restores = 3 WHERE odr_id = ?",
        odr_id,
    )
    for snapshot in (Snapshot(), Snapshot(suspended=True), Snapshot(completed=100, size=1000)):
        node.run(odr_id).report(snapshot)
        node.tick(1)
        task = node.repository.get(odr_id)
        assert (task.completed, task.size, task.restores) == (100, 1000, 3), (
            "nothing has come that was not there before"
        )


def test_what_begins_anew_has_to_get_further_than_before(node: Node, sqlite_url: str) -> None:
    node.tick()
    odr_id = node.add()
    run_sql(sqlite_url, "UPDATE OfflineDownloadRecord SET completed = 1000, size = 5000 WHERE odr_id = ?", odr_id)
    node.tick(5)
    run_sql(sqlite_url, "UPDATE OfflineDownloadRecord SET restores = 3 WHERE odr_id = ?", odr_id)
    for completed, restores in ((0, 3), (500, 3), (1100, 3), (1300, 0)):
        node.run(odr_id).report(Snapshot(completed=completed, size=5000))
        node.tick(1)
        task = node.repository.get(odr_id)
        assert (task.completed, task.restores) == (completed, restores)


def test_a16_a_database_that_is_away_stops_nothing(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable(detail="it is away")

    caplog.set_level(logging.WARNING)
    with monkeypatch.context() as patch:
        patch.setattr(node.repository, "upgrade", away)
        for _ in range(5):
            assert 0 < node.tick(1) <= 5
    node.tick(1)
    with monkeypatch.context() as patch:
        patch.setattr(node.repository, "survey", away)
        patch.setattr(node.repository, "beat", away)
        for _ in range(3):
            assert 0 < node.tick(5) <= 5
    odr_id = node.add()
    node.tick(5)
    assert node.status(odr_id) is S.DOWNLOADING
    assert len([record for record in caplog.records if "it is away" in record.message]) <= 2, "one warning a minute"


@pytest.mark.parametrize("lost", ["claim", "storing"])
def test_an_answer_that_was_lost_strands_no_task(node: Node, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    node.tick()
    odr_id, other = node.add("a"), node.add("b")
    if lost == "claim":
        claim = node.repository.claim

        def claim_and_lose_the_answer(*args: Any, **options: Any) -> None:
            claim(*args, **options)
            raise DatabaseUnavailable(detail="the connection broke")

        with monkeypatch.context() as patch:
            patch.setattr(node.repository, "claim", claim_and_lose_the_answer)
            node.tick(5)
        assert node.status(odr_id) is S.DOWNLOADING
        assert node.pool.runs() == []
    else:
        node.tick(5)
        run = node.run(odr_id)
        # Recorded, but the run does not know: its outcome must count all the same.
        assert node.repository.storing(run.task, name="a", size=1, stored_path="/a") is not None
        assert node.repository.finish(run.task, Retry(0, ServerBusy(status=500)))
        node.conclude(odr_id)
    node.tick(5)
    assert {run.task.odr_id for run in node.pool.runs()} == {odr_id, other}
    assert node.status(odr_id) is S.DOWNLOADING


@pytest.mark.parametrize("status", [S.DOWNLOADING, S.STORING])
def test_a_claim_that_arrives_when_nobody_waits_for_it_any_more_strands_no_task(
    node: Node, status: OfflineDownloadStatus, caplog: pytest.LogCaptureFixture
) -> None:
    """The network was away: its COMMIT is delivered minutes after the daemon has gone on with another connection."""
    node.tick()
    odr_id, running = node.add("a"), node.add("b")
    node.tick(5)
    node.conclude(odr_id)
    put_into(node.settings.database, odr_id, status=status, stored_path="/a", claim=2)
    node.tick(5)
    assert {run.task.odr_id for run in node.pool.runs()} == {odr_id, running}
    assert node.run(odr_id).task.claim == 3
    assert (node.run(running).task.claim, node.run(running).gone) == (1, False)
    assert f"are taken up: [{odr_id}]" in caplog.text


def test_a_fault_of_the_database_leaves_what_runs_alone(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable(detail="x")

    node.tick()
    odr_id = node.add()
    node.tick(5)
    with monkeypatch.context() as patch:
        patch.setattr(node.repository, "statuses", away)
        node.tick(5)
    node.tick(5)
    assert not node.run(odr_id).gone
    assert (node.repository.get(odr_id).claim, node.repository.get(odr_id).restores) == (1, 0)


def test_a_long_interval_does_not_look_like_death(make_node: MakeNode) -> None:
    node = make_node(interval=3600.0)
    node.tick()
    (first,) = node.repository.nodes()
    assert node.tick(0.1) <= 15
    node.tick(15)
    (later,) = node.repository.nodes()
    assert later.beat_at > first.beat_at


def test_after_a_fault_it_is_surveyed_before_it_is_claimed(
    make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable(detail="x")

    owner, other = make_node("owner", workers=1), make_node("other")
    owner.tick()
    odr_id = owner.add()
    owner.tick(5)
    owner.repository.finish(owner.run(odr_id).task, Retry(0, ServerBusy(status=500)))
    other.tick()
    with monkeypatch.context() as patch:
        patch.setattr(other.repository, "claim", away)
        other.tick(1, woken=True)
    other.tick(1, woken=True)
    assert other.pool.runs() == [], "the node that had it lives and keeps its part"


def test_restore_comes_before_the_first_claim(make_node: MakeNode) -> None:
    before = make_node(workers=1)
    before.tick()
    interrupted, storing = before.add("a"), before.add("b")
    before.tick(5)
    before.conclude(interrupted)
    before.repository.act(storing, Action.PAUSE)
    before.repository.act(storing, Action.RESUME)
    # Before the next scan, which would take up again what nobody works on.
    before.tick(1, woken=True)
    assert before.repository.storing(before.run(storing).task, name="b", size=1, stored_path="/b") is not None
    other = before.add("c")
    after = make_node(workers=2)
    after.tick()
    assert [run.task.odr_id for run in after.pool.runs()] == [storing, interrupted]
    assert after.run(storing).task.status is S.STORING
    assert after.run(storing).task.claim == 2
    assert after.status(other) is S.WAITING


def test_a_dead_nodes_tasks_are_taken_over_once(make_node: MakeNode, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    dead, other = make_node("dead"), make_node("other")
    dead.tick()
    odr_id = dead.add()
    dead.tick(5)
    for _ in range(12):
        other.tick(5)
        assert dead.status(odr_id) is S.DOWNLOADING
        assert dead.repository.get(odr_id).claimed_by == dead.tempdir.node_id
    other.tick(5)
    assert other.run(odr_id).task.claimed_by == other.tempdir.node_id
    for _ in range(10):
        other.tick(5)
    assert len([record for record in caplog.records if "taken over" in record.message]) == 1
    # It was only frozen: its late writes change nothing.
    late = dead.run(odr_id).task
    assert not dead.repository.finish(late, Failed(ServerBusy(status=500)))
    assert dead.repository.storing(late, name="a", size=1, stored_path="/a") is None
    dead.tick(5)
    assert dead.run(odr_id).gone


def test_nobody_is_dead_while_the_database_was_away(make_node: MakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable(detail="x")

    one, other = make_node("one"), make_node("other")
    one.tick()
    odr_id = one.add()
    one.tick(5)
    for _ in range(11):
        other.tick(5)
    with monkeypatch.context() as patch:
        patch.setattr(other.repository, "survey", away)
        other.tick(5)
    for _ in range(11):
        other.tick(5)
        assert one.repository.get(odr_id).claimed_by == one.tempdir.node_id


def test_the_sweep_deletes_what_nobody_needs(node: Node, make_node: MakeNode) -> None:
    node.tick()
    running, paused, waiting, cancelled, unknown = (node.add(name) for name in "abcde")
    node.tick(5)
    for odr_id in (running, paused, waiting, cancelled):
        node.tempdir.make(odr_id)
    node.tempdir.make(4711)
    node.repository.act(paused, Action.PAUSE)
    node.repository.finish(node.run(waiting).task, Retry(600, ServerBusy(status=500)))
    node.repository.act(cancelled, Action.CANCEL)
    node.conclude(waiting)
    node.conclude(paused)
    node.conclude(cancelled)
    node.tick(31)
    assert node.tempdir.task_folders() == {running, paused, waiting}
    assert unknown not in node.tempdir.task_folders()


def test_what_is_paused_for_too_long_is_given_up(
    make_node: MakeNode, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "seafevents_offline.tasks.chores")
    node = make_node(retention=86400.0)
    node.tick()
    old, young = node.add("a"), node.add("b")
    node.tick(5)
    for odr_id in (old, young):
        node.tempdir.make(odr_id)
        node.repository.act(odr_id, Action.PAUSE)
        node.conclude(odr_id)
    run_sql(
        sqlite_url, "UPDATE OfflineDownloadRecord SET updated_at = '2020-01-01 00:00:00.000000' WHERE odr_id = ?", old
    )
    node.tick(3601)
    assert (node.status(old), node.status(young)) == (S.CANCELLED, S.PAUSED)
    assert caplog.messages == ["offline download: 1 tasks given up, paused for more than 1 days"]
    node.tick(31)
    assert node.tempdir.task_folders() == {young}


def test_a_node_that_has_long_been_silent_is_forgotten_within_an_hour(make_node: MakeNode, sqlite_url: str) -> None:
    node, old, young = make_node(), make_node("old"), make_node("young")
    for one in (node, old, young):
        one.tick()
    long_ago = "UPDATE OfflineDownloadNode SET beat_at = '2020-01-01 00:00:00.000000' WHERE node_id = ?"
    run_sql(sqlite_url, long_ago, old.tempdir.node_id)
    for _ in range(4):
        node.tick(901)
    left = {one.node_id for one in node.repository.nodes()}
    assert left == {node.tempdir.node_id, young.tempdir.node_id}


def test_a42_nothing_is_claimed_while_the_disk_is_full(node: Node, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "seafevents_offline.disk")
    node.tick()
    node.disk.percent = 96
    first, second = node.add("a"), node.add("b")
    for percent in (96, 94, 90.1):
        node.disk.percent = percent
        node.tick(5)
        node.tick(1, woken=True)
        assert node.status(first) is S.WAITING
    node.disk.percent = 90
    node.tick(5)
    assert {node.status(first), node.status(second)} == {S.DOWNLOADING}
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_full_disk_disturbs_nothing_that_runs(node: Node) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    node.disk.percent = 100
    node.tick(31)
    assert not node.run(odr_id).gone


def test_what_waits_does_not_keep_the_disk_full(make_node: MakeNode) -> None:
    node = make_node(retry_delay=0.0)
    node.tick()
    small, large, paused, running = (node.add(name) for name in "abcd")
    node.tick(5)
    for odr_id, size in ((small, 4096), (large, 65536), (paused, 65536), (running, 65536)):
        (node.tempdir.make(odr_id) / "part").write_bytes(b"x" * size)
    for odr_id in (small, large):
        node.repository.finish(node.run(odr_id).task, Retry(0, ServerBusy(status=500)))
        node.conclude(odr_id)
    node.repository.act(paused, Action.PAUSE)
    node.conclude(paused)
    # 50,000 bytes must go; the fake disk does not notice that they do.
    node.disk.total, node.disk.percent = 1_000_000, 95
    node.tick(31)
    assert node.tempdir.task_folders() == {small, paused, running}
    node.tick(31)
    assert node.tempdir.task_folders() == {running}, "with what was left of the waiting ones alone it would not do"
    node.disk.percent = 90
    node.tick(5)
    assert {node.status(small), node.status(large)} == {S.DOWNLOADING}


def test_a_database_on_the_full_disk_gets_room(make_node: MakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseUnavailable(detail="the disk is full")

    node = make_node(disk_high=100.0, disk_low=100.0)
    node.tick()
    waiting, running = node.add("a"), node.add("b")
    node.tick(5)
    for odr_id in (waiting, running):
        (node.tempdir.make(odr_id) / "part").write_bytes(b"x")
    node.repository.finish(node.run(waiting).task, Retry(600, ServerBusy(status=500)))
    node.conclude(waiting)
    for name in ("beat", "restore"):
        monkeypatch.setattr(node.repository, name, full)
    node.tick(31)
    assert node.tempdir.task_folders() == {waiting, running}, "the database is at fault for another reason"
    node.disk.percent = 100
    node.tick(5)
    assert node.tempdir.task_folders() == {running}


def test_a47_what_was_finished_long_ago_leaves_batch_by_batch(
    make_node: MakeNode, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node(workers=1, retention=86400.0)
    node.tick()
    old, young, active = [node.add(f"o{number}") for number in range(7)], node.add("young"), node.add("active")
    for odr_id in (*old, young):
        node.repository.act(odr_id, Action.CANCEL)
        node.tempdir.make(odr_id)
    run_sql(
        sqlite_url,
        "UPDATE OfflineDownloadRecord SET finished_at = '2020-01-01 00:00:00.000000' WHERE odr_id < ?",
        young,
    )
    forget = node.repository.forget_finished
    monkeypatch.setattr(node.repository, "forget_finished", lambda seconds: forget(seconds, batch=3))

    def left() -> int:
        return node.repository.find(TaskQuery(hidden=True)).total

    counts = []
    for after in (1201, 1201, 1, 1, 1, 1, 1):
        node.tick(after)
        counts.append(left())
    assert counts == [9, 6, 3, 2, 2, 2, 2], "a batch a turn, and not one more than there is"
    node.tick(31)
    assert node.tempdir.task_folders() == set(), "nobody needs a folder of what is final"
    assert (node.status(young), node.status(active)) == (S.CANCELLED, S.DOWNLOADING)


def test_what_is_left_of_a_chore_is_not_left_to_the_next_scan(
    make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = make_node()
    left = iter([100, 100, 0])
    monkeypatch.setattr(node.repository, "forget_finished", lambda seconds: next(left))
    waits = [node.tick(after) for after in (0, 1201, 1201, 1, 1)]
    assert waits == pytest.approx([5, 5, 1, 1, 3], abs=0.1)


def test_the_sweep_leaves_a_worker_time_to_leave(node: Node) -> None:
    node.tick()
    odr_id = node.add()
    node.tick(5)
    node.tempdir.make(odr_id)
    node.repository.act(odr_id, Action.CANCEL)
    node.tick(31)
    assert node.tempdir.task_folders() == {odr_id}, "its worker still has it and deletes it itself"


def test_a_temporary_directory_that_vanishes_is_said(
    node: Node, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.tick()
    (node.tempdir.path / "node").unlink()
    node.tempdir.path.rmdir()
    odr_id = node.add()
    assert node.tick(31) > 0
    assert "The temporary folder" in caplog.text
    assert node.status(odr_id) is S.DOWNLOADING, "the scan came before the sweep"
