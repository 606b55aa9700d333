"""The plugin inside the daemon: it listens where the daemon listens to messages, and downloads where the daemon's
background tasks run.

Whatever is wrong is one message in the daemon's log, and the daemon goes on. A start that failed is not tried again:
what was mended counts when the daemon is started the next time, like every change of seafevents.conf.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

from ...errors import OfflineDownloadError
from ...handlers import register_handlers
from ...link import host_of
from ...settings import SECTION, Settings, read_config, unknown_options
from ...tasks import OfflineDownloader
from ...text import traceback_of
from . import database, logs, notices

logger = logging.getLogger(__name__)

_T = TypeVar("_T")

#: One step after the other, each once a process.
_lock = threading.Lock()
_taken: set[Callable[[OfflineDownloader], None]] = set()


def listen(_: object = None) -> None:
    """This daemon is going to listen to messages."""
    _take(_listen)


def start(app: Any) -> None:
    """``app`` has started all that it starts (Seafile 12 to 14)."""
    if app._fg_tasks_enabled:
        listen()
    if app._bg_tasks_enabled:
        _take(_download)


def start_background(_: object = None) -> None:
    """This daemon starts its background tasks (Seafile 11); those that follow do not wait for us."""
    threading.Thread(target=_take, args=(_download,), name="offline-start", daemon=True).start()


def _listen(downloader: OfflineDownloader) -> None:
    from seafevents.app.mq_handler import message_handler

    # Where it is not started, the node that runs it looks into the table by itself.
    register_handlers(message_handler, downloader)


def _download(downloader: OfflineDownloader) -> None:
    downloader.start()


def _take(step: Callable[[OfflineDownloader], None]) -> None:
    with _lock:
        if step in _taken:
            return
        _taken.add(step)
        downloader = _downloader()
        if downloader is not None:
            _attempt(lambda: step(downloader))


@cache
def _downloader() -> OfflineDownloader | None:
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


def _made() -> OfflineDownloader | None:
    """Nothing is started and nothing connected."""
    settings = _settings(os.environ["EVENTS_CONFIG_FILE"])
    if settings is None:
        return None
    logs.install()
    return OfflineDownloader(settings, own_names=own_names(), observers=notices.observers(settings))


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


def own_names() -> frozenset[str]:
    """The hosts by which people reach this server, for the policy. What administrators of Seafile 11 have changed on
    its pages is not among them: Seahub alone knows that, and goes by it when a link is added."""
    from seahub import settings

    urls = (str(getattr(settings, name, "")) for name in ("SERVICE_URL", "FILE_SERVER_ROOT"))
    return frozenset(filter(None, map(host_of, urls)))
