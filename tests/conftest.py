"""The plugins with the project's fixtures, one a theme; what hypothesis may expect of the machine."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.cli",
    "tests.support.databases",
    "tests.support.disks",
    "tests.support.egress",
    "tests.support.engines",
    "tests.support.guarded",
    "tests.support.servers",
    "tests.support.service",
    "tests.support.signals",
    "tests.support.statements",
    "tests.support.web",
    "tests.support.site",
    # They use others of these, which must be there as plugins before.
    "tests.support.admins",
    "tests.support.host.fixtures",
]
