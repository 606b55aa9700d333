"""The host's own style sheets and scripts."""

from __future__ import annotations

from pathlib import Path

from django.http import HttpRequest, HttpResponse

from seahub_patch.views.assets import serve

FILES = Path(__file__).parent / "static"


def static(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """Anybody may have them: there is nothing of anybody in them."""
    return serve(request, FILES, version, name)
