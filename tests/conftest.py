"""The plugins with the project's fixtures, one a theme."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.cli",
    "tests.support.databases",
    "tests.support.disks",
    "tests.support.engines",
    "tests.support.servers",
    "tests.support.service",
    "tests.support.signals",
]
