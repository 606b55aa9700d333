"""A paused task keeps its part: while others use its worker, over kills of the service, and into a new container."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest

from seafevents_offline.errors import TooManyTasks
from seafevents_offline.repository import Allowance
from seafevents_offline.status import Action, OfflineDownloadStatus
from tests.support.daemon import Daemon
from tests.support.http_server import File, HttpServer
from tests.support.network import namespace_rights
from tests.support.records import new
from tests.support.service import OWNER, Service

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

#: Bytes; the server gives no more than so many before the pause.
SIZE, PART, GIVEN = 16_000_000, 6_000_000, 8_000_000


class Contained(Daemon):
    """In a container of its own: another host name, and other numbers for its processes."""

    def __init__(self, service: Service) -> None:
        super().__init__(service.settings, command=_contain)

    def kill(self, *, engine: bool = False) -> None:
        """With the first process in there all others end; ``engine``, too, whose number means another one out here."""
        for process in psutil.Process(self.pid).children():
            process.kill()
        self.wait()


def _contain(*words: str) -> list[str]:
    spaces = [*namespace_rights(), "--pid", "--uts", "--ipc", "--mount-proc", "--fork"]
    return ["unshare", *spaces, "sh", "-c", 'hostname new-container; exec "$@"', "sh", *words]


def pause_in_the_middle(service: Service, server: HttpServer, file: File) -> int:
    """And see its worker do something else."""
    odr_id = service.add(server.serve("/f.bin", file))
    service.wait_for(odr_id, lambda task: task.completed > PART)
    other = service.add(server.serve("/other", File(size=1000)))
    service.repository.act(odr_id, Action.PAUSE)
    assert service.wait(other).status is S.OK
    server.wait_for_active(0)
    server.forget()
    file.rate = 1_000_000
    file.stall.set()
    return odr_id


def test_a_paused_task_keeps_its_part_over_kills_and_goes_on_from_it_in_a_new_container(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(workers=1)
    file = File(size=SIZE, seed=1, rate=300_000, stall_at=GIVEN)
    with Daemon(service.settings) as daemon:
        odr_id = pause_in_the_middle(service, http_server, file)
        daemon.kill(engine=True)
    with Daemon(service.settings) as daemon:
        # By then it has looked what lies in its folder and is not needed.
        assert service.wait(service.add(http_server.serve("/x", File(size=1000)))).status is S.OK
        assert (service.repository.get(odr_id).status, service.folders()) == (S.PAUSED, {odr_id})
        daemon.kill(engine=True)
    with Contained(service) as daemon:
        service.repository.act(odr_id, Action.RESUME)
        task = service.wait(odr_id)
        daemon.kill()
    assert (task.status, task.attempts, task.restores) == (S.OK, 0, 0)
    assert service.files()["/f.bin"] == file.read(0, SIZE)
    assert http_server.sent("/f.bin") < SIZE - PART + 3_000_000, "what was there was used"
    assert len(service.repository.nodes()) == 1, "it is the same node, wherever it runs"


def test_a_paused_task_counts_as_one_of_its_owners(service: Service) -> None:
    allowance = Allowance(active=1, per_hour=100)
    odr_id = service.repository.add(new(owner=OWNER), allowance).odr_id
    service.repository.act(odr_id, Action.PAUSE)
    with pytest.raises(TooManyTasks):
        service.repository.add(new(owner=OWNER), allowance)
    service.repository.act(odr_id, Action.CANCEL)
    service.repository.add(new(owner=OWNER), allowance)
