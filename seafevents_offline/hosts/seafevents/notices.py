"""The owner of a stored file finds it among Seahub's own notifications."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ... import repository
from ...errors import DatabaseUnavailable, SchemaOutdated
from ...repository import Repository
from ...settings import Settings
from ...task import Done
from ...tasks.observers import Observer, Transition

logger = logging.getLogger(__name__)

#: Seconds that the database may take; a worker waits so long.
_PATIENCE = 5


def observers(settings: Settings) -> list[Observer]:
    """For OfflineDownloader; ``settings`` with the database that Seahub's tables are in. Raises SettingsError."""
    if not settings.notify or settings.storage != "seafile":
        return []
    return [Notices(repository.open(settings, patience=_PATIENCE))]


class Notices:
    """One row a stored file, in Seahub's table; where that is missing, one warning and nothing more.

    Seahub 11 keeps the number beside the bell in its cache for five minutes, 12 and later count each time.
    """

    def __init__(self, repository: Repository, time_zone: Callable[[], tzinfo | None] | None = None) -> None:
        """``time_zone``: Seahub's, in which its times are; asked at each file. None: this process's own."""
        self._repository = repository
        self._time_zone = time_zone or seahub_time_zone
        self._is_off = threading.Event()

    def __call__(self, transition: Transition) -> None:
        if isinstance(transition.outcome, Done) and not self._is_off.is_set():
            self._notify(transition)

    def _notify(self, transition: Transition) -> None:
        task = transition.task
        folder, _, name = task.stored_path.rpartition("/")
        now = datetime.now(timezone.utc).astimezone(self._time_zone()).replace(tzinfo=None)
        try:
            self._repository.notify_uploaded(task.owner, repo_id=task.repo_id, folder=folder or "/", name=name, at=now)
        except SchemaOutdated:
            self._is_off.set()
            logger.warning("offline download: nobody is notified: Seahub's table is not in the service's database")
        except DatabaseUnavailable as error:
            logger.warning("task %s: its owner is not notified: %s", task.odr_id, error)


def seahub_time_zone() -> tzinfo | None:
    """Of Seahub's settings, which every daemon since 10 has loaded; None where it cannot be had."""
    try:
        from seahub.settings import TIME_ZONE

        # This one needs no database of zones, which a small system may not have.
        return timezone.utc if TIME_ZONE == "UTC" else ZoneInfo(TIME_ZONE)
    except (ImportError, ZoneInfoNotFoundError, ValueError, TypeError):
        return None
