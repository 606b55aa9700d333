"""Fixtures of the servers that tests talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .http_server import HttpServer


@pytest.fixture
def http_server() -> Iterator[HttpServer]:
    """A fresh scripted HTTP server on 127.0.0.1."""
    with HttpServer() as server:
        yield server
