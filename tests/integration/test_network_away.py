"""A network that is away for longer than aria2c and the guard wait: it costs no attempt, as a dead server does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.accounts import Accounts
from tests.support.daemon import Daemon
from tests.support.http_server import File
from tests.support.network import INSIDE, OUTSIDE, PUBLIC, SILENT, World
from tests.support.service import Service

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

#: Another server than PUBLIC.
OTHER = "93.184.216.34"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World.made(tmp_path) as made:
        yield made


def test_a_network_that_is_away_for_long_costs_no_attempt(make_service: MakeService, world: World) -> None:
    """Half done when it goes, and not to be reached when it is tried again."""
    service = make_service(workers=3, max_attempts=1)
    web = world.serve("::", 80)
    with Accounts(service) as accounts:
        for n, host in enumerate((PUBLIC, OTHER)):
            web.serve(f"/{n}", file := File(size=1_000_000, seed=n, rate=20_000))
            accounts.add(f"http://{host}/{n}", file)
        with Daemon(service.settings, command=world.command, impatient=True):
            for odr_id in accounts.owed:
                service.wait_for(odr_id, lambda task: task.completed > 0)
            world.outside.ip(f"route add blackhole {INSIDE[0]}")
            # The second claim has come to nothing, too.
            for odr_id in accounts.owed:
                task = service.wait_for(odr_id, lambda task: task.claim > 2)
                assert (task.reason, task.attempts) == ("network_unavailable", 0)
            for n in range(2):
                web.serve(f"/{n}", File(size=1_000_000, seed=n))
            world.outside.ip(f"route del blackhole {INSIDE[0]}")
            accounts.settle()
    assert [row.attempts for row in accounts.rows().values()] == [0, 0]


def test_a_server_that_is_away_alone_costs_attempts(make_service: MakeService, world: World) -> None:
    service = make_service(workers=1, max_attempts=2)
    web = world.serve("::", 80)
    web.serve("/a", File(size=1000))
    with Daemon(service.settings, command=world.command, impatient=True):
        service.wait(service.add(f"http://{PUBLIC}/a"), S.OK)
        found = service.wait(service.add(f"http://{SILENT}/a"))
    assert (found.status, found.reason, found.attempts) == (S.ERROR, "connection_failed", 2)


def test_the_kernel_knows_whether_anything_leads_out(world: World) -> None:
    code = "from seafevents_offline.egress.route import leads_out; print(leads_out())"
    command = world.command(sys.executable, "-c", code)
    for gateway, expected in ((OUTSIDE[0], "True"), (OUTSIDE[1], "False")):
        world.inside.ip(f"route del default via {gateway}")
        assert subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip() == expected
