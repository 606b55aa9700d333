"""``{% offline_download "library" %}``: what a page needs to have the feature on it."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.utils.html import format_html, json_script

from seafevents_offline.errors import OfflineDownloadError
from seafevents_offline.text import traceback_of

logger = logging.getLogger(__name__)
register = template.Library()


@register.simple_tag(takes_context=True)
def offline_download(context: Any, name: str) -> str:
    """The configuration, the style sheet and the script; nothing where the feature is off or nobody is signed in."""
    try:
        return _elements(context["request"], name)
    except OfflineDownloadError as error:
        logger.error("Offline download cannot be put into the page %s: %s", name, error)
        return ""
    except Exception as error:  # noqa: BLE001 (it is logged)
        # Whatever it is: a page of Seahub must not be lost because something of ours is wrong.
        logger.error("Offline download cannot be put into the page %s%s", name, traceback_of(error))
        return ""


def _elements(request: Any, name: str) -> str:
    # Here, because Django imports the tags of all apps before it renders the first page of anybody's.
    from .. import host, page

    here = host.current()
    if not here.settings().enabled or not here.username(request):
        return ""
    elements: str = format_html(
        '{}<link rel="stylesheet" href="{}"><script src="{}" defer></script>',
        json_script(page.config(request, name), "offline-download-config"),
        page.asset_address("offline-download.css"),
        page.asset_address("offline-download.js"),
    )
    return elements
