"""The log of the embedded host."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from seafevents_offline.cli import log
from tests.support.logs import own_logging


def test_a_full_disk_does_not_write_into_the_display(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "offline-download.log").symlink_to("/dev/full")
    with own_logging():
        log.service_to_file(tmp_path)
        logging.getLogger("seafevents_offline.test").warning("This has nowhere to go")
        log.nothing()
    assert capfd.readouterr() == ("", "")
