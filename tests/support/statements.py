"""How many statements a call sends to the database, and what the database makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from seafevents_offline.repository import Repository

from .records import NODE


class Counter:
    """The statements of one call, BEGIN and COMMIT included."""

    def __init__(self, repo: Repository) -> None:
        self.is_sqlite = repo._database.is_sqlite
        self._seen: list[str] = []
        event.listen(repo._database.engine, "before_cursor_execute", self._note)

    def _note(self, connection: object, cursor: object, statement: str, *_: object) -> None:
        self._seen.append(statement)

    def of(self, call: Callable[[], object]) -> int:
        self._seen.clear()
        call()
        return len(self._seen)


def plans(repo: Repository, call: Callable[[], object]) -> list[str]:
    """What the database says of each statement that the call sends: its indexes and how they are used."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, cursor: object, statement: str, parameters: object, *more: object) -> None:
        seen.append((statement, parameters))

    engine = repo._database.engine
    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if repo._database.is_sqlite else "EXPLAIN "
    with engine.connect() as connection:
        return [str(connection.exec_driver_sql(explain + text, values).mappings().all()) for text, values in seen]


@pytest.fixture
def statements(repo: Repository) -> Counter:
    """Of ``repo``, which is connected already."""
    repo.survey(NODE)
    return Counter(repo)
