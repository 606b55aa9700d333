"""The plugins with the project's fixtures, one a theme."""

from __future__ import annotations

pytest_plugins = [
    "tests.support.browser",
    "tests.support.cli",
    "tests.support.databases",
    "tests.support.disks",
    "tests.support.engines",
    "tests.support.servers",
    "tests.support.service",
    "tests.support.statements",
    "tests.support.web",
    "tests.support.site",
    # They use others of these, which must be there as plugins before.
    "tests.support.admins",
]
