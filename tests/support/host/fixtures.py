"""Servers of any family, each with a database of its own."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..mariadb import MariaDb
from .server import Server

_numbers = itertools.count(1)

MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(mariadb: MariaDb, tmp_path: Path) -> Iterator[MakeServer]:
    """``make_server(13, charset="utf8mb4")``: planted, and seaf-server answers. ``charset`` is the database's default;
    else it is the MariaDB server's, latin1."""
    with contextlib.ExitStack() as stack:

        def make(version: int, charset: str = "", **more: Any) -> Server:
            name = f"host_{next(_numbers)}"
            mariadb.execute(f"CREATE DATABASE {name} {'CHARACTER SET ' if charset else ''}{charset}")
            stack.callback(mariadb.execute, f"DROP DATABASE {name}")
            return stack.enter_context(Server(version, tmp_path / name, mariadb.url(name), **more))

        yield make
