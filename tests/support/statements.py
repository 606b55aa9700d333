"""How many statements a call sends to the database."""

from __future__ import annotations

from collections.abc import Callable

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


@pytest.fixture
def statements(repo: Repository) -> Counter:
    """Of ``repo``, which is connected already."""
    repo.survey(NODE)
    return Counter(repo)
