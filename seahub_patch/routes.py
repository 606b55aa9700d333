"""The routes of the API. A trailing slash is optional in all of them."""

from __future__ import annotations

from django.urls import re_path

from .views import about, add, admin_log, export, health, metrics, task, tasks

_USER = r"^api/v2\.2/offline-download"

urlpatterns = [
    re_path(rf"{_USER}/tasks/?$", tasks.Tasks.as_view(), name="api-v2.2-offline-download-tasks"),
    re_path(rf"{_USER}/add/?$", add.Add.as_view(), name="api-v2.2-offline-download-add"),
    re_path(rf"{_USER}/cleanup/?$", tasks.CleanUp.as_view(), name="api-v2.2-offline-download-cleanup"),
    re_path(rf"{_USER}/stats/?$", about.Statistics.as_view(), name="api-v2.2-offline-download-stats"),
    re_path(rf"{_USER}/config/?$", about.Configuration.as_view(), name="api-v2.2-offline-download-config"),
    re_path(rf"{_USER}/tasks/(?P<odr_id>[^/]+)/?$", task.OneTask.as_view(), name="api-v2.2-offline-download-task"),
    re_path(
        rf"{_USER}/tasks/(?P<odr_id>[^/]+)/(?P<verb>pause|resume|cancel|retry)/?$",
        task.Act.as_view(),
        name="api-v2.2-offline-download-task-action",
    ),
    re_path(
        r"^api/v2\.1/admin/logs/offline-download-logs/?$",
        admin_log.AdminLog.as_view(),
        name="api-v2.1-admin-logs-offline-download-logs",
    ),
    re_path(
        r"^api/v2\.2/admin/offline-download/health/?$",
        health.Health.as_view(),
        name="api-v2.2-admin-offline-download-health",
    ),
    re_path(
        r"^api/v2\.2/admin/offline-download/metrics/?$",
        metrics.Metrics.as_view(),
        name="api-v2.2-admin-offline-download-metrics",
    ),
    re_path(r"^sys/offline-download/export\.csv/?$", export.Export.as_view(), name="offline-download-export"),
]
