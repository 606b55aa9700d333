"""``GET api/v2.2/admin/offline-download/health``: whether everything works, for people and for monitoring."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

from rest_framework.response import Response

from seafevents_offline.errors import DatabaseUnavailable, SchemaOutdated
from seafevents_offline.repository import utc_now

from .. import health
from ..health import Check
from ..replies import permission_denied, translated
from .base import View


class Health(View):
    """For administrators who may see how the server is; 503 when anything is wrong."""

    def get(self, request: Any) -> Response:
        if not self.host.may_view_system(request):
            raise permission_denied()
        checks = self._checks()
        healthy = all(check.ok for check in checks)
        data = {"healthy": healthy, "checks": [asdict(check) for check in checks]}
        return Response(data, status=200 if healthy else 503)

    def _checks(self) -> list[Check]:
        began = time.monotonic()
        try:
            self.repository.check_schema()
            nodes, counts = self.repository.nodes(), self.repository.queue()
        except (DatabaseUnavailable, SchemaOutdated) as error:
            # Everything else is known from the tables alone.
            return [health.no_database(translated(error))]
        answer_time, now = time.monotonic() - began, utc_now()
        settings = self.service_settings
        limits = health.Limits(settings.interval, settings.disk_high, settings.disk_low)
        return [
            health.database(answer_time),
            health.service(nodes, now),
            *health.of_nodes(nodes, now, limits),
            health.queue(counts),
        ]
