"""Whether the owners of tasks still exist: the records of those who do not leave after seven days.

Asked now and then, person by person, in a thread of its own, because the library's server may let whoever asks wait.
Since when somebody is missing is kept in the database, so that it outlasts a restart. An answer that is none (the
server or its database is away) ends the round; nothing follows from it. Who comes back meanwhile keeps everything.
Nothing is deleted but right after the library has said once more that there is no such person.

What such a person has waiting or running ends as for everybody who may not download: by the library's check.
"""

from __future__ import annotations

import logging
import threading

from ..errors import DatabaseUnavailable, SchemaOutdated, StorageUnavailable
from ..repository import Repository
from ..storages.base import Storage
from ..text import escape
from ..threads import survive

logger = logging.getLogger(__name__)

#: The records of somebody who has been missing for this many seconds are deleted.
GRACE = 7 * 86400.0

#: How often everybody is looked for, in seconds; for the first time soon after the start, but behind the tasks.
PERIOD = 6 * 3600.0
FIRST_PAUSE = 300.0

#: How soon a round that came to no end is begun again, in seconds.
_RETRY = 600.0

#: Between two batches of records that are deleted, in seconds.
_BATCH_PAUSE = 0.2


class OwnerWatch(threading.Thread):
    """Looks until it is cancelled."""

    def __init__(self, repository: Repository, storage: Storage) -> None:
        super().__init__(name="offline-owners", daemon=True)
        self._repository = repository
        self._storage = storage
        self._finished = threading.Event()

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self._finished.wait(pause):
            pause = PERIOD if self.look() else _RETRY

    def cancel(self) -> None:
        """End, in the middle of a round as well; idempotent."""
        self._finished.set()

    def look(self) -> bool:
        """One round; whether everybody was looked for."""
        ended: list[bool] = []
        survive("looking for the owners of tasks", lambda: ended.append(self._look()))
        return ended == [True]

    def _look(self) -> bool:
        try:
            self._consider_all()
        except (StorageUnavailable, DatabaseUnavailable, SchemaOutdated) as error:
            logger.debug("the owners of tasks could not be looked for: %s", error)
            return False
        return not self._finished.is_set()

    def _consider_all(self) -> None:
        missing = dict(self._repository.missing())
        owner = self._repository.next_owner(None)
        while owner is not None and not self._finished.is_set():
            self._consider(owner, missing.pop(owner, None))
            owner = self._repository.next_owner(owner)
        if owner is None:
            # They have no records any more.
            for left in missing:
                self._repository.found(left)

    def _consider(self, owner: str, missing_for: float | None) -> None:
        if self._storage.knows(owner):
            if missing_for is not None:
                self._repository.found(owner)
        elif missing_for is None:
            self._repository.miss(owner)
        elif missing_for >= GRACE:
            self._forget(owner)

    def _forget(self, owner: str) -> None:
        count = 0
        while deleted := self._repository.forget_owner(owner):
            count += deleted
            if self._finished.wait(_BATCH_PAUSE):
                break
        if count:
            days = GRACE / 86400
            logger.info("offline download: %d records of %s deleted, unknown for %g days", count, escape(owner), days)
