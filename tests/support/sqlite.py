"""SQLite's file, as another process has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager


@contextmanager
def nobody_else_writes(url: str) -> Iterator[None]:
    """On SQLite, where a writer keeps all others out; of a server nothing is asked."""
    if not url.startswith("sqlite"):
        yield
        return
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, isolation_level=None)
    with closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        yield
