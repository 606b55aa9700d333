"""A task as JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from seafevents_offline.shape import message, percent, seconds_left, shape
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.tree import ROOT

S = OfflineDownloadStatus
NOW = datetime(2026, 1, 2, 3, 4, 5)
KB = 1024

TASK = Task(
    odr_id=3,
    repo_id="r",
    path="/",
    url="http://example.com/a/b%20c.bin?token=x",
    owner="me@localhost",
    timestamp=NOW,
    status=S.WAITING,
)
HALF = replace(TASK, status=S.DOWNLOADING, size=10 * KB, completed=5 * KB, speed=KB)


def test_progress_is_unknown_rather_than_wrong() -> None:
    assert (percent(TASK), seconds_left(TASK)) == (None, None)
    assert percent(replace(HALF, completed=11 * KB)) == 100
    assert percent(replace(TASK, status=S.OK)) == 100
    assert seconds_left(replace(HALF, completed=11 * KB)) is None
    assert seconds_left(replace(HALF, status=S.PAUSED)) is None


def test_a_checksum_is_shown_as_it_is_kept() -> None:
    assert (
        shape(replace(TASK, options={"checksum": "sha-1=aa", "permission": "rw"}), "library")["checksum"] == "sha-1=aa"
    )


def test_of_what_a_link_needs_the_kinds_alone_are_shown() -> None:
    sealed = replace(TASK, options={"secret": "1.sealed", "asked": ["referer", "password", "odd"]})
    assert shape(sealed, "")["extras"] == ["password", "referer"]
    assert shape(sealed, "")["extras_wiped"] is False
    assert "1.sealed" not in str(shape(sealed, "")) + str(message(sealed))
    assert shape(replace(sealed, options={"asked": ["cookies"]}), "")["extras_wiped"] is True


def test_a_task_has_these_keys_and_units() -> None:
    assert shape(replace(HALF, started_at=NOW, reason="server_busy", reason_args={"status": 503}), "library") == {
        "odr_id": 3,
        "repo_id": "r",
        "repo_name": "library",
        "path": "/",
        "url": "http://example.com/a/b%20c.bin?token=x",
        "name": "",
        "size": 10 * KB,
        "completed": 5 * KB,
        "progress": 50,
        "speed": KB,
        "eta": 5,
        "status": 2,
        "state": "downloading",
        "comment": "",
        "reason": "server_busy",
        "reason_args": {"status": 503},
        "checksum": "",
        "extras": [],
        "extras_wiped": False,
        "priority": 50,
        "attempts": 0,
        "owner": "me@localhost",
        "timestamp": "2026-01-02T03:04:05+00:00",
        "started_at": "2026-01-02T03:04:05+00:00",
        "finished_at": None,
        "stored_path": "",
    }


def test_the_pages_know_a_task_by_the_same_keys() -> None:
    types = (ROOT / "seahub_patch" / "frontend" / "src" / "types.ts").read_text(encoding="utf-8")
    task = types.partition("export interface Task {")[2].partition("\n}")[0]
    assert set(re.findall(r"^  (\w+)\??:", task, re.MULTILINE)) == set(shape(TASK, ""))
