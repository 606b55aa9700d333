"""Tells another server how tasks end: at least once each, in order for each task, in a thread of its own.

What is to be told stands in the database until it was taken, so it outlasts restarts; each message that is not taken is
tried again, less and less often, and given up in the end. When the server cannot be reached at all, others are not even
tried until a little later. No more is said of it in the log than where it is and what it answered.
"""

from __future__ import annotations

import logging
import threading
import time

from ..due import WARNING_PERIOD, Due
from ..errors import DatabaseUnavailable, SchemaOutdated
from ..repository import Delivery, Repository
from ..settings import Settings
from ..task import Done, Failed
from ..threads import survive
from ..webhook import NotReached, Post
from .observers import Transition

logger = logging.getLogger(__name__)

#: Seconds until a message that was not taken is sent again; each is longer than a sending may take.
PAUSES = (30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)

#: A message that was not taken for so many seconds is given up.
GIVE_UP = 3 * 86400.0

#: Seconds until anything is sent again to a server that could not be reached.
UNREACHED_PAUSE = 10.0


class Messenger(threading.Thread):
    """Looks until it is cancelled: every ``interval``, and as soon as a task here has ended."""

    def __init__(self, settings: Settings, repository: Repository) -> None:
        super().__init__(name="offline-webhook", daemon=True)
        self._post = Post(settings)
        self._repository = repository
        self._interval = settings.interval
        self._woken = threading.Event()
        self._finished = threading.Event()
        self._warning = Due(WARNING_PERIOD)

    def run(self) -> None:
        while not self._finished.is_set():
            was_reached: list[bool] = []
            survive("telling the webhook", lambda told=was_reached: told.append(self.look()))  # type: ignore[misc]
            if was_reached == [False]:
                self._finished.wait(UNREACHED_PAUSE)
            self._woken.wait(self._interval)
            self._woken.clear()

    def cancel(self) -> None:
        """End as soon as what is under way has been answered; idempotent."""
        self._finished.set()
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def notice(self, transition: Transition) -> None:
        """An observer: a worker's task has come to something."""
        if isinstance(transition.outcome, (Done, Failed)):
            self.wake()

    def look(self) -> bool:
        """Tell all that is due; False when the server could not be reached."""
        try:
            while self._repository.collect():
                pass
            while not self._finished.is_set():
                delivery = self._repository.take(PAUSES)
                if delivery is None:
                    break
                if not self._tell(delivery):
                    return False
        except (DatabaseUnavailable, SchemaOutdated) as error:
            logger.debug("offline download: the webhook is told later: %s", error)
        return True

    def _tell(self, delivery: Delivery) -> bool:
        try:
            status = self._post.send({**delivery.body, "delivery": delivery.delivery_id})
        except NotReached as error:
            self._not_taken(delivery, str(error))
            return False
        if 200 <= status <= 299:
            self._repository.taken(delivery)
        else:
            self._not_taken(delivery, f"it answered {status}")
        return True

    def _not_taken(self, delivery: Delivery, why: str) -> None:
        where = self._post.to.endpoint
        if delivery.age >= GIVE_UP:
            self._repository.taken(delivery)
            days = GIVE_UP / 86400
            logger.warning(
                "task %s: the webhook at %s is not told, given up after %g days: %s", delivery.odr_id, where, days, why
            )
            return
        level = logging.WARNING if self._warning.now(time.monotonic()) else logging.DEBUG
        logger.log(level, "task %s: the webhook at %s, again in %g s: %s", delivery.odr_id, where, delivery.pause, why)
