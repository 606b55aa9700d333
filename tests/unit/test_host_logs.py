"""offline_download.log beside seafevents.log: what stands where, and what happens to the file meanwhile."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2 import engine
from seafevents_offline.hosts.seafevents import logs
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Done, Task
from seafevents_offline.tasks.observers import Observers
from seafevents_offline.threads import survive
from tests.support.logs import HostLog, host_log

TASK = Task(
    odr_id=12,
    repo_id="r",
    path="/",
    url="https://files.example.com/a.bin?token=s3cret",
    owner="ada@example.com",
    timestamp=datetime(2026, 1, 2),
    status=OfflineDownloadStatus.DOWNLOADING,
    claim=1,
    stored_path="/a.bin",
)
STAMP = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"
FORGED = "x\r\n[2026-01-01 00:00:00] [INFO] task 7: stored\x1b[2J"

service = logging.getLogger("seafevents_offline.tasks.offline_downloader")


@pytest.fixture
def host() -> Iterator[HostLog]:
    with host_log() as log:
        yield log


@pytest.fixture
def folder(host: HostLog, tmp_path: Path) -> Path:
    """Where the log of a daemon is that has begun to write."""
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    return tmp_path


def lines(folder: Path, name: str = logs.FILE) -> list[str]:
    """Without the times, which all lines have."""
    found = (folder / name).read_text(encoding="utf-8").splitlines()
    assert all(re.match(rf"{STAMP} \[|    ", line) for line in found)
    return [re.sub(rf"^{STAMP} ", "", line) for line in found]


# --- what stands where --------------------------------------------------------------------------------------


def test_what_happens_to_a_task_stands_beside_the_hosts_log_and_not_in_it(host: HostLog, folder: Path) -> None:
    Observers().tell(TASK)
    logging.getLogger("seafevents_offline.audit").info("task 12: ada@example.com files.example.com:443")
    engine.logger.warning("task 12: aria2c does not let go of its download; ending it")
    Observers().tell(TASK, Done(5))
    assert lines(folder) == [
        "[INFO] task 12: downloading, claim 1, for ada@example.com from files.example.com",
        "[INFO] task 12: ada@example.com files.example.com:443",
        "[WARNING] task 12: aria2c does not let go of its download; ending it",
        "[INFO] task 12: stored, 5 bytes, as /a.bin",
    ]
    assert host.lines == []


def test_the_services_life_and_faults_stand_in_both(host: HostLog, folder: Path) -> None:
    service.info("offline download: started")
    survive("task 12:", lambda: 1 / 0)
    assert lines(folder)[:2] == ["[INFO] offline download: started", "[ERROR] task 12: failed unexpectedly"]
    assert host.lines[:2] == [
        "[INFO] seafevents_offline.tasks.offline_downloader offline download: started",
        "[ERROR] seafevents_offline.threads task 12: failed unexpectedly",
    ]
    for found in (lines(folder), host.lines):
        assert "ZeroDivisionError" in found[-1]
        assert all(line.startswith("    ") for line in found[2:])


def test_no_text_makes_a_line_of_its_own_in_either(host: HostLog, folder: Path) -> None:
    try:
        raise RuntimeError(FORGED)
    except RuntimeError:
        service.exception("a fault: %s", FORGED)
    for found in (lines(folder), host.lines):
        assert found[0].endswith(r"a fault: x\r\n[2026-01-01 00:00:00] [INFO] task 7: stored\x1b[2J")
        assert all(line.startswith("    ") and line.isprintable() for line in found[1:])


def test_a_daemon_that_says_little_still_says_what_happens_to_tasks(host: HostLog, tmp_path: Path) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    service.info("offline download: started")
    Observers().tell(TASK, Done(5))
    assert (len(lines(tmp_path)), host.lines) == (2, [])


def test_the_host_may_want_to_know_more(host: HostLog, tmp_path: Path) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    service.debug("a detail")
    assert (len(lines(tmp_path)), len(host.lines)) == (1, 1)


def test_twice_is_once(host: HostLog, folder: Path) -> None:
    logs.install({"SEAFEVENTS_LOG_DIR": str(folder)})
    service.info("offline download: started")
    assert (len(lines(folder)), len(host.lines)) == (1, 1)


@pytest.mark.parametrize("to_stdout", [True, False])
def test_on_stdout_it_looks_like_the_hosts_and_stands_once(
    to_stdout: bool, host: HostLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path), "SEAFILE_LOG_TO_STDOUT": "true"} if to_stdout else {})
    service.info("offline download: started")
    Observers().tell(TASK, Done(5))
    assert host.lines == ["[INFO] seafevents_offline.tasks.offline_downloader offline download: started"]
    form = (
        rf"\[seafevents\] {STAMP} \[INFO\] seafevents_offline\.transitions:\d+ task 12: stored, 5 bytes, as /a\.bin\n"
    )
    assert re.fullmatch(form, capsys.readouterr().out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("level", "is_heard"), [(logging.NOTSET, False), (logging.INFO, True)])
def test_the_steps_of_a_migration_are_heard_by_who_has_asked_for_them(
    level: int, is_heard: bool, host: HostLog, tmp_path: Path
) -> None:
    logging.getLogger("alembic").setLevel(level)
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    logging.getLogger("alembic.runtime.migration").info("Running upgrade")
    logging.getLogger("alembic.runtime.migration").warning("a fault")
    assert len(host.lines) == 1 + is_heard


# --- what happens to the file --------------------------------------------------------------------------------


def test_it_is_rotated_by_its_size(host: HostLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 1000)
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    for number in range(200):
        service.info("line %s", number)
    names = {logs.FILE, *(f"{logs.FILE}.{number}" for number in range(1, 6))}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())
    newest_first = [line for name in sorted(names) for line in reversed(lines(tmp_path, name))]
    assert newest_first == [f"[INFO] line {number}" for number in range(199, 199 - len(newest_first), -1)]


@pytest.mark.parametrize("what", ["deleted", "moved", "replaced", "emptied"])
def test_whoever_takes_the_file_away_gets_a_new_one(what: str, host: HostLog, folder: Path) -> None:
    file = folder / logs.FILE
    service.info("before")
    if what == "deleted":
        file.unlink()
    elif what == "emptied":
        file.write_bytes(b"")
    else:
        file.rename(folder / "old")
    if what == "replaced":
        file.touch()
    service.info("after")
    assert lines(folder) == ["[INFO] after"]
    if what in ("moved", "replaced"):
        assert lines(folder, "old") == ["[INFO] before"]


def test_a_folder_that_is_away_costs_lines_and_one_warning(host: HostLog, folder: Path) -> None:
    service.info("before")
    folder.rename(folder.with_name("away"))
    Observers().tell(TASK)
    Observers().tell(TASK, Done(5))
    (warning,) = [line for line in host.lines if line.startswith("[WARNING]")]
    assert "offline_download.log cannot be written" in warning
    folder.with_name("away").rename(folder)
    service.info("after")
    assert lines(folder) == ["[INFO] before", "[INFO] after"]


def test_where_it_cannot_be_rotated_it_grows(host: HostLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 100)
    (tmp_path / f"{logs.FILE}.4").touch()
    (tmp_path / f"{logs.FILE}.5" / "in the way").mkdir(parents=True)
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    for number in range(10):
        service.info("line %s", number)
    assert lines(tmp_path) == [f"[INFO] line {number}" for number in range(10)]


def test_stdout_that_is_closed_disturbs_nobody(host: HostLog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with open(tmp_path / "out", "w", encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        logs.install({})
    monkeypatch.setattr(logging, "raiseExceptions", False)
    Observers().tell(TASK)
