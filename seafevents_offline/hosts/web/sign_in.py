"""Who may come in: a browser that once opened the link with the token, and nobody else."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

from ..standalone import OWNER
from .replies import refuse

_KEY = "signed_in"
#: Style sheets and scripts hold nothing of anybody; the page that says how to get in looks better with them.
_PUBLIC = "/static/"
#: This route looks at its own token, and denies whoever has none.
_METRICS = "/api/v2.2/admin/offline-download/metrics"


class LocalUser:
    """What Django REST framework and templates look for in a user."""

    username = OWNER
    is_active = True
    is_authenticated = True
    is_staff = True


def is_signed_in(request: Any) -> bool:
    return bool(request.session.get(_KEY, False))


def _is_public(request: HttpRequest) -> bool:
    scrapes = request.path_info.rstrip("/") == _METRICS and "Authorization" in request.headers
    return scrapes or request.path_info.startswith(_PUBLIC)


class SignIn:
    """Middleware: ``/?token=…`` opens the session; without one every answer is a refusal that says what to do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/" and "token" in request.GET:
            return self._open(request)
        if is_signed_in(request):
            request.user = LocalUser()
        elif not _is_public(request):
            return refuse(request)
        return self._get_response(request)

    def _open(self, request: HttpRequest) -> HttpResponse:
        token = request.GET["token"].encode("utf-8", "replace")
        if not hmac.compare_digest(token, settings.OFFLINE_DOWNLOAD_TOKEN.encode()):
            if not is_signed_in(request):
                return refuse(request)
        else:
            request.session[_KEY] = True
        # To an address of ours, fixed: the token shall not stay in the address bar, and nobody chooses where it leads.
        answer = HttpResponseRedirect("/")
        add_never_cache_headers(answer)
        return answer
