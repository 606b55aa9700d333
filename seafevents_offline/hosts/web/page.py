"""The page of a serving embedded host: its link, its start and its end."""

from __future__ import annotations

import logging
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from ..standalone import EmbeddedHost
from . import keys
from .configuration import configuration
from .host import WebHost
from .server import ADDRESS, WebServer

logger = logging.getLogger(__name__)

_LINK = "page-link"


class Page:
    """``listen`` before the host starts, ``start`` after it; one a process, because Django is configured only once."""

    def __init__(self, host: EmbeddedHost, port: int) -> None:
        self._host = host
        self._server = WebServer(port)

    def listen(self) -> None:
        """Take the port, so that nothing begins when there is none. Raises PortUnavailable."""
        self._server.listen()

    def start(self) -> str:
        """Answer requests; gives the link that signs a browser in. Raises StorageUnavailable."""
        # Only now: the one process that serves the data folder makes its secret.
        secret = keys.read(self._host.data)
        settings.configure(**configuration(WebHost(self._host), secret, self._server.port))
        django.setup(set_prefix=False)
        self._server.start(get_wsgi_application())
        link = f"http://{ADDRESS}:{self._server.port}/?token={secret.token}"
        self._write_down(link)
        return link

    def stop(self, timeout: float = 2.0) -> None:
        """Give up the port; idempotent."""
        self._server.stop(timeout)

    def _write_down(self, link: str) -> None:
        path = self._host.data / _LINK
        try:
            path.unlink(missing_ok=True)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            logger.warning("The link of the page cannot be written into %s: %s", path, error.strerror)
            return
        with open(fd, "w", encoding="ascii") as file:
            file.write(f"{link}\n")
