"""``SITE_ROOT_URLCONF`` in Seahub: our addresses, then its own.

Without a namespace, so that all of Seahub's names stay what they are.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from . import page_routes, routes

_BASE = getattr(settings, "OFFLINE_DOWNLOAD_BASE_URLCONF", "seahub.urls")

urlpatterns = [*routes.urlpatterns, *page_routes.urlpatterns, path("", include(_BASE))]
