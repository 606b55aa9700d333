"""Whose file was stored is told by Seahub; what goes wrong with it is a warning."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from seafevents_offline import repository
from seafevents_offline.errors import DatabaseUnavailable, FileNotFoundAtServer, ServerBusy
from seafevents_offline.hosts.seafevents import notices
from seafevents_offline.hosts.seafevents.notices import Notices, observers, seahub_time_zone
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Gone, Outcome, Retry, Task
from seafevents_offline.tasks.observers import Transition
from tests.support.notices import make_notices
from tests.support.notices import notices as rows


def task(stored_path: str) -> Task:
    return Task(
        odr_id=12,
        repo_id="r",
        path="/docs",
        url="https://files.example.com/a.bin",
        owner="ada@example.com",
        timestamp=datetime(2026, 1, 2),
        status=OfflineDownloadStatus.STORING,
        stored_path=stored_path,
    )


@pytest.fixture
def table(sqlite_url: str) -> Iterator[Repository]:
    found = repository.open(Settings(database=sqlite_url))
    yield found
    found.close()


@pytest.mark.parametrize(
    ("stored_path", "folder", "name"),
    [("/a.bin", "/", "a.bin"), ("/docs/my/a.bin", "/docs/my", "a.bin"), ("/😀/ü.bin", "/😀", "ü.bin")],
)
def test_the_owner_is_told_what_is_where(
    stored_path: str, folder: str, name: str, table: Repository, sqlite_url: str
) -> None:
    make_notices(sqlite_url)
    Notices(table)(Transition(task(stored_path), Done(5)))
    (row,) = rows(sqlite_url)
    assert row.to_user == "ada@example.com"
    assert json.loads(row.detail) == {"file_name": name, "repo_id": "r", "uploaded_to": folder}


@pytest.mark.parametrize(
    "outcome", [None, Gone(), Failed(FileNotFoundAtServer(status=404)), Retry(1, ServerBusy(status=503))]
)
def test_nothing_else_is_worth_a_notification(outcome: Outcome | None, table: Repository, sqlite_url: str) -> None:
    make_notices(sqlite_url)
    Notices(table)(Transition(task("/a.bin"), outcome))
    assert rows(sqlite_url) == []


def test_where_seahubs_table_is_not_there_it_is_said_once(
    table: Repository, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    observer = Notices(table)
    for _ in range(3):
        observer(Transition(task("/a.bin"), Done(5)))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "nobody is notified" in record.getMessage()


def test_a_database_that_is_away_costs_the_notification(
    table: Repository, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable(detail="it is away")

    make_notices(sqlite_url)
    observer = Notices(table)
    with monkeypatch.context() as patched:
        patched.setattr(table, "notify_uploaded", away)
        observer(Transition(task("/a.bin"), Done(5)))
    (record,) = caplog.records
    assert record.getMessage().startswith("task 12: its owner is not notified: ")
    observer(Transition(task("/b.bin"), Done(5)))
    assert len(rows(sqlite_url)) == 1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/St_Johns"])
def test_the_time_is_in_seahubs_own_zone(
    zone: str, table: Repository, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _seahub(monkeypatch, TIME_ZONE=zone)
    make_notices(sqlite_url)
    Notices(table)(Transition(task("/a.bin"), Done(5)))
    (row,) = rows(sqlite_url)
    found = datetime.fromisoformat(row.timestamp).replace(tzinfo=ZoneInfo(zone))
    assert abs(datetime.now(timezone.utc) - found) < timedelta(minutes=1)


@pytest.mark.parametrize("settings", [{}, {"TIME_ZONE": "Nowhere/Land"}, {"TIME_ZONE": None}, {"TIME_ZONE": "../x"}])
def test_without_a_zone_it_is_this_processs(settings: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    _seahub(monkeypatch, **settings)
    assert seahub_time_zone() is None


def test_without_seahub_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "seahub.settings", None)
    assert seahub_time_zone() is None


def _seahub(monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    for name in ("seahub", "seahub.settings"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    vars(sys.modules["seahub.settings"]).update(settings)


@pytest.mark.parametrize(
    ("settings", "count"), [({}, 1), ({"notify": False}, 0), ({"storage": "folder"}, 0), ({"notify": True}, 1)]
)
def test_it_can_be_switched_off(settings: dict[str, object], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices.repository, "open", lambda settings, patience: None)
    assert len(observers(Settings(database="sqlite:///x.db", **settings))) == count  # type: ignore[arg-type]
