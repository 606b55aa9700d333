"""Where the log goes: warnings to stderr; what the service does into ``<data>/logs``, and to stderr for ``serve``."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from ..errors import StorageUnavailable
from ..text import LineFormatter

_PACKAGES = (__name__.partition(".")[0], "seahub_patch")
#: What the page is made of; it is heard when it fails, not each time that somebody mistypes an address.
_LIBRARIES = ("django", "waitress")
_SHORT = "%(message)s"
_LONG = "[%(asctime)s] %(levelname)s %(threadName)s %(message)s"
_MAX_BYTES = 5 * 1024**2
_OLD_FILES = 3


def warnings_to_stderr() -> None:
    """For verbs that do their work at once."""
    _set(logging.WARNING, _SHORT, logging.StreamHandler(sys.stderr))


def nothing() -> None:
    """For verbs that say everything themselves."""
    _set(logging.CRITICAL, _SHORT, logging.StreamHandler(sys.stderr))


def service_to_file(data: Path) -> None:
    """For a process that may serve, while stderr belongs to its display. Raises StorageUnavailable."""
    _set(logging.INFO, _LONG, _file(data))


def service_to_file_and_stderr(data: Path) -> None:
    """For a process that does nothing but serve. Raises StorageUnavailable."""
    _set(logging.INFO, _LONG, _file(data), logging.StreamHandler(sys.stderr))


def _file(data: Path) -> logging.Handler:
    folder = data / "logs"
    try:
        folder.mkdir(exist_ok=True)
        return _File(folder / "offline-download.log", maxBytes=_MAX_BYTES, backupCount=_OLD_FILES, encoding="utf-8")
    except OSError as error:
        raise StorageUnavailable(detail=f"{folder}: {error.strerror}") from error


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        # Of a full disk each line would print two tracebacks, into the middle of a display.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def close(self) -> None:
        # What a full disk has not taken is lost.
        with contextlib.suppress(OSError):
            super().close()


def _set(level: int, line: str, *handlers: logging.Handler) -> None:
    """Instead of what was set before; other packages' loggers are left alone."""
    for handler in handlers:
        handler.setFormatter(LineFormatter(line))
    for names, threshold in ((_PACKAGES, level), (_LIBRARIES, logging.ERROR)):
        for name in names:
            _set_one(logging.getLogger(name), threshold, handlers)


def _set_one(logger: logging.Logger, level: int, handlers: Sequence[logging.Handler]) -> None:
    for old in logger.handlers[:]:
        logger.removeHandler(old)
        old.close()
    for handler in handlers:
        logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False
