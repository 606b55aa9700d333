"""Who is told of a task's transitions, and the lines of the log that they make."""

from __future__ import annotations

import logging
from datetime import datetime

import pytest

from seafevents_offline.errors import FileNotFoundAtServer, ServerBusy
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Done, Failed, Gone, Outcome, Retry, Task
from seafevents_offline.tasks.observers import Observers, Transition

S = OfflineDownloadStatus
TASK = Task(
    odr_id=12,
    repo_id="r",
    path="/docs",
    url="https://me:pa55@files.example.com/a.bin?token=s3cret#x",
    owner="ada@example.com",
    timestamp=datetime(2026, 1, 2),
    status=S.DOWNLOADING,
    claim=3,
    stored_path="/docs/a\n.bin",
)

LINES: list[tuple[Outcome | None, str]] = [
    (None, "downloading, claim 3, for ada@example.com from files.example.com"),
    (Done(5), r"stored, 5 bytes, as /docs/a\n.bin"),
    (Failed(FileNotFoundAtServer(status=404)), f"failed (not_found: {FileNotFoundAtServer(status=404)})"),
    (Retry(30.2, ServerBusy(status=503)), f"again in 30 s (server_busy: {ServerBusy(status=503)})"),
    (Gone(), "left, it is not ours any more"),
]


@pytest.mark.parametrize(("outcome", "words"), LINES)
def test_each_transition_is_one_line_that_begins_with_the_task(
    outcome: Outcome | None, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    Observers().tell(TASK, outcome)
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("seafevents_offline.transitions", f"task 12: {words}")


def test_an_observer_that_fails_costs_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Transition] = []

    def fail(_: Transition) -> None:
        raise ZeroDivisionError("a bug")

    observers = Observers([fail, told.append, fail, told.append])
    observers.tell(TASK)
    observers.tell(TASK, Done(5))
    assert told == [Transition(TASK), Transition(TASK), Transition(TASK, Done(5)), Transition(TASK, Done(5))]
    faults = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(faults) == 4
    assert all(fault.startswith("task 12: telling others failed unexpectedly") for fault in faults)
