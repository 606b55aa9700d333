"""The chaos run, as short as every change can bear; ``make chaos`` is the long one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.support.mariadb import MariaDb

from .chaos import Chaos, Size

SHORT = Size(tasks=40, faults=8, people=4, seconds=10)


def test_whatever_breaks_every_task_is_accounted_for(
    tmp_path: Path, mariadb: MariaDb, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="tests.chaos")
    Chaos(tmp_path, mariadb, 6, SHORT, own_server=False).run()
