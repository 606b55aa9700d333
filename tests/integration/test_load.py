"""Many at once: of people who add, of links of all sorts, of downloads that are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.content import content
from tests.support.http_server import Answer, File, Gate, HttpServer
from tests.support.service import Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]


@pytest.mark.parametrize("service_database_url", ["mariadb"], indirect=True)
def test_a8_three_hundred_links_from_sixty_people_end_as_they_must(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(workers=10).start()
    links = []
    for number in range(100):
        links.append(http_server.serve(f"/{number}.bin", File(size=1000, seed=number)))
        links.append(http_server.serve(f"/missing-{number}", Answer(404)))
        links.append(f"http://10.66.6.6/{number}")
    with ThreadPoolExecutor(60) as people:
        odr_ids = list(people.map(service.add, links))
    tasks = [service.wait(odr_id, timeout=120) for odr_id in odr_ids]
    assert Counter((task.status, task.reason) for task in tasks) == {
        (S.OK, ""): 100,
        (S.ERROR, "not_found"): 100,
        (S.ERROR, "literal_private"): 100,
    }
    assert service.files() == {f"/{number}.bin": content(number, 1000) for number in range(100)}
    assert len(http_server.requests) == 200, "none was tried twice"
    eventually(lambda: service.folders() == set())


def test_a45_a_hundred_slow_downloads_are_open_at_once_and_all_come(
    make_service: MakeService, http_server: HttpServer
) -> None:
    gate = Gate()
    service = make_service(workers=100, workers_per_user=100, workers_per_host=100, connections=1).start()
    links = [http_server.serve(f"/{n}", File(size=2000, seed=n, stall_after=1000, stall=gate)) for n in range(100)]
    odr_ids = [service.add(link) for link in links]
    http_server.wait_for(lambda requests: sum(request.sent == 1000 for request in requests) == 100)
    assert http_server.active == 100
    gate.set()
    assert {service.wait(odr_id).status for odr_id in odr_ids} == {S.OK}
    assert service.files() == {f"/{n}": content(n, 2000) for n in range(100)}
