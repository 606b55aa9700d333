"""The service inside the daemon, put together from what the host has.

With this the rest of the package is imported, so nobody does that before it is known to be switched on.
"""

from __future__ import annotations

from ...handlers import register_handlers
from ...link import host_of
from ...settings import Settings
from ...tasks import OfflineDownloader
from . import notices


class Service:
    """``settings`` with the database filled in. Nothing is started and nothing connected. Raises SettingsError."""

    def __init__(self, settings: Settings) -> None:
        self._downloader = OfflineDownloader(settings, own_names=own_names(), observers=notices.observers(settings))

    def listen(self) -> None:
        """Where nothing downloads, a message still puts links into the table; the node that does looks there."""
        from seafevents.app.mq_handler import message_handler

        register_handlers(message_handler, self._downloader)

    def download(self) -> None:
        """Raises what OfflineDownloader.start does."""
        self._downloader.start()


def own_names() -> frozenset[str]:
    """The hosts by which people reach this server, for the policy. What administrators of Seafile 11 have changed on
    its pages is not among them: Seahub alone knows that, and goes by it when a link is added."""
    from seahub import settings

    urls = (str(getattr(settings, name, "")) for name in ("SERVICE_URL", "FILE_SERVER_ROOT"))
    return frozenset(filter(None, map(host_of, urls)))
