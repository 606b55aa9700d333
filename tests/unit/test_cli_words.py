"""A task in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from seafevents_offline.cli.words import amount, situation, title, why
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task

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


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (TASK, "waiting"),
        (replace(TASK, not_before=NOW - timedelta(seconds=9)), "waiting"),
        (replace(TASK, comment="Busy.", not_before=NOW + timedelta(seconds=28)), "waiting: Busy. Next try in 28 s."),
        (replace(TASK, status=S.DOWNLOADING), "downloading"),
        (HALF, "50 %, 5.0 KB of 10.0 KB, 1.0 KB/s, 5 s left"),
        (replace(HALF, speed=0), "50 %, 5.0 KB of 10.0 KB"),
        (replace(HALF, size=0), "5.0 KB, 1.0 KB/s"),
        (replace(HALF, speed=10**9), "50 %, 5.0 KB of 10.0 KB, 953.7 MB/s, 1 s left"),
        (replace(HALF, status=S.STORING), "complete, is being put into the library"),
        (replace(HALF, status=S.OK, completed=10 * KB), "done, 10.0 KB."),
        (replace(TASK, status=S.OK), "done, 0 bytes."),
        (replace(TASK, status=S.OK, comment="A web page."), "done, 0 bytes. A web page."),
        (replace(TASK, status=S.ERROR, comment="No such file."), "failed: No such file."),
        (replace(TASK, status=S.PAUSED), "paused; `seafevents-offline resume 3` goes on"),
        (replace(TASK, status=S.CANCELLED), "cancelled; `seafevents-offline retry 3` starts again"),
        (replace(TASK, status=S.UNKNOWN), "in a state that this version does not know"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_situation_has_its_words(task: Task, words: str) -> None:
    assert situation(task, NOW) == words


def test_only_what_waits_has_a_next_try() -> None:
    failed = replace(TASK, status=S.ERROR, comment="Gone.", not_before=NOW + timedelta(seconds=28))
    assert why(failed, NOW) == "Gone."


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (replace(TASK, name="wished.bin"), "wished.bin"),
        (TASK, "b c.bin"),
        (replace(TASK, url="https://example.com/"), "example.com"),
        (replace(TASK, url="http://[broken"), "[broken"),
        (replace(TASK, url=""), ""),
        (replace(TASK, url="http://ada:s3cret@example.com/"), "example.com"),
        (replace(TASK, url="http://ada:s3cret@[broken"), "[broken"),
        (replace(TASK, url="http://example.com/a@b"), "a@b"),
    ],
)
def test_a_task_is_called_by_its_name_or_its_link(task: Task, expected: str) -> None:
    assert title(task) == expected


def test_nothing_is_said_of_what_nobody_knows() -> None:
    assert amount(TASK) == ""
