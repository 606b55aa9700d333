"""The translations of the frontend, made from the same files as those of the server's own sentences."""

from __future__ import annotations

import gettext
import os
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import override, to_locale
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from django.views.i18n import JSONCatalog

from ..headers import guarded
from .assets import cache_control, nothing, version_of

LOCALES = Path(__file__).parents[1] / "locale"


def address(language: str) -> str | None:
    """Where the catalogue of a language is; None where there is none, and English stands."""
    found = next((name for name in (language, language.partition("-")[0]) if _exists(name)), None)
    return found and str(reverse("offline-download-catalog", args=(version_of(LOCALES), found)))


@guarded
@require_safe
@gzip_page
def catalog(request: HttpRequest, version: str, language: str) -> HttpResponse:
    """``{"catalog": {msgid: text | [plural forms]}, "plural": …}``: of our texts alone, not of all of Seahub's."""
    if not _exists(language):
        return nothing()
    with override(language):
        answer: HttpResponse = _Catalog.as_view(language=language)(request)
    answer.headers["Cache-Control"] = cache_control(version == version_of(LOCALES))
    return answer


class _Catalog(JSONCatalog):
    language = ""

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        # Django's own way to a translation of this domain takes all apps' texts.
        self.translation = gettext.translation("django", str(LOCALES), [to_locale(self.language)])
        answer: HttpResponse = self.render_to_response(self.get_context_data())
        return answer


def _exists(language: str) -> bool:
    # Unlike a Path's own method this takes a name of any length for one that is not there.
    return os.path.isfile(LOCALES / str(to_locale(language)) / "LC_MESSAGES" / "django.mo")
