"""Tasks as JSON, with what only the host knows of them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from seafevents_offline.shape import shape
from seafevents_offline.task import Task
from seafevents_offline.text import traceback_of

from ..host import Host

logger = logging.getLogger(__name__)


class LibraryNames:
    """The names of libraries for one answer: each is asked for once. Empty for one that is gone."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[str, str] = {}
        self._answers = True

    def of(self, repo_id: str) -> str:
        if repo_id not in self._known:
            self._known[repo_id] = self._ask(repo_id) if self._answers else ""
        return self._known[repo_id]

    def _ask(self, repo_id: str) -> str:
        try:
            return self._host.library_name(repo_id)
        except Exception as error:  # noqa: BLE001 (it is logged)
            # Whatever the host's RPC raises: a list without names is better than none. The others would fail as well.
            logger.warning("The names of libraries cannot be had%s", traceback_of(error))
            self._answers = False
            return ""


def shapes(tasks: Iterable[Task], names: LibraryNames) -> list[dict[str, Any]]:
    return [shape(task, names.of(task.repo_id)) for task in tasks]
