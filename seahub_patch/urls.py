"""``SITE_ROOT_URLCONF`` in Seahub: our addresses, then its own.

Without a namespace, so that all of Seahub's names stay what they are.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.urls import include, path

from seafevents_offline.text import traceback_of

logger = logging.getLogger(__name__)

_BASE = getattr(settings, "OFFLINE_DOWNLOAD_BASE_URLCONF", "seahub.urls")


def ours() -> list[Any]:
    """None when something is wrong with us: a Seahub whose addresses cannot be imported answers nobody."""
    try:
        from . import page_routes, routes
    except Exception as error:  # noqa: BLE001 (it is logged)
        logger.error("Offline download has no pages%s", traceback_of(error))
        return []
    return [*routes.urlpatterns, *page_routes.urlpatterns]


urlpatterns = [*ours(), path("", include(_BASE))]
