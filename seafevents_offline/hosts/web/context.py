"""What every page of the host needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from seahub_patch.views.assets import version_of

from .addresses import library_address
from .sign_in import is_signed_in
from .static import FILES


def host(request: HttpRequest) -> dict[str, Any]:
    """A context processor."""
    return {
        "static_root": reverse("host-static", args=(version_of(FILES), "x")).removesuffix("x"),
        "library_root": library_address("/"),
        # Each in its own words, whatever the page's language.
        "languages": settings.LANGUAGES,
        "signed_in": is_signed_in(request),
    }
