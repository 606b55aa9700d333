"""The plugin inside the daemon: it listens where the daemon listens to messages, and downloads where the daemon's
background tasks run.

Whatever is wrong is one message in the daemon's log, and the daemon goes on. A start that failed is not tried again:
what was mended counts when the daemon is started the next time, like every change of seafevents.conf.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import OfflineDownloadError
from ...settings import SECTION, Settings, read_config, unknown_options
from ...text import traceback_of
from ...threads import outlast_main
from . import database, logs

if TYPE_CHECKING:
    from .service import Service

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

#: One step after the other, each once a process.
_lock = threading.Lock()
_taken: set[str] = set()


def listen(_: object = None) -> None:
    """This daemon is going to listen to messages."""
    _take("listen")


def start(app: Any) -> None:
    """``app`` has started all that it starts (Seafile 12 to 14), and main() has nothing left to do."""
    if app._fg_tasks_enabled:
        _take("listen")
    if app._bg_tasks_enabled:
        _take("download")
        if _service() is not None:
            outlast_main()


def start_background(_: object = None) -> None:
    """This daemon starts its background tasks (Seafile 11); those that follow wait for us only where they must."""
    starting = threading.Thread(target=_take, args=("download",), name="offline-start", daemon=True)
    starting.start()
    if sys.version_info >= (3, 12):
        # main() ends when all of them are started, and from then on this Python starts no thread any more.
        starting.join()


def _take(step: str) -> None:
    with _lock:
        if step in _taken:
            return
        _taken.add(step)
        service = _service()
        if service is not None:
            _attempt(getattr(service, step))


@cache
def _service() -> Service | None:
    """This process's, if it can and shall have one: that is found out once."""
    return _attempt(_made)


def _attempt(action: Callable[[], _T]) -> _T | None:
    """None, and one message in the log, when it fails."""
    try:
        return action()
    except OfflineDownloadError as error:
        logger.error("offline download: is off until the next start: %s", error)
    except Exception as error:  # noqa: BLE001 (it is logged)
        logger.error("offline download: is off until the next start%s", traceback_of(error))
    return None


def _made() -> Service | None:
    settings = _settings(os.environ["EVENTS_CONFIG_FILE"])
    if settings is None:
        return None
    # Before what is about to be imported: Alembic already talks while that is done.
    logs.install()
    from .service import Service

    return Service(settings)


def _settings(path: str) -> Settings | None:
    """With the database filled in; None unless it is switched on. Raises SettingsError."""
    if not os.path.exists(path):
        return None
    config = read_config(path)
    if not config.has_section(SECTION):
        return None
    settings = Settings.from_config(config)
    for sentence in unknown_options(config):
        logger.warning("offline download: %s", sentence)
    if not settings.enabled:
        logger.info("offline download: is off; enabled = true in [%s] turns it on", SECTION)
        return None
    return replace(settings, database=settings.database or database.by_factory(path))
