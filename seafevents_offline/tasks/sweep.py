"""What lies in the temporary directory and nobody needs, or nobody needs as much as room on the disk."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ..disk import Disk
from ..repository import Repository
from ..status import OfflineDownloadStatus
from ..tempdir import TempDir

logger = logging.getLogger(__name__)

_S = OfflineDownloadStatus

#: Whose folders go first when there must be room: what is only kept for a retry, what waits, what was told to stay.
_ORDER = (_S.ERROR, _S.WAITING, _S.PAUSED)


@dataclass(frozen=True)
class Held:
    """A task that does not run, and the bytes that its folder takes on the disk."""

    odr_id: int
    status: OfflineDownloadStatus
    size: int


class Sweep:
    """Driven by the scheduler, in the thread that claims: nothing begins meanwhile."""

    def __init__(self, repository: Repository, tempdir: TempDir, disk: Disk) -> None:
        self._repository = repository
        self._tempdir = tempdir
        self._disk = disk

    def turn(self, running: Collection[int]) -> None:
        """Raises TempDirUnusable. ``running``: what a worker has, whose folders are left alone."""
        idle = self._tempdir.task_folders() - set(running)
        if not idle:
            return
        kept = self._repository.kept_folders(self._tempdir.node_id, idle)
        for odr_id in idle - kept:
            logger.info("task %s: its temporary folder is not needed any more", odr_id)
            self._tempdir.delete(odr_id)
        if kept and self._disk.look():
            self._make_room(kept)

    def _make_room(self, kept: Collection[int]) -> None:
        """A full disk on which nothing is begun would stay full for ever, if what fills it were what waits for it."""
        found = self._repository.statuses(kept)
        held = [Held(odr_id, status, self._tempdir.held(odr_id)) for odr_id, (status, _) in found.items()]
        try:
            missing = self._disk.missing()
        except OSError:
            return
        for one in given_up(held, missing):
            logger.warning("task %s: what came of it so far is deleted, because the disk is full", one.odr_id)
            self._tempdir.delete(one.odr_id)


def given_up(held: Iterable[Held], missing: int) -> list[Held]:
    """Few and large ones that together make ``missing`` bytes of room. None where all of them would not do: then the
    disk is full of something else, and what came so far would be lost for nothing."""
    chosen: list[Held] = []
    may_go = [one for one in held if one.status in _ORDER and one.size]
    for one in sorted(may_go, key=lambda one: (_ORDER.index(one.status), -one.size)):
        if missing <= 0:
            break
        chosen.append(one)
        missing -= one.size
    return chosen if missing <= 0 else []
