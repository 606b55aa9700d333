"""One's own list: ``tasks`` and ``cleanup``."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.utils.translation import get_language
from rest_framework.response import Response

from seafevents_offline import __version__
from seafevents_offline.repository import TaskQuery

from .. import body, query
from .base import View
from .shapes import LibraryNames, shapes


class Tasks(View):
    """``GET api/v2.2/offline-download/tasks``"""

    def get(self, request: Any) -> HttpResponse:
        wanted = query.of_owner(request.query_params, self.username)
        tag = self._tag(request)
        answer = HttpResponseNotModified() if _has_already(request, tag) else self._page(wanted)
        answer.headers["ETag"] = tag
        return answer

    def _tag(self, request: Any) -> str:
        """Changes with everything that the answer depends on; the name of a library does not count."""
        parts = (__version__, self.username, get_language() or "", request.META.get("QUERY_STRING", ""))
        state = self.repository.state(self.username)
        return f'"{hashlib.sha256(chr(0).join((*parts, state)).encode()).hexdigest()[:32]}"'

    def _page(self, wanted: TaskQuery) -> Response:
        page = self.repository.find(wanted)
        data = {
            "data": shapes(page.tasks, LibraryNames(self.host)),
            "total_count": page.total,
            "page": wanted.page,
            "per_page": wanted.per_page,
            "has_next_page": wanted.page * wanted.per_page < page.total,
        }
        return Response(data, headers={"X-Total": str(page.total)})


class CleanUp(View):
    """``POST api/v2.2/offline-download/cleanup``"""

    def post(self, request: Any) -> Response:
        states = body.final_states(request)
        return Response({"success": True, "removed": self.repository.clean_up(self.username, states)})


def _has_already(request: Any, tag: str) -> bool:
    seen = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    # Compression on the way makes a tag a weak one.
    return "*" in seen or tag in (one.removeprefix("W/") for one in seen)
