"""What a worker does with one task: run the pipeline, tidy the folder, write the outcome."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import InfrastructureError, OfflineDownloadError
from ..pipeline import Pipeline
from ..repository import Repository
from ..task import Done, Failed, Gone, Outcome, Progress, Retry
from ..tempdir import TempDir
from ..threads import survive
from .observers import Observers
from .run import TaskRun

logger = logging.getLogger(__name__)

#: While the database is away a finished worker tries to write its outcome this often, in seconds.
_WRITE_PAUSE = 1.0


@dataclass(frozen=True)
class Worker:
    """Stateless; the pool's threads share one."""

    pipeline: Pipeline
    repository: Repository
    tempdir: TempDir
    observers: Observers = field(default_factory=Observers)

    def work(self, run: TaskRun) -> None:
        """One task from claim to outcome; returns when nothing of it is left to do for this process."""
        outcome: list[Outcome] = []
        task = run.task
        self.observers.tell(task)
        if not survive(f"task {task.odr_id}:", lambda: outcome.append(self.pipeline.run(task, run))):
            outcome.append(Failed(OfflineDownloadError()))
        survive(f"task {task.odr_id}:", lambda: self._conclude(run, outcome[0]))

    def _conclude(self, run: TaskRun, outcome: Outcome) -> None:
        if isinstance(outcome, Gone):
            self.observers.tell(run.task, outcome)
            if run.given_up:
                self.tempdir.delete(run.task.odr_id)
            return
        if not _keeps_folder(outcome):
            # Before the final state can be seen: who sees it may rely on nothing being left.
            self.tempdir.delete(run.task.odr_id)
        progress = run.progress() if _keeps_folder(outcome) or isinstance(outcome, Retry) else None
        self._write(run, outcome, [progress] if progress else [])

    def _write(self, run: TaskRun, outcome: Done | Failed | Retry, progress: Sequence[Progress]) -> None:
        odr_id = run.task.odr_id
        while True:
            try:
                # A payload that waits is known to be complete by its recorded progress alone.
                self.repository.report(progress)
                written = self.repository.finish(run.task, outcome)
            except InfrastructureError as error:
                logger.warning("task %s: its outcome cannot be written yet: %s", odr_id, error)
                run.wait(_WRITE_PAUSE)
                if run.gone:
                    return
            else:
                self.observers.tell(run.task, outcome if written else Gone())
                return


def _keeps_folder(outcome: Done | Failed | Retry) -> bool:
    """What was downloaded is of use: soon, or when a person has mended what is wrong with the library."""
    if isinstance(outcome, Done):
        return False
    return not outcome.error.makes_room if isinstance(outcome, Retry) else outcome.error.keeps_folder
