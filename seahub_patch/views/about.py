"""What pages must know: ``stats`` and ``config``."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext
from rest_framework.response import Response

from seafevents_offline.errors import SettingsError, VaultUnavailable, reasons
from seafevents_offline.extras import header_names
from seafevents_offline.link import MAX_LINK_LENGTH
from seafevents_offline.repository import TaskQuery, utc_now
from seafevents_offline.settings import Settings

from ..body import MAX_LINKS
from ..health import is_running
from .base import View
from .shapes import LibraryNames, shapes

logger = logging.getLogger(__name__)

_RECENT = 10


class Statistics(View):
    """``GET api/v2.2/offline-download/stats``"""

    def get(self, request: Any) -> Response:
        counts = self.repository.stats(self.username).by_status
        recent = self.repository.find(TaskQuery(owner=self.username, per_page=_RECENT)).tasks
        by_status = {
            status.state: {"tasks": count.tasks, "size": count.size, "completed": count.completed}
            for status, count in counts.items()
        }
        return Response({"by_status": by_status, "recent": shapes(recent, LibraryNames(self.host))})


class Configuration(View):
    """``GET api/v2.2/offline-download/config``: answers also where the feature is off, so that pages can tell."""

    also_when_off = True

    def get(self, request: Any) -> Response:
        settings = self._settings()
        running = settings.enabled and is_running(self.repository.nodes(), utc_now())
        asleep = gettext("The download service is not running; your links will start when it is back.")
        return Response(
            {
                "enabled": settings.enabled,
                "running": running,
                "message": asleep if settings.enabled and not running else "",
                "can_add": settings.enabled and self.host.may_use(request),
                "schemes": list(settings.schemes),
                "max_size": settings.max_size,
                "mime_allow": list(settings.mime_allow),
                "mime_deny": list(settings.mime_deny),
                "max_urls": MAX_LINKS,
                "max_link_length": MAX_LINK_LENGTH,
                "tasks_per_user": settings.tasks_per_user,
                "adds_per_hour": settings.adds_per_hour,
                "extras": self._can_seal(),
                "headers": list(header_names(settings.cookies)),
                "cookies": settings.cookies,
                "reasons": reasons(),
            }
        )

    def _can_seal(self) -> bool:
        """Whether links can have what they need beside themselves: it is kept encrypted or not at all."""
        try:
            self.host.vault().check()
        except VaultUnavailable:
            return False
        return True

    def _settings(self) -> Settings:
        try:
            return self.service_settings
        except SettingsError as error:
            logger.error("The offline download is off: %s", error)
            return Settings()
