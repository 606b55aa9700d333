"""The sweep of orphan folders, beside everything that a task can go through: it takes none that somebody needs."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline import repository
from seafevents_offline.disk import Disk
from seafevents_offline.errors import (
    AlreadyActive,
    FileNotFoundAtServer,
    NotPossible,
    ServerBusy,
    TaskNotFound,
    UploadForbidden,
)
from seafevents_offline.repository import NodeBeat
from seafevents_offline.settings import Settings
from seafevents_offline.status import ACTIVE, Action
from seafevents_offline.task import Failed, NewTask, Outcome, Retry
from seafevents_offline.tasks import OfflineDownloadTimer, scheduler
from seafevents_offline.tasks.lookout import Lookout
from seafevents_offline.tasks.nodes import NodeWatch
from seafevents_offline.tasks.pool import WorkerPool
from seafevents_offline.tasks.run import TaskRun
from seafevents_offline.tasks.scheduler import Scheduler
from seafevents_offline.tempdir import TempDir
from tests.support.disks import FakeDisk

SEEDS = range(int(os.environ.get("OFFLINE_DOWNLOAD_SEEDS", "1")))

#: What administrators or other programs may have put there.
FOREIGN = ("lost+found", "007", "12.old", "١٢", "backup")


class Node:
    """A scheduler with a temporary directory of its own; ``work`` is what its workers do, if it has any."""

    def __init__(self, folder: Path, url: str, work: Callable[[TaskRun], None] = lambda run: None) -> None:
        self.now = 1000.0
        self.settings = Settings(database=url, workers=4, workers_per_user=64, workers_per_host=64, interval=1.0)
        self.repository = repository.open(self.settings)
        self.tempdir = TempDir(folder)
        self.tempdir.open()
        self.pool = WorkerPool(self.settings.workers, work, lambda: None)
        self.scheduler = Scheduler(
            settings=self.settings,
            repository=self.repository,
            tempdir=self.tempdir,
            disk=Disk(folder, self.settings.disk_high, self.settings.disk_low, FakeDisk()),
            pool=self.pool,
            watch=NodeWatch(60, 90),
            describe=lambda scan_age: NodeBeat(self.tempdir.node_id, "node", "1", {}),
        )
        self.lookout = Lookout(self.repository, self.pool, lambda odr_id, claim: None)
        for name in FOREIGN:
            (folder / name).mkdir()

    def needed(self) -> set[int]:
        """What a worker has, and what has begun here and is to go on here."""
        mine = {
            task.odr_id
            for task in self.repository.export(repository.TaskQuery(hidden=True))
            if task.claimed_by == self.tempdir.node_id and task.status in ACTIVE
        }
        return mine | {run.task.odr_id for run in self.pool.runs()}

    def tick(self, after: float) -> None:
        """And what was needed before and is needed afterwards is there, with all that no task ever had."""
        before = self.tempdir.task_folders() & self.needed()
        self.now += after
        self.lookout.tick(self.now, woken=True)
        self.scheduler.tick(self.now, woken=True)
        lost = (before & self.needed()) - self.tempdir.task_folders()
        assert not lost
        assert all((self.tempdir.path / name).is_dir() for name in FOREIGN)

    def conclude(self, run: TaskRun, outcome: Outcome) -> None:
        """As a worker does; what it leaves behind when it is killed is the next sweep's."""
        self.repository.finish(run.task, outcome)
        self.pool._runs.pop(run.task.odr_id)


@pytest.fixture
def make_node(tmp_path: Path, sqlite_url: str) -> Iterator[Callable[..., Node]]:
    nodes: list[Node] = []

    def make(name: str, **more: Any) -> Node:
        nodes.append(Node(tmp_path / name, sqlite_url, **more))
        nodes[-1].repository.upgrade()
        return nodes[-1]

    yield make
    for node in nodes:
        node.repository.close()


