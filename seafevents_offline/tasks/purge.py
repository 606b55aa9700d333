"""All that there is of one person goes, from outside of the service: its records, what is remembered of the person, and
the folders of its tasks in this node's temporary directory.

A service that runs finds out by itself: a worker whose record has gone ends its download and deletes the folder, the
sweep deletes the others, here and on other nodes. Where none runs, the folders are deleted from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..repository import Repository
from ..status import Action
from ..tempdir import TempDir

#: Seconds that folders may take to leave: a little more than it takes a running service to sweep twice.
PATIENCE = 75.0

_PAUSE = 0.2


@dataclass(frozen=True)
class Holding:
    """``records``: how many there are; ``active``: how many of them can be cancelled; ``folders``: here, by task;
    ``messages``: how many ends of tasks another server has still to be told of."""

    records: int
    active: int
    folders: frozenset[int]
    messages: int = 0


@dataclass(frozen=True)
class Purged:
    """``folders``: how many have left; ``left``: those that have not yet; ``messages``: as of Holding, how many there
    were."""

    cancelled: int
    records: int
    folders: int
    left: frozenset[int]
    messages: int = 0


class Purge:
    """``wake`` makes the service look, where that is possible."""

    def __init__(self, repository: Repository, tempdir: TempDir, owner: str, wake: Callable[[], None]) -> None:
        self._repository = repository
        self._tempdir = tempdir
        self._owner = owner
        self._wake = wake

    def look(self) -> Holding:
        """What would go; changes nothing. Raises TempDirUnusable."""
        counts = self._repository.owned(self._owner)
        active = sum(counts.get(status, 0) for status in Action.CANCEL.sources)
        return Holding(sum(counts.values()), active, self._folders(), self._repository.untold(self._owner))

    def carry_out(self, patience: float = PATIENCE) -> Purged:
        """Cancel, delete, and see to it that the folders leave. May be repeated. Raises TempDirUnusable, before
        anything is done."""
        folders, messages = self._folders(), self._repository.untold(self._owner)
        cancelled = self._repository.cancel_all(self._owner)
        self._wake()
        # What was begun since.
        folders |= self._folders()
        records = 0
        while deleted := self._repository.purge(self._owner):
            records += deleted
        self._repository.found(self._owner)
        self._wake()
        left = self._wait_until_gone(folders, time.monotonic() + patience)
        return Purged(cancelled, records, len(folders - left), left, messages)

    def _folders(self) -> frozenset[int]:
        present = self._tempdir.task_folders() if self._tempdir.inspect() else set()
        return frozenset(self._repository.owned_among(self._owner, present))

    def _wait_until_gone(self, folders: frozenset[int], deadline: float) -> frozenset[int]:
        """Those that are still there at ``deadline`` (monotonic)."""
        pause = threading.Event()
        while left := folders & (self._tempdir.task_folders() if folders else set()):
            if time.monotonic() > deadline:
                break
            self._delete_unless_served(left)
            pause.wait(_PAUSE)
        return frozenset(left)

    def _delete_unless_served(self, folders: frozenset[int]) -> None:
        with self._tempdir.unused() as unused:
            for odr_id in folders if unused else ():
                self._tempdir.delete(odr_id)
