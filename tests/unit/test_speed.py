"""The option speed-limit, changed in the file while the service runs."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from seafevents_offline.tasks.speed import PERIOD, SpeedLimit

MB = 1024 * 1024
HEAD = "[OFFLINE DOWNLOAD]\nenabled = true\n"


class Scene:
    """A service whose limit was 5 MB when it started."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "seafevents.conf"
        self.now = 1000.0
        self.changes: list[int] = []
        self.write("speed-limit = 5mb")
        self.limit = SpeedLimit(self.file, 5 * MB, self.changes.append)

    def write(self, line: str) -> None:
        self.file.write_text(f"{HEAD}{line}\n")

    def look(self, after: float = PERIOD) -> list[int]:
        self.now += after
        self.limit.turn(self.now)
        return self.changes


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_changed_limit_counts_within_a_minute(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert scene.look() == []
    for line, expected in (("speed-limit = 1mb", MB), ("workers = 7", 0), ("speed-limit = 64 kb", 64 * 1024)):
        scene.write(line)
        assert scene.look(1)[-1:] != [expected], "it is looked at once a minute"
        assert scene.look()[-1] == expected
    assert [record.message.partition("speed-limit is ")[2] for record in caplog.records] == [
        "1.0 MB a second from now on",
        "no limit from now on",
        "64.0 KB a second from now on",
    ]


def test_what_did_not_change_is_not_said_again(scene: Scene) -> None:
    scene.look()
    scene.write("speed-limit = 5120kb")
    assert scene.look() == []
    os.utime(scene.file, (1, 1))
    assert scene.look() == []


def test_a_change_before_the_first_look_counts(scene: Scene) -> None:
    scene.write("speed-limit = 6mb")
    assert scene.look(0) == [6 * MB]


@pytest.mark.parametrize("text", [None, "no settings", f"{HEAD}speed-limit = fast\n", f"{HEAD}workers = many\n"])
def test_a_file_that_is_not_valid_changes_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    scene.look()
    scene.file.unlink() if text is None else scene.file.write_text(text)
    for _ in range(3):
        assert scene.look() == []
    assert len(caplog.records) == (text is not None), "said once"
    scene.write("speed-limit = 2mb")
    assert scene.look() == [2 * MB]