def add(node: Node, name: str) -> None:
    node.repository.add(NewTask(repo_id="r", path="/", url=f"http://{name}.example/", owner=random.choice("ab")))


FAILED = Failed(FileNotFoundAtServer(status=404))

#: The last one keeps its folder for a day.
OUTCOMES = (Retry(0, ServerBusy(status=500)), FAILED, Failed(UploadForbidden(path="/")))


def disturb(node: Node, chance: random.Random, odr_id: int, *actions: Action) -> None:
    """As people do, from any process."""
    with contextlib.suppress(NotPossible, TaskNotFound, AlreadyActive):
        node.repository.act(odr_id, chance.choice(actions or tuple(Action)))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_folder_that_is_needed_is_ever_swept(make_node: Callable[..., Node], seed: int) -> None:
    """Two nodes on one database, each of which is now and then not heard of for longer than the other one waits."""
    chance = random.Random(seed)
    nodes = make_node("one"), make_node("two")
    for step in range(40):
        node = chance.choice(nodes)
        add(node, f"host{step}")
        odr_id = chance.randint(1, step + 1)
        disturb(node, chance, odr_id)
        if step % 9 == 0:
            node.repository.remove(step + 1)
        if step % 20 == 0:
            node.repository.purge("a", batch=2)
        node.tick(chance.choice((1, 31, 31, 100)))
        for run in node.pool.runs():
            node.tempdir.make(run.task.odr_id)
            if run.gone or chance.random() < 0.4:
                node.conclude(run, chance.choice(OUTCOMES))
    for node in nodes:
        for run in node.pool.runs():
            node.conclude(run, FAILED)
        node.repository.purge("a")
        node.repository.purge("b")
        node.tick(31)
        assert node.tempdir.task_folders() == set(), "no orphan is left"


def test_what_is_claimed_while_the_sweep_looks_keeps_its_folder(
    make_node: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep in every turn, late with its deleting; tasks that are retried just then; and workers that leave their
    folders behind and come back all the time."""
    for period in ("SWEEP_PERIOD", "CLAIM_PAUSE", "REPORT_PERIOD"):
        monkeypatch.setattr(scheduler, period, 0.0)
    lost: list[int] = []
    claims: list[int] = []
    enough = threading.Event()

    def work(run: TaskRun) -> None:
        folder = node.tempdir.make(run.task.odr_id)
        (folder / "part").write_bytes(b"x")
        claims.append(run.task.odr_id)
        run.wait(0.03)
        if not run.gone and not (folder / "part").exists():
            lost.append(run.task.odr_id)
        if len(claims) > 40 or lost:
            enough.set()
        outcome = chance.choice(OUTCOMES)
        if outcome is FAILED:
            node.tempdir.delete(run.task.odr_id)
        node.repository.finish(run.task, outcome)

    chance = random.Random(1)
    node = make_node("one", work=work)
    ask = node.repository.kept_folders

    def ask_and_be_late(node_id: str, odr_ids: Collection[int]) -> set[int]:
        kept = ask(node_id, odr_ids)
        for odr_id in set(odr_ids) - kept:
            disturb(node, chance, odr_id, Action.RETRY)
        # Who could begin one of them now would.
        timer.wake()
        enough.wait(0.02)
        return kept

    monkeypatch.setattr(node.repository, "kept_folders", ask_and_be_late)
    for number in range(12):
        add(node, f"host{number}")
    timer = OfflineDownloadTimer(node.scheduler, 0.001)
    lookout = OfflineDownloadTimer(node.lookout, 0.001, "offline-lookout")
    node.pool.start()
    timer.start()
    lookout.start()
    while not enough.wait(0.001):
        disturb(node, chance, chance.randint(1, 12), Action.CANCEL, *Action)
        timer.wake()
        lookout.wake()
    for thread in (timer, lookout):
        thread.cancel()
        thread.join(30)
    node.pool.stop(0)
    assert lost == []
    assert len(set(claims)) > 6
