"""What must hold before a task is added, resumed or retried, in the order in which it is said."""

from __future__ import annotations

import math
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext, ngettext

from seafevents_offline.egress.admission import admitted
from seafevents_offline.egress.policy import Policy
from seafevents_offline.errors import EgressRefused, InputError
from seafevents_offline.extras import NO_EXTRAS, Extras
from seafevents_offline.link import normalise, split_login
from seafevents_offline.pin import Pin
from seafevents_offline.repository import Usage, utc_now
from seafevents_offline.settings import KNOWN_SCHEMES, Settings

from . import body
from .host import Host, Library
from .replies import Refusal, permission_denied

#: Seahub's own number for a full quota.
OUT_OF_QUOTA = 443

#: Seconds after which it is worth trying again where nobody knows when a place becomes free.
_SOME_TIME = 60


def link(policy: Policy, text: str, given: Extras = NO_EXTRAS) -> tuple[str, Extras]:
    """The link in the one form that is stored, if there is no doubt yet that it may be downloaded, and what it needs:
    what was ``given`` beside it and what is in it."""
    try:
        url, extras = Extras.of_link(text, given)
        return admitted(url, policy), extras
    except (InputError, EgressRefused) as error:
        raise Refusal(400, body.with_reason(gettext("url invalid."), error)) from None


def one_server(links: Collection[str], extras: Extras) -> None:
    """What is given once for several links is for one server; what would not be taken anyway does not count."""
    servers = set()
    for text in links if extras.is_confidential else ():
        with suppress(InputError):
            servers.add(Pin.of(normalise(split_login(text)[0], KNOWN_SCHEMES)).server)
    if len(servers) > 1:
        sentence = gettext("A user name, a password and headers can be given for links to one server only.")
        raise Refusal(400, f"{gettext('urls invalid.')} {sentence}")


def library_for(host: Host, request: Any, repo_id: str, path: str) -> Library:
    """The library, with the permission to upload, after everything that must hold for a file that is to come into this
    folder of it."""
    library = host.library(repo_id)
    if library is None:
        raise Refusal(404, gettext("Library not found."))
    if not host.has_folder(repo_id, path):
        raise Refusal(404, gettext("Folder not found."))
    permission = host.upload_permission(request, repo_id, path) if host.may_use(request) else ""
    if not permission:
        raise permission_denied()
    if library.encrypted:
        raise Refusal(403, gettext("Files cannot be downloaded into an encrypted library. Please choose another one."))
    if library.is_wiki:
        raise Refusal(403, gettext("Files cannot be downloaded into a wiki. Please choose a library."))
    if not host.has_room(repo_id):
        raise Refusal(OUT_OF_QUOTA, gettext("Out of quota."))
    return replace(library, permission=permission)


@dataclass(frozen=True)
class Places:
    """How many more tasks are allowed, and what is said of those beyond."""

    count: int
    beyond: Refusal

    def require(self) -> None:
        if self.count <= 0:
            raise self.beyond


def places_to_run(usage: Usage, settings: Settings) -> Places:
    """How many more tasks of the owner may be unfinished."""
    limit = settings.tasks_per_user
    sentence = ngettext(
        "You have {limit} unfinished task, which is the limit. Please wait until it is done, or cancel it.",
        "You have {limit} unfinished tasks, which is the limit. Please wait until some are done, or cancel some.",
        limit,
    )
    return Places(limit - usage.active, _later(sentence.format(limit=limit), _SOME_TIME))


def places_to_add(usage: Usage, settings: Settings) -> Places:
    """How many links the owner may add now."""
    limit = settings.adds_per_hour
    sentence = ngettext(
        "You have added {limit} link within an hour, which is the limit. Please try again later.",
        "You have added {limit} links within an hour, which is the limit. Please try again later.",
        limit,
    )
    adds = Places(limit - usage.added, _later(sentence.format(limit=limit), _seconds_to(usage.oldest)))
    return min(places_to_run(usage, settings), adds, key=lambda places: places.count)


def _seconds_to(oldest: datetime | None) -> int:
    """Until the oldest add is an hour old."""
    now = utc_now()
    left = ((oldest or now) + timedelta(hours=1) - now).total_seconds()
    # A clock that was set back must not make anybody wait for days.
    return min(3600, max(1, math.ceil(left)))


def _later(sentence: str, seconds: int) -> Refusal:
    return Refusal(429, sentence, headers={"Retry-After": str(seconds)})
