"""What is due when: restore once, then report every second, scan every interval, sweep every half minute.

tick ─┬─ restore   at the start and after each fault of the database; nothing else happens before
      ├─ report    while anything runs: how far is it?                             (1 statement)
      ├─ beat      this node lives; while anything runs, in place of the report    (1 statement)
      ├─ scan      survey, take over from dead nodes, claim what fits              (1 statement when idle)
      ├─ chores    each once an hour, see chores.py                                (1 statement; 2 when records leave)
      └─ sweep     folders in the temporary directory that no task needs any more; when the disk is full, more of them,
                   also while the database is at fault: on the same disk it waits for that
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

from ..disk import Disk
from ..due import WARNING_PERIOD, Due
from ..errors import DatabaseUnavailable, OfflineDownloadError, SchemaOutdated, TempDirUnusable
from ..repository import NodeBeat, Repository
from ..settings import Settings
from ..task import Task
from ..tempdir import TempDir
from ..text import escape
from .chores import Chores
from .nodes import NodeWatch
from .pool import WorkerPool
from .run import TaskRun
from .sweep import Sweep

logger = logging.getLogger(__name__)

#: How often it is written how far running tasks are, in seconds.
REPORT_PERIOD = 1.0

#: With many workers, of which few are free, tasks are claimed this seldom, in seconds: one claim serves several.
CLAIM_PAUSE = 0.2

#: Few are free when they are less than this share of all.
_FEW = 0.25

#: How often the node says that it lives, in seconds: with each scan, but neither more nor less often than this.
BEAT_PERIOD = 5.0
MAX_BEAT_PERIOD = 15.0

#: How often the temporary directory is swept, in seconds.
SWEEP_PERIOD = 30.0


class Scheduler:
    """Driven by OfflineDownloadTimer's thread alone."""

    def __init__(
        self,
        *,
        settings: Settings,
        repository: Repository,
        tempdir: TempDir,
        disk: Disk,
        pool: WorkerPool,
        watch: NodeWatch,
        describe: Callable[[float], NodeBeat],
    ) -> None:
        """``describe`` gets the seconds since the last scan that succeeded, or since the first turn."""
        self._settings = settings
        self._repository = repository
        self._tempdir = tempdir
        self._disk = disk
        self._pool = pool
        self._describe = describe
        self._watch = watch
        self._restored = False
        self._taken_over: frozenset[str] = frozenset()
        self._report = Due(REPORT_PERIOD)
        self._scan = Due(settings.interval)
        self._pause = Due(CLAIM_PAUSE)
        self._owes_claim = False
        self._beat = Due(min(max(settings.interval, BEAT_PERIOD), MAX_BEAT_PERIOD))
        self._sweep = Due(SWEEP_PERIOD)
        self._folders = Sweep(repository, tempdir, disk)
        self._chores = Chores(settings, repository, tempdir.node_id)
        self._warning = Due(WARNING_PERIOD)
        self._scanned: float | None = None

    def tick(self, now: float, *, woken: bool) -> float:
        """Do what is due at ``now`` (monotonic); returns in how many seconds something is due again."""
        if not self._pool.runs():
            self._report.at = now + REPORT_PERIOD
        if woken:
            # Whoever wakes has changed something; a folder may not be needed any more.
            self._sweep.at = min(self._sweep.at, now + REPORT_PERIOD)
        try:
            self._turn(now, woken=woken)
        except (DatabaseUnavailable, SchemaOutdated) as error:
            self._watch.lost()
            # What was written just before may have been done without an answer: then a task is ours and nobody knows.
            self._restored = False
            self._make_room(now)
            return self._failed(now, error)
        except TempDirUnusable as error:
            return self._failed(now, error)
        return max(0.0, min(self._dues()) - now)

    def _dues(self) -> Iterator[float]:
        yield from (self._scan.at, self._beat.at, self._chores.at, self._sweep.at)
        if self._pool.runs():
            yield self._report.at
        if self._owes_claim:
            yield self._pause.at

    def _turn(self, now: float, *, woken: bool) -> None:
        if not self._restored:
            self._restore()
        if self._beat.now(now):
            # Beat and progress share one statement a second: what is not written now is written next time.
            self._report.at = now + REPORT_PERIOD
            self._tell(now)
        elif self._pool.runs() and self._report.now(now):
            self._repository.report([entry for run in self._pool.runs() if (entry := run.news()) is not None])
        if self._scan.now(now):
            self._survey(now)
        elif woken or self._owes_claim:
            self._claim(now)
        self._chores.turn(now)
        self._tidy(now)

    def _tidy(self, now: float) -> None:
        if self._sweep.now(now):
            self._folders.turn([run.task.odr_id for run in self._pool.runs()])

    def _make_room(self, now: float) -> None:
        """A database on a full disk can often still be read, and written again only when there is room."""
        if self._disk.look():
            with suppress(DatabaseUnavailable, SchemaOutdated, TempDirUnusable):
                self._tidy(now)

    def _restore(self) -> None:
        self._repository.upgrade()
        exclude = [run.task.odr_id for run in self._pool.runs()]
        for task in self._repository.restore(self._tempdir.node_id, exclude=exclude):
            self._submit(task)
        self._restored = True

    def _tell(self, now: float) -> None:
        self._scanned = now if self._scanned is None else self._scanned
        self._repository.beat(self._describe(now - self._scanned))

    def _survey(self, now: float) -> None:
        runs = {run.task.odr_id for run in self._pool.runs()}
        survey = self._repository.survey(self._tempdir.node_id)
        strays = survey.held - runs
        if strays:
            # A claim whose answer we had given up: the network delivered it when it could, maybe minutes later.
            logger.warning("tasks of this node that nobody works on are taken up: %s", sorted(strays))
            self._restore()
        self._watch.observe(survey.beats, now)
        self._disk.look()
        if self._take_over(now) or survey.waiting or strays:
            self._claim(now)
        self._scanned = now

    def _take_over(self, now: float) -> bool:
        """Whether a node has died since the last time, and so there may be more to claim."""
        dead = self._watch.dead(now)
        newly_dead = dead - self._taken_over
        for node_id in newly_dead:
            logger.warning("node %s has not been seen for a while: its tasks are taken over", escape(node_id))
            for task in self._repository.take_over(self._tempdir.node_id, node_id):
                self._submit(task)
        # Once is enough: a dead node gets no new tasks, and one that comes back is watched anew.
        self._taken_over = dead
        return bool(newly_dead)

    def _claim(self, now: float) -> None:
        slots = 0 if self._disk.look() else self._pool.free
        self._owes_claim = 0 < slots < self._pool.size * _FEW and now < self._pause.at
        if not slots or self._owes_claim:
            return
        self._pause.at = now + CLAIM_PAUSE
        claimed = self._repository.claim(
            self._tempdir.node_id,
            slots,
            per_user=self._settings.workers_per_user,
            per_host=self._settings.workers_per_host,
            live_nodes=self._watch.alive(now),
            exclude=[run.task.odr_id for run in self._pool.runs()],
        )
        for task in claimed:
            self._submit(task)

    def _submit(self, task: Task) -> None:
        self._pool.submit(TaskRun(task, self._repository))

    def _failed(self, now: float, error: OfflineDownloadError) -> float:
        # The next turn surveys before it claims: whom it may claim from is not known any more.
        self._scan.at = now
        level = logging.WARNING if self._warning.now(now) else logging.DEBUG
        logger.log(level, "%s", error)
        return min(REPORT_PERIOD, self._settings.interval)
