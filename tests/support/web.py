"""The embedded host's pages in this process, behind Django's test client: no socket, no download service."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from seafevents_offline.hosts.standalone import REPO_ID, EmbeddedHost

from .ports import ALLOWED

if TYPE_CHECKING:
    from django.test import Client

_PORT = 8470


class Web:
    """The host, its library, and browsers for it."""

    def __init__(self, host: EmbeddedHost, token: str) -> None:
        self.host = host
        self.token = token
        self.library = Path(host.settings.library)

    def stranger(self, **defaults: Any) -> Client:
        """A browser that has not signed in; ``defaults`` are headers as WSGI names them."""
        from django.test import Client

        return Client(enforce_csrf_checks=True, **{"HTTP_HOST": f"127.0.0.1:{_PORT}", **defaults})

    def browser(self, **defaults: Any) -> Client:
        """One that has."""
        client = self.stranger(**defaults)
        assert client.get("/", {"token": self.token}).status_code == 302
        return client

    def folder(self, path: str = "/") -> str:
        """The address of a folder's page."""
        return f"/library/{REPO_ID}/library{quote(path)}"

    def file(self, path: str) -> str:
        return f"/lib/{REPO_ID}/file{quote(path)}"

    def api(self, version: str = "api/v2.1") -> str:
        """The address of the API's answer about folders."""
        return f"/{version}/repos/{REPO_ID}/dir/"


def config_of(answer: Any) -> Any:
    """What a page tells the script."""
    found = re.search(r'<script id="offline-download-config" type="application/json">(.*?)</script>', text_of(answer))
    return None if found is None else json.loads(found.group(1))


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


def configure_django() -> None:
    """Once a process; what a test needs besides is set for that test alone."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(INSTALLED_APPS=["seahub_patch"], LOGGING_CONFIG=None, USE_TZ=True, SECRET_KEY="tests")
        django.setup(set_prefix=False)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """The pages of a host in an empty folder."""
    configure_django()
    from django.test import override_settings

    from seafevents_offline.hosts.web import keys
    from seafevents_offline.hosts.web.configuration import configuration
    from seafevents_offline.hosts.web.host import WebHost

    host = EmbeddedHost.open(data=tmp_path / "data", library=tmp_path / "library", allow=ALLOWED)
    secret = keys.read(host.data)
    with override_settings(**configuration(WebHost(host), secret, _PORT)):
        yield Web(host, secret.token)
    host.close()
