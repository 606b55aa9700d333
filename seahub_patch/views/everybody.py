"""Everybody's tasks as administrators may see them: whose they are, and nothing secret of the links."""

from __future__ import annotations

import logging
from typing import Any

from django.http import QueryDict

from seafevents_offline.link import without_query
from seafevents_offline.repository import TaskQuery
from seafevents_offline.shape import shape
from seafevents_offline.task import Task
from seafevents_offline.text import traceback_of

from .. import query
from ..body import states_of
from ..host import Host, Person
from .shapes import LibraryNames

logger = logging.getLogger(__name__)

#: Names that are remembered; an export of everything has no end that is known.
_MOST = 2000


def wanted(parameters: QueryDict) -> TaskQuery:
    """``?page=1&per_page=25&owner=&status=&q=``; also what its owners have removed."""
    page, per_page = query.pages(parameters, 25)
    return TaskQuery(
        owner=parameters.get("owner") or None,
        statuses=states_of(parameters.getlist("status")),
        text=query.text(parameters),
        page=page,
        per_page=per_page,
        hidden=True,
        redacted=True,
    )


class Shaper:
    """Makes JSON of tasks for one answer; each library and each person is asked for once."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._libraries = LibraryNames(host)
        self._people: dict[str, Person] = {}
        self._answers = True
        self._shaped = 0

    def shape(self, task: Task) -> dict[str, Any]:
        self._shaped += 1
        if self._shaped % _MOST == 0:
            self._libraries = LibraryNames(self._host)
            self._people.clear()
        owner = self._person(task.owner)
        return {
            **shape(task, self._libraries.of(task.repo_id)),
            "url": without_query(task.url),
            "owner_name": owner.name,
            "owner_contact_email": owner.contact_email,
            "removed": task.hidden_at is not None,
        }

    def _person(self, username: str) -> Person:
        if username not in self._people:
            self._people[username] = self._ask(username)
        return self._people[username]

    def _ask(self, username: str) -> Person:
        if self._answers:
            try:
                return self._host.person(username)
            except Exception as error:  # noqa: BLE001 (it is logged)
                # Whatever the host's tables raise: a log with internal names is better than none.
                logger.warning("The names of users cannot be had%s", traceback_of(error))
                self._answers = False
        return Person(username, username, "")
