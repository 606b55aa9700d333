"""``GET api/v2.1/admin/logs/offline-download-logs``: what everybody downloads and has downloaded."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from ..replies import permission_denied
from .base import View
from .everybody import Shaper, wanted


class LogView(View):
    """For administrators who may see what users did."""

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not self.host.may_view_logs(request):
            raise permission_denied()


class AdminLog(LogView):
    def get(self, request: Any) -> Response:
        query = wanted(request.query_params)
        page = self.repository.find(query)
        shaper = Shaper(self.host)
        return Response(
            {
                "offline_download_log_list": [shaper.shape(task) for task in page.tasks],
                "total_count": page.total,
                "has_next_page": query.page * query.per_page < page.total,
            }
        )
