"""The Django app."""

from __future__ import annotations

import logging
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
        quieten("alembic")


def put_overrides_first() -> None:
    """An app's own templates come after all ``DIRS``; only from the first of these can ours stand before Seahub's."""
    for engine in settings.TEMPLATES[:1]:
        folders = engine.get("DIRS", [])
        if OVERRIDES not in folders:
            engine["DIRS"] = [OVERRIDES, *folders]


def quieten(library: str) -> None:
    """It tells of its every step, and Seahub's log has what is at least INFO, whoever says it."""
    logger = logging.getLogger(library)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
