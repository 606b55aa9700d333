"""An aria2c that does not end although it was killed: it waits for a disk that does not answer, in the kernel."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from seafevents_offline.engines.aria2 import monitor as monitor_module
from seafevents_offline.engines.aria2.book import Book, Entry
from seafevents_offline.engines.aria2.monitor import Monitor
from seafevents_offline.engines.aria2.process import Aria2Process
from seafevents_offline.engines.base import Job, Transfer
from tests.support.egress import Open


class Stuck:
    """In place of an aria2c: ``kill`` is in vain until ``dies``."""

    pid, port, secret, account = 4711, 1, "secret", None

    def __init__(self) -> None:
        self.dies = False
        self.kills = 0

    def running(self) -> bool:
        return not (self.dies and self.kills)

    def wait(self, deadline: float) -> bool:
        return not self.running()

    def kill(self, limit: float = 0.0) -> bool:
        self.kills += 1
        return self.dies

    def trim_log(self) -> None:
        """It has none."""


class Stage:
    """A monitor whose turns the test takes; each aria2c that it starts is ``Stuck``."""

    def __init__(self, folder: Path) -> None:
        self.started: list[Stuck] = []
        self.book = Book()
        self.transfer = Transfer(Job(1, 1, "http://example.com/a", folder), lambda: None)
        self.book.add(Entry("0000000001000001", self.transfer))
        self.monitor = Monitor(self.book, self._launch, Open())
        self.monitor._adopt(self._launch())

    def _launch(self) -> Aria2Process:
        self.started.append(Stuck())
        return cast(Aria2Process, self.started[-1])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(monitor_module, "_START_PERIOD", 0.0)
    stage = Stage(tmp_path)
    yield stage
    stage.monitor.stop(time.monotonic())


def test_no_second_one_is_started_beside_it(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        # The first turn finds that it does not answer: nobody listens on its port.
        stage.monitor.turn(True)
    assert len(stage.started) == 1
    assert stage.started[0].kills == 3
    assert stage.transfer.snapshot.suspended
    assert caplog.text.count("does not end although it was killed") == 1


def test_a_new_one_is_started_as_soon_as_it_is_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.monitor.turn(True)
    stage.started[0].dies = True
    asked: list[Any] = []
    monkeypatch.setattr("seafevents_offline.engines.aria2.rpc.RpcClient.round", lambda _, calls: asked.extend(calls))
    stage.monitor.turn(True)
    assert len(stage.started) == 2
    assert "aria2.addUri" in [call.method for call in asked]


def test_a_kill_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["/bin/sleep", "600"]) as child:
        process = Aria2Process(child, 1, "secret", tmp_path / "log")
        with monkeypatch.context() as patch:
            patch.setattr(child, "kill", lambda: None)
            assert not process.kill(0.01)
        assert process.kill()
        assert process.kill(), "it may be killed twice"
