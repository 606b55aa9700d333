"""A temporary directory that somebody deletes under a running service is made anew; the engine begins again there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from ..tempdir import TempDir
from .timer import Ticking

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mending:
    """Does what ``ticking`` does, and looks at the directory before that. ``renew``: tell the engine."""

    tempdir: TempDir
    renew: Callable[[], None]
    ticking: Ticking

    def tick(self, now: float, *, woken: bool) -> float:
        if self.tempdir.mend():
            logger.warning("the temporary folder %s was deleted by somebody and is made anew", self.tempdir.path)
            self.renew()
        return self.ticking.tick(now, woken=woken)
