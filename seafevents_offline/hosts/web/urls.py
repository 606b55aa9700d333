"""The feature's own routes and pages, and what Seahub has around them: the library page, files, a little of the API."""

from __future__ import annotations

from django.urls import path, re_path

from seahub_patch import page_routes, routes

from . import api, pages, replies, static

_REPO = r"(?P<repo_id>[-0-9a-f]{36})"
# Names may have line ends in them.
_ANYTHING = r"[^\0]"

urlpatterns = [
    *routes.urlpatterns,
    *page_routes.urlpatterns,
    path("", pages.root),
    re_path(rf"^library/{_REPO}/(?P<name>[^/]+)/(?P<path>{_ANYTHING}*)$", pages.library),
    re_path(rf"^lib/{_REPO}/file/(?P<path>{_ANYTHING}+)$", pages.file),
    path("i18n/", pages.language),
    path("static/<slug:version>/<name>", static.static, name="host-static"),
    re_path(r"^api/v2\.1/repos/?$", api.repositories),
    re_path(rf"^api/v2\.1/repos/{_REPO}/dir/?$", api.folder),
    re_path(rf"^api2/repos/{_REPO}/dir/?$", api.folder),
]

handler400 = replies.bad_request
handler403 = replies.forbidden
handler404 = replies.not_found
handler500 = replies.failed
