"""The addresses of the pages and of what they load."""

from __future__ import annotations

from django.urls import path, re_path

from .views import assets, catalog, pages

urlpatterns = [
    re_path(r"^offline-download/?$", pages.downloads, name="offline-download"),
    re_path(r"^sys/offline-download/?$", pages.admin, name="offline-download-admin"),
    path(
        "offline-download/assets/<slug:version>/catalog/<slug:language>.json",
        catalog.catalog,
        name="offline-download-catalog",
    ),
    path("offline-download/assets/<slug:version>/<name>", assets.asset, name="offline-download-asset"),
]
