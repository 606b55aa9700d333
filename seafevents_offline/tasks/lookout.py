"""Whose the running tasks are now: asked in one statement, twice a second while anything runs.

In a thread of its own, which waits for nothing else. What holds up the timer (a claim, a write behind somebody else's
lock, a large folder that is deleted) and what holds up a worker (a library that does not answer) so delays no
cancellation: no byte comes a second after it was written into the record, also where no message wakes anybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..due import Due
from ..errors import DatabaseUnavailable, SchemaOutdated
from ..repository import Repository
from .pool import WorkerPool

logger = logging.getLogger(__name__)

#: How often it is asked, in seconds.
LOOK_PERIOD = 0.5

#: After a wake it is asked this soon, in seconds: once for many.
_WOKEN_LOOK = 0.1


class Lookout:
    """``cut`` ends the connections of a task, by its number and claim, at once."""

    def __init__(self, repository: Repository, pool: WorkerPool, cut: Callable[[int, int], None]) -> None:
        self._repository = repository
        self._pool = pool
        self._cut = cut
        self._look = Due(LOOK_PERIOD)

    def tick(self, now: float, *, woken: bool) -> float:
        """Ask when it is due at ``now`` (monotonic); returns in how many seconds it is due again."""
        if woken:
            # Whoever wakes has changed something, often about a running task.
            self._look.at = min(self._look.at, now + _WOKEN_LOOK)
        if self._look.now(now):
            self._ask()
        return self._look.at - now

    def _ask(self) -> None:
        runs = [run for run in self._pool.runs() if not run.gone]
        try:
            found = self._repository.statuses([run.task.odr_id for run in runs])
        except (DatabaseUnavailable, SchemaOutdated) as error:
            # The timer meets it, too, and says so; nothing follows from no answer.
            logger.debug("nobody knows whose the running tasks are: %s", error)
            return
        for run in runs:
            run.compare(found.get(run.task.odr_id))
            if run.gone:
                self._cut(run.task.odr_id, run.task.claim)
