"""What a node says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seafevents_offline.disk import Disk
from seafevents_offline.engines.base import EngineInfo, Snapshot
from seafevents_offline.errors import GuardBypassed
from seafevents_offline.repository import Repository
from seafevents_offline.tasks.health import engine_as_json, health, off
from seafevents_offline.tasks.run import TaskRun
from tests.support.disks import FakeDisk
from tests.support.records import claimed

GUARD = {"up": True, "deaths": 0}
ENGINE = {"name": "aria2", "version": "1.37.0", "tls": "GnuTLS/3.7.9"}


@pytest.fixture
def run(repo: Repository) -> TaskRun:
    return TaskRun(claimed(repo), repo)


def test_it_says_what_runs_and_what_stands_still(run: TaskRun, tmp_path: Path) -> None:
    found = health(workers=4, runs=[run], engine=ENGINE, guard=GUARD, disk=Disk(tmp_path, 95, 90), scan_age=4.96)
    assert (found["workers"], found["running"], found["suspended"]) == (4, 1, 0)
    assert (found["engine"], found["guard"], found["scan_age"]) == (ENGINE, GUARD, 5.0)
    run.report(Snapshot(suspended=True))
    assert (
        health(workers=4, runs=[run], engine=ENGINE, guard=GUARD, disk=Disk(tmp_path, 95, 90), scan_age=0)["suspended"]
        == 1
    )


def test_it_says_how_much_room_the_temporary_folder_has(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 95, 90, FakeDisk(96))
    for is_full in (False, True):
        found = health(workers=1, runs=[], engine=ENGINE, guard=GUARD, disk=disk, scan_age=0)
        assert found["disk"] == {"free": 40, "total": 1000, "full": is_full}
        disk.look()


def test_a_folder_that_cannot_be_looked_at_keeps_no_node_silent(tmp_path: Path) -> None:
    found = health(workers=1, runs=[], engine=ENGINE, guard=GUARD, disk=Disk(tmp_path / "gone", 95, 90), scan_age=0)
    assert found["disk"] is None
    assert json.loads(json.dumps(found)) == found


def test_one_that_stays_off_says_why() -> None:
    found = off(GuardBypassed(address="::1"))
    assert found["off"] == {
        "reason": "guard_bypassed",
        "args": {"address": "::1"},
        "sentence": str(GuardBypassed(address="::1")),
    }
    assert json.loads(json.dumps(found)) == found


def test_an_engine_with_much_to_say_says_little() -> None:
    told = engine_as_json(EngineInfo("x" * 5000, "y" * 5000, "/secret/path", "z" * 5000, "note"))
    assert {name: len(text) for name, text in told.items()} == {"name": 100, "version": 100, "tls": 100}
