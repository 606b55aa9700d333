"""The log of the host, as far as ours has to do with it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


class HostLog(logging.Handler):
    """``seafevents.log``."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("[%(levelname)s] %(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += self.format(record).split("\n")


@contextlib.contextmanager
def host_log() -> Iterator[HostLog]:
    """The daemon's own logging with ``--loglevel info``; afterwards everything is as before, also what is ours."""
    root, package, library = map(logging.getLogger, (None, "seafevents_offline", "alembic"))
    levels = {logger: logger.level for logger in (root, package, library)}
    ours, propagates = package.handlers[:], package.propagate
    log = HostLog()
    root.addHandler(log)
    root.setLevel(logging.INFO)
    package.handlers[:] = []
    try:
        yield log
    finally:
        for handler in package.handlers:
            handler.close()
        root.removeHandler(log)
        package.handlers[:], package.propagate = ours, propagates
        for logger, level in levels.items():
            logger.setLevel(level)


@contextlib.contextmanager
def own_logging() -> Iterator[None]:
    """For what runs the command line in this very process: it sets up logging as a process of its own would."""
    loggers = [logging.getLogger(name) for name in ("seafevents_offline", "seahub_patch", "django", "waitress")]
    before = [(logger.level, logger.propagate, logger.handlers[:]) for logger in loggers]
    try:
        yield
    finally:
        for logger, (level, propagates, handlers) in zip(loggers, before, strict=True):
            logger.setLevel(level)
            logger.propagate, logger.handlers[:] = propagates, handlers
