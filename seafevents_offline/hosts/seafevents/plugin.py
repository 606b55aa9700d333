"""The plugin inside the daemon: messages are listened to where the daemon does, downloads run where its background
tasks run (docs/hosts.md has the nodes of a cluster).

Whatever is wrong is one line in the daemon's log; the daemon goes on. A start that failed is tried again when the
daemon is started again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from ...errors import OfflineDownloadError, SettingsError
from ...handlers import register_handlers
from ...link import host_of
from ...settings import SECTION, Settings, read_config, unknown_options
from ...tasks import OfflineDownloader
from ...threads import survive
from . import database

logger = logging.getLogger(__name__)


class Plugin:
    """One daemon's. ``settings`` are enabled and say where the database is."""

    def __init__(self, settings: Settings) -> None:
        self.downloader = OfflineDownloader(settings, own_names=own_names())

    def listen(self) -> None:
        """Be told by messages; the daemon must be about to listen, or be listening already."""
        from seafevents.app.mq_handler import message_handler

        register_handlers(message_handler, self.downloader)

    def download(self) -> None:
        """Raises what OfflineDownloader.start does."""
        self.downloader.start()


_lock = threading.Lock()
_taken: set[Callable[[Plugin], None]] = set()


def start(app: Any) -> None:
    """``app`` has started all that it starts (Seafile 12 to 14)."""
    if app._fg_tasks_enabled:
        _take(Plugin.listen)
    if app._bg_tasks_enabled:
        _take(Plugin.download)


def start_foreground(host: object) -> None:
    """This daemon listens to messages (Seafile 11)."""
    _take(Plugin.listen)


def start_background(host: object) -> None:
    """This daemon runs background tasks (Seafile 11); it is in the midst of starting them and does not wait for us."""
    threading.Thread(target=_take, args=(Plugin.download,), name="offline-start", daemon=True).start()


def _take(step: Callable[[Plugin], None]) -> None:
    """Once a process, whoever asks for it again; raises nothing."""
    with _lock:
        if step not in _taken:
            _taken.add(step)
            survive("offline download", lambda: _try(step))


def _try(step: Callable[[Plugin], None]) -> None:
    plugin = _plugin()
    try:
        if plugin is not None:
            step(plugin)
    except OfflineDownloadError as error:
        logger.error("offline download: stays off: %s", error)


@cache
def _plugin() -> Plugin | None:
    """None, and a line in the log, where it shall not or cannot run."""
    try:
        return _made()
    except SettingsError as error:
        logger.error("offline download: stays off: %s", error)
        return None


def _made() -> Plugin | None:
    path = os.environ["EVENTS_CONFIG_FILE"]
    if not os.path.exists(path):
        return None
    config = read_config(path)
    if not config.has_section(SECTION):
        return None
    for sentence in unknown_options(config):
        logger.warning("offline download: %s", sentence)
    settings = Settings.from_config(config)
    if not settings.enabled:
        logger.info("offline download: is off; [%s] enabled = true turns it on", SECTION)
        return None
    return Plugin(replace(settings, database=settings.database or _host_database(path)))


def _host_database(path: str) -> str:
    try:
        return database.by_factory(path)
    except Exception as error:  # noqa: BLE001 (it becomes ours, without its words: they may quote the password)
        raise SettingsError(
            section=SECTION, option="database", value="", allowed=f"the host's is not known ({type(error).__name__})"
        ) from None


def own_names() -> frozenset[str]:
    """The hosts by which people reach this server: nothing is downloaded from them."""
    try:
        from seahub import settings
    except Exception as error:  # noqa: BLE001 (it is logged)
        logger.warning("offline download: the names of this server are not known (%s)", type(error).__name__)
        return frozenset()
    urls = (getattr(settings, name, "") for name in ("SERVICE_URL", "FILE_SERVER_ROOT"))
    return frozenset(filter(None, (host_of(str(url or "")) for url in urls)))
