"""What the script must know of the page that it is on."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.translation import get_language

from . import host
from .views import assets, catalog


def config(request: Any, page: str) -> dict[str, Any]:
    """``page`` is library, downloads or admin."""
    language = get_language() or settings.LANGUAGE_CODE
    return {
        "page": page,
        "siteRoot": getattr(settings, "SITE_ROOT", "/"),
        "lang": language,
        "csrfToken": get_token(request),
        "username": host.current().username(request),
        "catalogUrl": catalog.address(language),
    }


def asset_address(name: str) -> str:
    """Where a file of the frontend is, by its content, so that a new one is a new address."""
    return str(reverse("offline-download-asset", args=(assets.version_of(assets.FILES), name)))
