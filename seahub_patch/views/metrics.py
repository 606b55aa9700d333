"""``GET api/v2.2/admin/offline-download/metrics``: the service's figures, for a monitoring program with its token."""

from __future__ import annotations

import hmac
import time
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext
from rest_framework.authentication import BaseAuthentication

from seafevents_offline.repository import utc_now

from .. import host, metrics
from ..metrics import Scrape
from ..replies import Refusal, permission_denied
from .base import View


class Scraper:
    """Whoever knows the token: nobody that the host knows."""

    id = username = ""
    is_active = is_authenticated = True
    is_staff = False


class ScrapeToken(BaseAuthentication):
    """``Authorization: Bearer …`` with the setting ``metrics-token``; anything else is the host's to judge."""

    def authenticate(self, request: Any) -> tuple[Scraper, None] | None:
        token = host.current().settings().metrics_token
        kind, _, given = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if not token or kind.lower() != "bearer":
            return None
        # A header is Latin-1 by itself, and may be anything in a test or behind another server.
        fits = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
        return (Scraper(), None) if fits else None


class Metrics(View):
    """For who has the token, and for administrators who may see how the server is."""

    def get_authenticators(self) -> list[Any]:
        return [ScrapeToken(), *super().get_authenticators()]

    def get_throttles(self) -> list[Any]:
        # They count by the host's users.
        return [] if self._is_scraper(self.request) else super().get_throttles()

    def get(self, request: Any) -> HttpResponse:
        if not (self._is_scraper(request) or self.host.may_view_system(request)):
            raise permission_denied()
        try:
            content, kind = metrics.text(self._scrape())
        except metrics.LibraryMissing:
            sentence = gettext("The figures need the Python package prometheus-client. Please install it.")
            raise Refusal(503, sentence) from None
        return HttpResponse(content, content_type=kind)

    def _scrape(self) -> Scrape:
        began = time.monotonic()
        figures, nodes = self.repository.figures(), self.repository.nodes()
        return Scrape(figures, tuple(nodes), time.monotonic() - began, utc_now())

    @staticmethod
    def _is_scraper(request: Any) -> bool:
        return isinstance(request.user, Scraper)
