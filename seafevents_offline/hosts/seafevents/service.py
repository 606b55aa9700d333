"""The service inside the daemon, put together from what the host has.

With this the rest of the package is imported, so nobody does that before it is known to be switched on.
"""

from __future__ import annotations

import logging
import os
import threading

from ...errors import AlreadyRunning, OfflineDownloadError
from ...handlers import register_handlers
from ...link import host_of
from ...settings import Settings
from ...tasks import OfflineDownloader
from ...threads import survive
from . import notices

logger = logging.getLogger(__name__)

#: Seconds until it is tried again to have the temporary folder, and until anything else is.
_PAUSE_FOR_DAEMON, _PAUSE = 2.0, 60.0


class Service:
    """``settings`` with the database filled in. Nothing is started and nothing connected. Raises SettingsError."""

    def __init__(self, settings: Settings) -> None:
        self._downloader = OfflineDownloader(
            settings,
            own_names=own_names(),
            observers=notices.observers(settings),
            file=os.environ.get("EVENTS_CONFIG_FILE"),
            secret=secret(),
        )
        self._pause = _PAUSE
        self._said = ""

    def listen(self) -> None:
        """Where nothing downloads, a message still puts links into the table; the node that does looks there."""
        from seafevents.app.mq_handler import message_handler

        register_handlers(message_handler, self._downloader)

    def download(self) -> None:
        """What stands in the way may go: another daemon ends (two monitors, somebody in a hurry), a volume is mounted,
        aria2c is installed. So it is tried until it has started, in a thread if it must be."""
        if not self._is_started():
            # Begun here: some versions of Python begin no thread any more when main() has returned.
            action = ("the start", self._start_later)
            threading.Thread(target=survive, args=action, name="offline-wait", daemon=True).start()

    def _start_later(self) -> None:
        pause = threading.Event()
        while not self._is_started():
            pause.wait(self._pause)

    def _is_started(self) -> bool:
        """What keeps it from that is said once, and once more when it is something else."""
        try:
            self._downloader.start()
        except AlreadyRunning:
            self._pause = _PAUSE_FOR_DAEMON
            folder = self._downloader.tempdir.path
            self._say(logging.WARNING, f"another daemon still has {folder}; this one starts when that has ended")
        except OfflineDownloadError as error:
            self._pause = _PAUSE
            self._say(logging.ERROR, f"is off, and tries to start every minute: {error}")
        else:
            return True
        return False

    def _say(self, level: int, sentence: str) -> None:
        if sentence != self._said:
            logger.log(level, "offline download: %s", sentence)
        self._said = sentence


def secret() -> bytes:
    """Seahub's own, of which it makes the same key; empty where it has none."""
    from seahub import settings

    return str(getattr(settings, "SECRET_KEY", "") or "").encode()


def own_names() -> frozenset[str]:
    """The hosts by which people reach this server, for the policy. What administrators of Seafile 11 have changed on
    its pages is not among them: Seahub alone knows that, and goes by it when a link is added."""
    from seahub import settings

    urls = (str(getattr(settings, name, "")) for name in ("SERVICE_URL", "FILE_SERVER_ROOT"))
    return frozenset(filter(None, map(host_of, urls)))
