"""N threads, made once, that work on one task each."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from ..threads import survive
from .run import TaskRun

logger = logging.getLogger(__name__)


class WorkerPool:
    """``work`` is called in a thread of the pool for each submitted run, ``on_free`` after each of them."""

    def __init__(self, size: int, work: Callable[[TaskRun], None], on_free: Callable[[], None]) -> None:
        self.size = size
        self._work = work
        self._on_free = on_free
        self._queue: queue.SimpleQueue[TaskRun | None] = queue.SimpleQueue()
        self._runs: dict[int, TaskRun] = {}
        self._guard = threading.Lock()
        self._threads = [
            threading.Thread(target=self._loop, name=f"offline-worker-{number}", daemon=True)
            for number in range(1, size + 1)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def submit(self, run: TaskRun) -> None:
        """Never refused; what is more than the threads can take waits inside the pool."""
        with self._guard:
            self._runs[run.task.odr_id] = run
        self._queue.put(run)

    def runs(self) -> list[TaskRun]:
        """Everything submitted and not concluded."""
        with self._guard:
            return list(self._runs.values())

    @property
    def free(self) -> int:
        """How many more tasks would start at once."""
        return max(0, self.size - len(self._runs))

    def stop(self, deadline: float) -> None:
        """Tell every worker to leave its task as it is, and wait for them until ``deadline`` (monotonic)."""
        for run in self.runs():
            run.leave()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            logger.warning("did not end in time: %s", ", ".join(late))

    def _forget(self, run: TaskRun) -> None:
        with self._guard:
            # A late one must not take away the run of the same task that came after it.
            if self._runs.get(run.task.odr_id) is run:
                del self._runs[run.task.odr_id]

    def _loop(self) -> None:
        while (run := self._queue.get()) is not None:
            if not run.gone:
                survive(f"task {run.task.odr_id}:", lambda run=run: self._work(run))  # type: ignore[misc]
            self._forget(run)
            survive("waking the timer", self._on_free)
