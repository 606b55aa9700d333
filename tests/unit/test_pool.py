"""N threads, made once; nothing that happens in one of them ends it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from seafevents_offline.tasks.pool import WorkerPool
from seafevents_offline.tasks.run import TaskRun

MakePool = Callable[..., WorkerPool]


class NoRepository:
    """These tests write nothing."""


def run_of(odr_id: int) -> TaskRun:
    task = Task(odr_id, "r", "/", "http://x/", "o", datetime.min, OfflineDownloadStatus.DOWNLOADING)
    return TaskRun(task, NoRepository())  # type: ignore[arg-type]


@pytest.fixture
def make_pool() -> Iterator[MakePool]:
    pools: list[WorkerPool] = []

    def make(size: int, work: Callable[[TaskRun], None], on_free: Callable[[], None] = lambda: None) -> WorkerPool:
        pools.append(WorkerPool(size, work, on_free))
        pools[-1].start()
        return pools[-1]

    yield make
    for pool in pools:
        pool.stop(time.monotonic() + 30)


def test_work_is_done_by_named_threads(make_pool: MakePool) -> None:
    names: list[str] = []
    freed = threading.Semaphore(0)
    pool = make_pool(2, lambda run: names.append(threading.current_thread().name), freed.release)
    for odr_id in range(10):
        pool.submit(run_of(odr_id))
    for _ in range(10):
        assert freed.acquire(timeout=30)
    assert set(names) <= {"offline-worker-1", "offline-worker-2"}
    assert pool.free == 2
    assert pool.runs() == []


def test_never_more_than_its_size_at_once(make_pool: MakePool) -> None:
    together = threading.Barrier(3)
    more = threading.Event()

    def work(_run: TaskRun) -> None:
        together.wait(30)
        more.wait(30)

    pool = make_pool(2, work)
    for odr_id in range(4):
        pool.submit(run_of(odr_id))
    together.wait(30)
    assert pool.free == 0
    assert len(pool.runs()) == 4
    more.set()
    together.wait(30)


def test_a44_an_exception_never_ends_a_thread(make_pool: MakePool) -> None:
    done: list[int] = []
    freed = threading.Semaphore(0)

    def work(run: TaskRun) -> None:
        if run.task.odr_id % 2:
            raise RuntimeError("a bug")
        done.append(run.task.odr_id)

    pool = make_pool(1, work, freed.release)
    for odr_id in range(6):
        pool.submit(run_of(odr_id))
    for _ in range(6):
        assert freed.acquire(timeout=30)
    assert done == [0, 2, 4]
    assert pool.free == 1


def test_a_late_run_does_not_take_a_later_one_of_its_task_away(make_pool: MakePool) -> None:
    freed, leave = threading.Semaphore(0), threading.Event()

    def work(run: TaskRun) -> None:
        if run is later:
            leave.wait(30)

    late, later = run_of(1), run_of(1)
    pool = make_pool(1, work, freed.release)
    pool.submit(late)
    pool.submit(later)
    assert freed.acquire(timeout=30)
    assert pool.runs() == [later]
    leave.set()


def test_a_freed_worker_is_free_when_it_says_so(make_pool: MakePool) -> None:
    seen: list[int] = []
    freed = threading.Event()

    def on_free() -> None:
        seen.append(pool.free)
        freed.set()

    pool = make_pool(1, lambda run: None, on_free)
    pool.submit(run_of(1))
    assert freed.wait(30)
    assert seen == [1]


def test_stop_makes_everyone_leave(make_pool: MakePool) -> None:
    started = threading.Semaphore(0)

    def work(run: TaskRun) -> None:
        started.release()
        while not run.gone:
            run.wait(30)

    pool = make_pool(2, work)
    for odr_id in range(5):
        pool.submit(run_of(odr_id))
    assert started.acquire(timeout=30)
    assert started.acquire(timeout=30)
    began = time.monotonic()
    pool.stop(began + 30)
    assert time.monotonic() - began < 20
    assert not started.acquire(blocking=False), "what still waited was left alone"
    pool.stop(time.monotonic())


def test_a_worker_that_does_not_end_is_named(make_pool: MakePool, caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    entered = threading.Event()

    def work(_run: TaskRun) -> None:
        entered.set()
        release.wait(60)

    pool = make_pool(1, work)
    pool.submit(run_of(1))
    assert entered.wait(30)
    pool.stop(time.monotonic() + 0.1)
    assert "offline-worker-1" in caplog.text
    release.set()
