"""A daemon that is frozen, whose clock jumps, or whose network is cut: all goes on, and all is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.accounts import Accounts
from tests.support.daemon import Daemon
from tests.support.http_server import Answer, File, Gate, HttpServer
from tests.support.midway import Midway
from tests.support.network import INSIDE, PUBLIC, World
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]


def test_a_frozen_daemon_goes_on_when_it_wakes_up(make_service: MakeService, http_server: HttpServer) -> None:
    """Its aria2c and its guard, which are not frozen, have come to the end meanwhile."""
    service = make_service(workers=2)
    with Accounts(service) as accounts:
        midway = Midway(accounts, http_server)
        with Daemon(service.settings) as daemon:
            midway.reach()
            daemon.freeze()
            midway.go_on()
            states = [service.repository.get(odr_id).status for odr_id in midway.odr_ids]
            assert states == [S.DOWNLOADING, S.DOWNLOADING, S.WAITING, S.WAITING, S.WAITING]
            daemon.thaw()
            accounts.settle()
    assert midway.requests() == [1] * 5, "nothing was downloaded twice"


@pytest.mark.parametrize("forward", [True, False], ids=["forward", "back"])
def test_a_clock_that_jumps_by_an_hour_strands_nothing_and_hurries_nothing(
    make_service: MakeService, http_server: HttpServer, forward: bool
) -> None:
    """Half done, about to begin, waiting for its turn, and waiting for its next attempt."""
    service = make_service(workers=2, retry_delay=2)
    again = File(size=1000, seed=2, answers=[Answer(503)])
    with Accounts(service, free=False) as accounts:
        retried = accounts.add(http_server.serve("/again", again), again)
        with Daemon(service.settings) as daemon:
            service.wait_for(retried, lambda task: task.attempts == 1)
            midway = Midway(accounts, http_server, waiting=0)
            midway.reach()
            beat = service.repository.nodes()[0].beat_at
            daemon.jump(forward=forward)
            later = File(size=1000, seed=3)
            accounts.add(http_server.serve("/later", later), later)
            eventually(lambda: abs((service.repository.nodes()[0].beat_at - beat).total_seconds()) > 1800)
            midway.go_on()
            accounts.settle()
    assert service.repository.get(retried).attempts == 1
    assert sorted(request.path for request in http_server.requests) == ["/0", "/1", "/again", "/again", "/later"]


def test_a_network_that_is_cut_in_the_middle_of_a_body_and_comes_back(make_service: MakeService, world: World) -> None:
    """Not a connection that breaks: packets that arrive nowhere, of which nobody is told."""
    service = make_service(workers=2)
    web = world.serve("::", 80)
    files = [File(size=900_000, seed=n, rate=20_000) for n in range(2)]
    with Accounts(service) as accounts:
        for n, file in enumerate(files):
            web.serve(f"/{n}", file)
            accounts.add(f"http://{PUBLIC}/{n}", file)
        with Daemon(service.settings, command=world.command):
            for odr_id in accounts.owed:
                service.wait_for(odr_id, lambda task: task.completed > 10_000)
            world.outside.ip(f"route add blackhole {INSIDE[0]}")
            eventually(lambda: stands_still(service, accounts))
            world.outside.ip(f"route del blackhole {INSIDE[0]}")
            for file in files:
                file.rate = None
            accounts.settle()
    assert len(web.requests) == 2, "the connections outlived it"


def stands_still(service: Service, accounts: Accounts) -> bool:
    """Whether nothing has come for longer than it takes to write it down."""
    sizes = [[service.repository.get(odr_id).completed for odr_id in accounts.owed] for _ in paused(4)]
    return all(each == sizes[0] for each in sizes)


def paused(times: int) -> Iterator[int]:
    """With half a second between each two."""
    for number in range(times):
        yield number
        Gate().wait(0.5)
