"""The option ``speed-limit`` while downloads run: changed in the settings file, it counts without a restart."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..due import Due
from ..errors import SettingsError
from ..settings import Settings, read_config
from ..threads import offload
from ..units import format_size
from .timer import Ticking

logger = logging.getLogger(__name__)

#: How often the file is looked at, in seconds.
PERIOD = 60.0

#: What a file is told by from what it was.
_Mark = tuple[int, int, int]


class SpeedLimit:
    """Driven by one thread. ``change`` gets the bytes a second of all downloads together, 0 for any."""

    def __init__(self, file: Path, now: int, change: Callable[[int], None]) -> None:
        """``now``: what holds already."""
        self._file = file
        self._limit = now
        self._change = change
        self._due = Due(PERIOD)
        self._seen: _Mark | None = None

    def turn(self, now: float) -> None:
        """Look, when it is time. A file that is not there or not valid changes nothing: somebody may be writing it."""
        if not self._due.now(now):
            return
        try:
            mark = offload(_mark, self._file)
            if mark == self._seen:
                return
            self._seen = mark
            limit = Settings.from_config(offload(read_config, self._file)).speed_limit
        except OSError:
            return
        except SettingsError as error:
            logger.warning("offline download: the changed settings are not valid, so speed-limit stays: %s", error)
            return
        if limit != self._limit:
            self._limit = limit
            self._change(limit)
            words = f"{format_size(limit)} a second" if limit else "no limit"
            logger.info("offline download: speed-limit is %s from now on", words)


@dataclass(frozen=True)
class Watching:
    """Does what ``ticking`` does, and looks at the file before that, whatever becomes of the rest."""

    limit: SpeedLimit
    ticking: Ticking

    def tick(self, now: float, *, woken: bool) -> float:
        self.limit.turn(now)
        return self.ticking.tick(now, woken=woken)


def _mark(file: Path) -> _Mark:
    found = os.stat(file)
    return found.st_mtime_ns, found.st_size, found.st_ino
