"""Where the log goes inside the daemon.

    life and faults of the service      seafevents.log and offline_download.log
    what happens to each task           offline_download.log alone, which lies beside it (SEAFEVENTS_LOG_DIR)

With SEAFILE_LOG_TO_STDOUT=true everything is on stdout, as the host writes it there (``seafevents.app.log``, 12 to 14).
The file is rotated here: the image's own rotation does not know it. Whoever moves or deletes it gets a new one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from typing import TextIO

from ...due import WARNING_PERIOD, Due
from ...text import LineFormatter

FILE = "offline_download.log"

_PACKAGE = __name__.partition(".")[0]

#: A library that we bring along and that tells of its every step.
_TALKATIVE = "alembic"

_IN_FILE = "[%(asctime)s] [%(levelname)s] %(message)s"
_ON_STDOUT = "[seafevents] [%(asctime)s] [%(levelname)s] %(name)s:%(lineno)s %(message)s"
_TIME = "%Y-%m-%d %H:%M:%S"

_MAX_BYTES = 10 * 1024**2
_OLD_FILES = 5

#: How every line about one task begins, whoever writes it.
_OF_A_TASK = re.compile(r"task \d+:")


def install(environ: Mapping[str, str] = os.environ) -> None:
    """From now on; idempotent, and it never raises: a file that cannot be written is one warning a minute."""
    logger = logging.getLogger(_PACKAGE)
    if any(isinstance(handler, _ToHost) for handler in logger.handlers):
        return
    # A daemon that is told to say little says what happened to people's tasks all the same.
    logger.setLevel(min(logging.getLogger().level or logging.INFO, logging.INFO))
    if logging.getLogger(_TALKATIVE).level == logging.NOTSET:
        logging.getLogger(_TALKATIVE).setLevel(logging.WARNING)
    logger.addHandler(_for_tasks(environ))
    logger.addHandler(_ToHost())
    logger.propagate = False


def _for_tasks(environ: Mapping[str, str]) -> logging.Handler:
    handler: logging.Handler
    folder = environ.get("SEAFEVENTS_LOG_DIR", "")
    if folder and environ.get("SEAFILE_LOG_TO_STDOUT") != "true":
        handler = _File(os.path.join(folder, FILE))
        handler.setFormatter(LineFormatter(_IN_FILE, _TIME))
        return handler
    # The host itself says the rest there.
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_is_of_a_task)
    handler.setFormatter(LineFormatter(_ON_STDOUT, _TIME))
    return handler


def _is_of_a_task(record: logging.LogRecord) -> bool:
    return _OF_A_TASK.match(record.getMessage()) is not None


def _is_for_host(record: logging.LogRecord) -> bool:
    """What ends a task unexpectedly is a fault of the service, too."""
    is_wanted = logging.getLogger().isEnabledFor(record.levelno)
    return is_wanted and (record.levelno >= logging.ERROR or not _is_of_a_task(record))


class _ToHost(logging.Handler):
    """On to the host's own log, whose formatters believe every character."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(_is_for_host)
        self.setFormatter(LineFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        line = {"msg": self.format(record), "args": None, "exc_info": None, "exc_text": None, "stack_info": None}
        logging.getLogger().handle(logging.makeLogRecord(record.__dict__ | line))


class _File(RotatingFileHandler):
    """Opened with the first line, and anew when there is another file, or none, under its name."""

    def __init__(self, path: str) -> None:
        super().__init__(path, maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8", delay=True)
        self._warning = Due(WARNING_PERIOD)

    def emit(self, record: logging.LogRecord) -> None:
        stream = self.stream
        if stream is not None and not self._is(stream):
            self.stream = None
            # What a full disk has not taken is lost.
            with contextlib.suppress(OSError):
                stream.close()
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802 (logging's name)
        # One file that is too long is better than none.
        with contextlib.suppress(OSError):
            super().doRollover()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        if self._warning.now(time.monotonic()):
            logging.getLogger().warning("offline download: %s cannot be written: %s", FILE, sys.exc_info()[1])

    def _is(self, stream: TextIO) -> bool:
        """Whether that is still the file under its name."""
        try:
            return os.path.samestat(os.stat(self.baseFilename), os.fstat(stream.fileno()))
        except OSError:
            return False
