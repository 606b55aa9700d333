"""Query strings as typed values. Everything that is wrong with one is a Refusal."""

from __future__ import annotations

import re
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from seafevents_offline.link import MAX_LINK_LENGTH
from seafevents_offline.repository import SORTS, TaskQuery

from .body import repo_id_of, states_of
from .replies import Refusal

MAX_PER_PAGE = 100

# More pages than this are a mistake, and databases cannot count as far as people can type.
_MAX_PAGE = 1_000_000
_NUMBER = re.compile(r"[0-9]{1,7}")


def of_owner(parameters: QueryDict, owner: str) -> TaskQuery:
    """``?page=1&per_page=10&status=&repo_id=&q=&sort=``; what is empty is as if it was missing."""
    page, per_page = pages(parameters, 10)
    repo_id = parameters.get("repo_id", "")
    return TaskQuery(
        owner=owner,
        statuses=states_of(parameters.getlist("status")),
        repo_id=repo_id_of(repo_id) if repo_id else "",
        text=text(parameters),
        sort=_sort(parameters.get("sort") or "-odr_id"),
        page=page,
        per_page=per_page,
    )


def pages(parameters: QueryDict, per_page: int) -> tuple[int, int]:
    """``page`` and ``per_page``, both from 1."""
    return _whole(parameters, "page", 1, _MAX_PAGE), _whole(parameters, "per_page", per_page, MAX_PER_PAGE)


def text(parameters: QueryDict) -> str:
    """``q``, without blanks around it; as long as the longest link that can be found."""
    found = str(parameters.get("q", "")).strip()
    if len(found) > MAX_LINK_LENGTH:
        raise Refusal(400, gettext("q invalid."))
    return found


def _whole(parameters: QueryDict, name: str, default: int, most: int) -> int:
    found: Any = parameters.get(name) or str(default)
    if not _NUMBER.fullmatch(found) or not 1 <= int(found) <= most:
        raise Refusal(400, gettext("page or per_page invalid."))
    return int(found)


def _sort(name: str) -> str:
    if name not in SORTS:
        raise Refusal(400, gettext("sort invalid."))
    return name
