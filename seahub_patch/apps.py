"""The Django app."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings

#: Templates of the same names as Seahub's, each of which extends the one that it stands before.
OVERRIDES = str(Path(__file__).parent / "templates" / "over_seahub")


class OfflineDownloadConfig(AppConfig):
    name = "seahub_patch"
    label = "offline_download"
    verbose_name = "Offline download"

    def ready(self) -> None:
        put_overrides_first()


def put_overrides_first() -> None:
    """An app's own templates come after all ``DIRS``; only from the first of these can ours stand before Seahub's."""
    for engine in settings.TEMPLATES[:1]:
        folders = engine.get("DIRS", [])
        if OVERRIDES not in folders:
            engine["DIRS"] = [OVERRIDES, *folders]
