"""One task: ``tasks/<odr_id>`` and what its owner may do with it. Other people's are not found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rest_framework.response import Response

from seafevents_offline.errors import NotPossible, TaskNotFound, TooManyTasks
from seafevents_offline.extras import NO_EXTRAS, Extras, Sealed
from seafevents_offline.link import without_user_info
from seafevents_offline.repository import Allowance
from seafevents_offline.status import Action
from seafevents_offline.task import Task

from .. import body, checks
from .base import View
from .shapes import LibraryNames, shapes

# What does not fit into the column is the number of no task.
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Needed:
    """For a task that waits again: the permission to upload, and what its link needs where that was given anew."""

    permission: str = ""
    sealed: Sealed | None = None


class OneTask(View):
    """``GET``, ``PUT`` and ``DELETE api/v2.2/offline-download/tasks/<odr_id>``"""

    def get(self, request: Any, odr_id: str) -> Response:
        return Response({"data": self.shape(self.repository.get(_number(odr_id), self.username))})

    def put(self, request: Any, odr_id: str) -> Response:
        priority = body.priority(request)
        task = self.repository.prioritise(_number(odr_id), priority, self.username)
        self.wake(task.odr_id)
        return Response({"success": True, "data": self.shape(task)})

    def delete(self, request: Any, odr_id: str) -> Response:
        body.nothing(request)
        self.repository.remove(_number(odr_id), self.username)
        self.wake(_number(odr_id))
        return Response({"success": True})

    def shape(self, task: Task) -> dict[str, Any]:
        return shapes([task], LibraryNames(self.host))[0]


class Act(OneTask):
    """``POST api/v2.2/offline-download/tasks/<odr_id>/<verb>``"""

    http_method_names = ("post",)

    def post(self, request: Any, odr_id: str, verb: str) -> Response:
        action, needed = Action[verb.upper()], Needed()
        extras = self._extras(request, action)
        if action in (Action.RESUME, Action.RETRY):
            needed = self._check(request, self.repository.get(_number(odr_id), self.username), action, extras)
        task = self._acted(_number(odr_id), action, needed)
        self.wake(task.odr_id)
        return Response({"success": True, "data": self.shape(task)})

    def _extras(self, request: Any, action: Action) -> Extras:
        if action is Action.RETRY:
            return body.again(request, self.service_settings.cookies)
        body.nothing(request)
        return NO_EXTRAS

    def _acted(self, odr_id: int, action: Action, needed: Needed) -> Task:
        """Other requests of the same user may be under way: the database has the last word."""
        allowance = Allowance.of(self.service_settings)
        try:
            return self.repository.act(
                odr_id,
                action,
                self.username,
                permission=needed.permission,
                sealed=needed.sealed,
                allowance=allowance,
            )
        except TooManyTasks:
            raise self._places().beyond from None

    def _places(self) -> checks.Places:
        return checks.places_to_run(self.repository.usage(self.username), self.service_settings)

    def _check(self, request: Any, task: Task, action: Action, extras: Extras) -> Needed:
        """As for a new one, after what is simpler: whether it is possible at all."""
        if task.status not in action.sources:
            raise NotPossible(odr_id=task.odr_id, state=task.status.state, action=action.value)
        link = without_user_info(task.url)
        checks.link(self.host.policy(), link)
        library = checks.library_for(self.host, request, task.repo_id, task.path)
        # A paused one is counted already.
        if action is Action.RETRY:
            self._places().require()
        return Needed(library.permission, self.host.vault().seal(extras, task.owner, link))


def _number(odr_id: str) -> int:
    if not (odr_id.isascii() and odr_id.isdigit() and len(odr_id) <= _MOST_DIGITS):
        raise TaskNotFound(odr_id=odr_id)
    return int(odr_id)
