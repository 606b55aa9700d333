"""One running task: what its worker, the timer and the engine share about it."""

from __future__ import annotations

import threading

from ..engines.base import Snapshot
from ..extras import Sealed
from ..repository import Repository
from ..status import FINAL, OfflineDownloadStatus
from ..task import Progress, Task

#: How many times as far as before is a step forward for what had to begin anew: where it was written last before it was
#: interrupted is chance.
_FURTHER = 1.25


class TaskRun:
    """The pipeline's Context. The worker waits on it; the timer reads its progress and says when it is gone."""

    def __init__(self, task: Task, repository: Repository) -> None:
        self.task = task
        self._repository = repository
        self._event = threading.Event()
        self._gone = False
        self._given_up = False
        self._snapshot: Snapshot | None = None
        self._has_fallen = False
        self._told: Progress | None = None

    @property
    def gone(self) -> bool:
        return self._gone

    @property
    def given_up(self) -> bool:
        """The owner does not want it any more: nothing of it needs to be kept."""
        return self._given_up

    @property
    def suspended(self) -> bool:
        """Nothing happens because the engine is away for the moment."""
        return self._snapshot is not None and self._snapshot.suspended

    def wake(self) -> None:
        self._event.set()

    def wait(self, timeout: float) -> None:
        self._event.wait(timeout)
        self._event.clear()

    def leave(self, *, given_up: bool = False) -> None:
        """Tell the worker that the task is not its own any more."""
        self._given_up = given_up
        self._gone = True
        self.wake()

    def compare(self, found: tuple[OfflineDownloadStatus, int] | None) -> None:
        """Hold the record's status and claim number (None: no record) against what this run has."""
        if found is None:
            self.leave(given_up=True)
        elif found[1] != self.task.claim:
            self.leave()
        elif found[0] is not self.task.status and not self._just_moved(found[0]):
            self.leave(given_up=found[0] in FINAL)

    def report(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._has_fallen |= snapshot.is_known and snapshot.completed < self.task.completed

    def progress(self) -> Progress | None:
        """How far it is; None while nothing is known, and once it is complete and recorded as such."""
        snapshot = self._snapshot
        if snapshot is None or self.task.status is not OfflineDownloadStatus.DOWNLOADING:
            return None
        if not snapshot.is_known:
            # What is there already is in the record.
            return None
        anew = self._has_fallen and snapshot.completed < self.task.completed * _FURTHER
        return Progress(self.task.odr_id, self.task.claim, snapshot.completed, snapshot.size, snapshot.speed, anew)

    def news(self) -> Progress | None:
        """The progress when it changed since this was asked the last time."""
        progress = self.progress()
        if progress is None or progress == self._told:
            return None
        self._told = progress
        return progress

    def secure(self, task: Task, *, url: str, sealed: Sealed | None) -> Task | None:
        secured = self._repository.secure(task, url=url, sealed=sealed)
        if secured is not None:
            self.task = secured
        return secured

    def storing(self, task: Task, *, name: str, size: int, stored_path: str) -> Task | None:
        recorded = self._repository.storing(task, name=name, size=size, stored_path=stored_path)
        if recorded is not None:
            self.task = recorded
        return recorded

    def _just_moved(self, status: OfflineDownloadStatus) -> bool:
        # The worker writes STORING before it knows that it did: a look in between is no surprise.
        return {status, self.task.status} == {OfflineDownloadStatus.DOWNLOADING, OfflineDownloadStatus.STORING}
