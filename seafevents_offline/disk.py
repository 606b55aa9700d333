"""The disk that the temporary folder is on: how full it is, and what running downloads are still going to write there.

An engine allocates nothing in advance, because a lying server would fill the disk with one line; so what is going to
come is counted here, and nowhere else.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DiskReserved, TempDirUnusable
from .threads import offload

logger = logging.getLogger(__name__)

#: Gives what ``os.statvfs`` gives of a folder.
Look = Callable[[Path], Any]


@dataclass(frozen=True)
class Space:
    """Bytes that programs which are not root's can have, as ``df`` counts them. ``total`` 0: the disk does not say."""

    free: int
    total: int

    @property
    def percent(self) -> float:
        """How much is in use."""
        return 100 * (1 - self.free / self.total) if self.total else 0.0

    def below(self, percent: float) -> int:
        """How much may come until so much is in use; negative when more is."""
        return self.free - int(self.total * (100 - percent) / 100)


def space(folder: Path, look: Look = os.statvfs) -> Space:
    """Raises OSError."""
    found = offload(look, folder)
    used = found.f_blocks - found.f_bfree
    return Space(found.f_bavail * found.f_frsize, (used + found.f_bavail) * found.f_frsize)


def used(folder: Path) -> int:
    """Bytes that all files in it take on the disk; what may not be looked at counts nothing."""
    return offload(_used, folder)


class Disk:
    """Full from ``high`` percent on until no more than ``low`` percent are in use. Any thread may call any method."""

    def __init__(self, folder: Path, high: float, low: float, look: Look = os.statvfs) -> None:
        self.is_full = False
        self._folder = folder
        self._high = high
        self._low = low
        self._statvfs = look
        self._coming: dict[int, int] = {}
        self._guard = threading.Lock()

    def space(self) -> Space:
        """Raises OSError."""
        return space(self._folder, self._statvfs)

    def look(self) -> bool:
        """Whether it is full now. One that cannot be looked at stays what it was: that is said elsewhere."""
        try:
            percent = self.space().percent
        except OSError:
            return self.is_full
        if percent >= self._high and not self.is_full:
            self.is_full = True
            logger.warning(
                "the disk of %s is full (%.0f %%): nothing is begun until no more than %g %% are in use",
                *(self._folder, percent, self._low),
            )
        elif percent <= self._low and percent < self._high and self.is_full:
            self.is_full = False
            logger.info("there is room again on the disk of %s (%.0f %%)", self._folder, percent)
        return self.is_full

    def missing(self) -> int:
        """How many bytes must go until it is not full any more. Raises OSError."""
        # Where both marks are the same, exactly there is still full.
        room = self.space().below(self._low) - (self._low >= self._high)
        return max(0, -room)

    @contextmanager
    def share(self, odr_id: int) -> Iterator[Share]:
        """What one running download is going to write; nothing of it counts any more when it has ended."""
        try:
            yield Share(self, odr_id)
        finally:
            with self._guard:
                self._coming.pop(odr_id, None)

    def reserve(self, odr_id: int, coming: int) -> None:
        """One after the other, so that two do not get the same room."""
        with self._guard:
            others = sum(self._coming.values()) - self._coming.get(odr_id, 0)
            try:
                found = self.space()
            except OSError as error:
                raise TempDirUnusable(path=str(self._folder), detail=error.strerror or str(error)) from error
            if found.total and others + coming > found.below(self._high):
                raise DiskReserved()
            self._coming[odr_id] = coming

    def note(self, odr_id: int, coming: int) -> None:
        with self._guard:
            self._coming[odr_id] = coming


@dataclass(frozen=True)
class Share:
    """One download's part of a Disk."""

    disk: Disk
    odr_id: int

    def reserve(self, coming: int) -> None:
        """So many bytes are still to come. Raises DiskReserved when they do not fit beside what is there and what the
        other downloads are going to write; TempDirUnusable."""
        self.disk.reserve(self.odr_id, coming)

    def note(self, coming: int) -> None:
        """So many are left of them."""
        self.disk.note(self.odr_id, coming)


def _used(folder: Path) -> int:
    total = 0
    for here, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(here, name)).st_blocks * 512
            except OSError:
                # It was finished meanwhile.
                continue
    return total
