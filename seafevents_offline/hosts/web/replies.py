"""Answers that are one sentence: JSON for programs, a page for people."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

_API = ("/api/", "/api2/")


def sentence(request: HttpRequest, status: int, text: str) -> HttpResponse:
    """``{"error_msg"}`` under the addresses of the API, else a page in the host's look."""
    if request.path_info.startswith(_API):
        return JsonResponse({"error_msg": text}, status=status)
    return render(request, "host/sentence.html", {"sentence": text}, status=status)


def refuse(request: HttpRequest) -> HttpResponse:
    """To somebody who has not signed in."""
    text = _(
        "Please open the link that “make run” prints; it signs this browser in. "
        "The file page-link in the data folder has it too."
    )
    return sentence(request, 403, text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's setting ``CSRF_FAILURE_VIEW``."""
    return sentence(request, 403, _("The page was too old to do this. Please load it again."))


def bad_request(request: HttpRequest, exception: Any) -> HttpResponse:
    return sentence(request, 400, _("This request cannot be understood."))


def forbidden(request: HttpRequest, exception: Any) -> HttpResponse:
    return sentence(request, 403, _("This is not allowed."))


def not_found(request: HttpRequest, exception: Any) -> HttpResponse:
    return sentence(request, 404, _("There is nothing at this address."))


def failed(request: HttpRequest) -> HttpResponse:
    return sentence(request, 500, _("Something went wrong. The log in the data folder says what."))
