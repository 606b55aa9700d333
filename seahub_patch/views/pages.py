"""The pages: a frame, what the script must know, and the script; the rest happens in the browser."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from seafevents_offline.errors import SettingsError

from .. import host
from ..headers import guarded

logger = logging.getLogger(__name__)


@guarded
@require_safe
def downloads(request: HttpRequest) -> HttpResponse:
    """``?url=`` is read by the script, which fills it in and adds nothing by itself."""
    if not host.current().username(request):
        return _by_way_of(resolve_url(settings.LOGIN_URL), request)
    return _page(request, "downloads", _("Offline download"))


@guarded
@require_safe
def admin(request: HttpRequest) -> HttpResponse:
    here = host.current()
    if not here.username(request):
        return _by_way_of(resolve_url(settings.LOGIN_URL), request)
    title = _("Offline download: administration")
    if not here.may_view_logs(request):
        return _show(request, 403, title=title, refusal=_("Only administrators may see this page."))
    if confirmation := here.confirmation(request):
        return _by_way_of(confirmation, request)
    return _page(request, "admin", title)


def _page(request: HttpRequest, page: str, title: str) -> HttpResponse:
    try:
        enabled = host.current().settings().enabled
    except SettingsError as error:
        logger.error("The offline download is off: %s", error)
        return _show(request, 503, title=title, refusal=_("Offline download is not set up rightly."))
    if not enabled:
        return _show(request, 404, title=title, refusal=_("Offline download not supported."))
    # Nothing else of Seahub leads to the administrators' page.
    leads_on = page != "admin" and host.current().may_view_logs(request)
    return _show(request, 200, title=title, page=page, administration="1" if leads_on else "")


def _show(request: HttpRequest, status: int, **context: str) -> HttpResponse:
    context["site_root"] = getattr(settings, "SITE_ROOT", "/")
    answer: HttpResponse = render(request, "offline_download/page.html", context, status=status)
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _by_way_of(address: str, request: HttpRequest) -> HttpResponse:
    # Both Seahub and Django call the parameter so.
    return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")
