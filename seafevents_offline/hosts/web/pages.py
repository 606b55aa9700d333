"""The library page, and the files behind it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_safe

from seahub_patch import host

from ...filename import safe_name
from ..standalone import REPO_ID
from .addresses import file_address, join, library_address
from .host import WebHost
from .library import Entry, Folder, parts_of

#: Of the year 9999.
_LAST_SECOND = 253_402_300_799.0


@require_safe
def root(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(library_address("/"))


@require_safe
def library(request: HttpRequest, repo_id: str, name: str, path: str = "") -> HttpResponse:
    """A folder; ``name`` is for people only, as in Seahub."""
    folder = _folder(repo_id)
    try:
        parts = parts_of(path)
        entries = folder.entries(path)
    except OSError as error:
        raise Http404 from error
    here = "/" + "/".join(parts)
    context = {
        "repo_id": repo_id,
        "path": here,
        "crumbs": _crumbs(folder.name, parts),
        "entries": [_row(here, entry) for entry in entries],
        "may_upload": host.current().may_upload(request, repo_id, here),
    }
    return render(request, "host/library.html", context)


@require_safe
def file(request: HttpRequest, repo_id: str, path: str) -> HttpResponse:
    """To be saved, never to be shown: whatever a page from the internet holds must not run as one of ours."""
    try:
        opened = _folder(repo_id).open_file(path)
    except OSError as error:
        raise Http404 from error
    name = safe_name(parts_of(path)[-1])
    answer = FileResponse(opened, as_attachment=True, filename=name, content_type="application/octet-stream")
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Remember ``?lang=`` and go back to ``?next=``."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    answer = HttpResponseRedirect(target)
    wanted = request.GET.get("lang", "")
    if check_for_language(wanted):
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, wanted, max_age=365 * 86400, samesite="Lax")
    return answer


def _folder(repo_id: str) -> Folder:
    here = host.current()
    assert isinstance(here, WebHost)
    if repo_id != REPO_ID:
        raise Http404
    return here.folder


def _crumbs(name: str, parts: tuple[str, ...]) -> list[dict[str, str]]:
    """The way to the folder; the last one is the folder itself."""
    paths = ["/", *("/" + "/".join(parts[: depth + 1]) for depth in range(len(parts)))]
    return [
        {"name": label, "path": path, "address": library_address(path)}
        for label, path in zip((name, *parts), paths, strict=True)
    ]


def _row(folder: str, entry: Entry) -> dict[str, Any]:
    path = join(folder, entry.name)
    return {
        "name": entry.name,
        "is_folder": entry.is_folder,
        "size": entry.size,
        # File systems know times that calendars do not.
        "modified": datetime.fromtimestamp(min(max(entry.mtime, 0.0), _LAST_SECOND), timezone.utc),
        "path": path,
        "address": library_address(path) if entry.is_folder else file_address(path),
    }
