"""``PUT api/v2.2/offline-download/add``: one link or many, inserted at once."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext
from rest_framework.response import Response

from seafevents_offline.errors import DatabaseUnavailable, InputError, TooManyAdds, TooManyTasks, VaultUnavailable
from seafevents_offline.extras import Extras
from seafevents_offline.repository import Allowance
from seafevents_offline.task import NewTask, Task

from .. import body, checks, replies
from ..body import Addition
from ..host import Library
from ..replies import Refusal
from .base import View
from .shapes import LibraryNames, shapes

logger = logging.getLogger(__name__)


class Add(View):
    """What concerns all links refuses the request; what concerns one of several is said of that one."""

    def put(self, request: Any) -> Response:
        wanted = body.addition(request, self.service_settings.cookies)
        try:
            return self._add_many(request, wanted) if wanted.many else self._add_one(request, wanted)
        except DatabaseUnavailable as error:
            raise _not_saved(error) from None

    def _add_one(self, request: Any, wanted: Addition) -> Response:
        url, extras = checks.link(self.host.policy(), wanted.links[0], wanted.extras)
        library = checks.library_for(self.host, request, wanted.repo_id, wanted.path)
        self._places().require()
        task = self._added(self._new(wanted, url, extras, library))
        self.wake(task.odr_id)
        return Response({"success": True, "data": self._shapes([task])})

    def _add_many(self, request: Any, wanted: Addition) -> Response:
        checks.one_server(wanted.links, wanted.extras)
        library = checks.library_for(self.host, request, wanted.repo_id, wanted.path)
        places, policy = self._places(), self.host.policy()
        places.require()
        added: list[Task] = []
        failed: list[tuple[str, Refusal]] = []
        for text in wanted.links:
            try:
                url, extras = checks.link(policy, text, wanted.extras)
                if len(added) >= places.count:
                    raise places.beyond
                added.append(self._added(self._new(wanted, url, extras, library)))
            except (Refusal, InputError, VaultUnavailable) as error:
                failed.append((text, replies.failure(error)))
            except DatabaseUnavailable as error:
                # Those before are in the list and must not be denied.
                if not added:
                    raise
                failed.append((text, _not_saved(error)))
        if added:
            self.wake(added[0].odr_id)
        return Response({"success": True, "data": self._shapes(added), "failed": [_failed(*one) for one in failed]})

    def _added(self, new: NewTask) -> Task:
        """Other requests of the same user may be under way: the database has the last word."""
        try:
            return self.repository.add(new, Allowance.of(self.service_settings))
        except (TooManyTasks, TooManyAdds):
            raise self._places().beyond from None

    def _places(self) -> checks.Places:
        return checks.places_to_add(self.repository.usage(self.username), self.service_settings)

    def _new(self, wanted: Addition, url: str, extras: Extras, library: Library) -> NewTask:
        return NewTask(
            repo_id=wanted.repo_id,
            path=wanted.path,
            url=url,
            owner=self.username,
            name=wanted.name,
            priority=wanted.priority,
            quota_subject=library.quota_subject,
            permission=library.permission,
            checksum=wanted.checksum,
            sealed=self.host.vault().seal(extras, self.username, url),
        )

    def _shapes(self, tasks: list[Task]) -> list[dict[str, Any]]:
        return shapes(tasks, LibraryNames(self.host))


def _failed(text: str, refusal: Refusal) -> dict[str, Any]:
    return {"url": replies.printable(text), "error_msg": replies.printable(refusal.sentence)}


def _not_saved(error: DatabaseUnavailable) -> Refusal:
    logger.error("A task was not saved: %s", error)
    return Refusal(500, gettext("The link could not be saved. Please try again later."))
