"""What leaves while a whole service runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from seafevents_offline.repository import TaskQuery, utc_now
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.storages.folder import FolderStorage
from seafevents_offline.tasks import chores, owners
from tests.support.databases import ON_BOTH_DATABASES, run_sql
from tests.support.http_server import File, HttpServer
from tests.support.records import put_into
from tests.support.service import OWNER, Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
GONE = "gone@example.com"


@ON_BOTH_DATABASES
def test_a47_a_service_lets_go_of_what_is_old_and_of_who_has_gone(
    make_service: Callable[..., Service],
    service_database_url: str,
    http_server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chores, "CHORE_PERIOD", 0.1)
    monkeypatch.setattr(owners, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(owners, "PERIOD", 0.1)
    monkeypatch.setattr(FolderStorage, "knows", lambda self, owner: owner != GONE)
    service = make_service()
    active = service.add(http_server.serve("/slow", File(size=8_000_000, rate=2_000)))
    finished = [service.add(f"https://example.com/{number}") for number in range(4)]
    theirs = [service.add(f"https://example.com/{number}", owner=GONE) for number in range(3)]
    for odr_id, days in zip(finished, (29, 31, 29, 31), strict=True):
        then = utc_now() - timedelta(days=days)
        put_into(service_database_url, odr_id, status=S.OK, finished_at=str(then), hidden_at=str(utc_now()))
    for odr_id, status in zip(theirs, (S.OK, S.PAUSED, S.ERROR), strict=True):
        put_into(service_database_url, odr_id, status=status, finished_at=str(utc_now()))
    run_sql(
        service_database_url,
        "INSERT INTO OfflineDownloadOwner (owner, missing_since) VALUES (?, ?)",
        GONE,
        str(utc_now() - timedelta(days=8)),
    )

    def left() -> set[int]:
        return {task.odr_id for task in service.repository.find(TaskQuery(hidden=True)).tasks}

    with service:
        eventually(lambda: left() == {active, finished[0], finished[2]}, describe=lambda: f"left: {left()}")
        eventually(lambda: service.repository.missing() == {})
        assert service.wait(active, S.DOWNLOADING).owner == OWNER
        assert "offline-owners" in {thread.name for thread in threading.enumerate()}
    assert "offline-owners" not in {thread.name for thread in threading.enumerate()}
