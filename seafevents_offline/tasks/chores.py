"""What is done now and then by the timer, each once an hour, one of them in a turn.

forget nodes      that have long been silent                             (1 statement)
give up           what has been paused for longer than ``retention``     (1 statement)
forget finished   records that were finished longer than ``retention`` ago, by small batches   (2 statements a batch)
forget messages   to another server, where nobody has told them for a long time      (1 statement)
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from ..due import Due
from ..repository import Repository
from ..settings import Settings

logger = logging.getLogger(__name__)

#: How often one of the four chores is done, in seconds; in turns, so that no tick does two.
CHORE_PERIOD = 900.0

#: A chore that was not done with everything goes on after this many seconds.
BATCH_PAUSE = 1.0

#: A node that has not written for this many seconds will not come back.
NODE_RETENTION = 30 * 86400.0

#: A message that is so many seconds old was to be given up long ago: ``webhook-url`` was taken out of the settings.
MESSAGE_RETENTION = 7 * 86400.0


class Chores:
    """Driven by the scheduler."""

    def __init__(self, settings: Settings, repository: Repository, node_id: str) -> None:
        self._settings = settings
        self._repository = repository
        self._node_id = node_id
        self._due = Due(CHORE_PERIOD)
        self._chores: deque[Callable[[], bool]] = deque(
            (self._forget_nodes, self._give_up_paused, self._forget_finished, self._forget_messages)
        )

    @property
    def at(self) -> float:
        """When there is something to do again (monotonic)."""
        return self._due.at

    def turn(self, now: float) -> None:
        """Do one of them, or a part of it, when its time has come."""
        if not self._due.now(now):
            return
        if self._chores[0]():
            self._chores.rotate(-1)
        else:
            self._due.at = now + BATCH_PAUSE

    def _forget_nodes(self) -> bool:
        self._repository.forget_nodes(self._node_id, NODE_RETENTION)
        return True

    def _give_up_paused(self) -> bool:
        if count := self._repository.expire(self._settings.retention):
            days = self._settings.retention / 86400
            logger.info("offline download: %d tasks given up, paused for more than %g days", count, days)
        return True

    def _forget_finished(self) -> bool:
        """Whether there is no more to forget."""
        return self._repository.forget_finished(self._settings.retention) == 0

    def _forget_messages(self) -> bool:
        self._repository.forget_deliveries(MESSAGE_RETENTION)
        return True
