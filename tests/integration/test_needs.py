"""What a link needs, through a whole service: where it is while the task runs, and where it is afterwards."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from seafevents_offline import handlers
from seafevents_offline.extras import Extras
from seafevents_offline.handlers import OfflineDownloadEventHandler
from seafevents_offline.repository import TaskQuery
from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Task
from seafevents_offline.vault import Vault
from tests.support.daemon import SECRET
from tests.support.databases import run_sql
from tests.support.http_server import File, HttpServer
from tests.support.service import OWNER, REPO_ID, Service
from tests.support.traces import files_with, processes_with

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

HORSE = "correct-horse"
LOGIN = Extras("ada", HORSE, (("Private-Token", HORSE),), f"https://example.com/{HORSE}", HORSE)


def guarded(size: int = 1000, **more: object) -> File:
    return File(size=size, login=f"ada:{HORSE}", **more)  # type: ignore[arg-type]


def with_login(url: str) -> str:
    return url.replace("://", f"://ada:{HORSE}@", 1)


def whole_table(service: Service) -> str:
    return str(run_sql(service.settings.database, "SELECT * FROM OfflineDownloadRecord"))


def newest(service: Service) -> Task:
    return service.repository.find(TaskQuery(per_page=1)).tasks[0]


def assert_nowhere(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """Not in the table, the temporary folder, a log, a command line or an environment."""
    assert HORSE not in whole_table(service)
    # What SQLAlchemy tells whoever asks it to is the table's content.
    told = [caplog.handler.format(one) for one in caplog.records if not one.name.startswith("sqlalchemy.")]
    assert HORSE not in "".join(told)
    assert processes_with(HORSE) == []
    assert files_with(HORSE, Path(service.settings.tempdir)) == []


@pytest.mark.parametrize("way", ["add", "sql", "message"])
def test_a_password_reaches_the_server_and_nothing_else(
    make_service: MakeService,
    http_server: HttpServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    # A message is given up when others write for longer, which a busy machine may let them.
    monkeypatch.setattr(handlers, "PATIENCE", 60)
    caplog.set_level(logging.DEBUG)
    service = make_service().start()
    file = guarded(400_000, stall_after=200_000)
    url = http_server.serve("/a.bin", file)
    if way == "add":
        service.add(url, extras=LOGIN)
    elif way == "sql":
        service.insert(with_login(url))
    else:
        words = {"msg_type": "offline-file-upload", "repo_id": REPO_ID, "path": "/", "user": OWNER}
        content = json.dumps({**words, "url": with_login(url)})
        OfflineDownloadEventHandler(service.downloader)(None, None, {"content": content, "ctime": 1})
    odr_id = newest(service).odr_id
    running = service.wait_for(odr_id, lambda task: task.completed > 0)
    assert (running.url, "password" in running.asked, running.is_wiped) == (url, True, False)
    assert_nowhere(service, caplog)
    file.stall.set()
    done = service.wait(odr_id)
    assert (done.status, done.secret, done.is_wiped) == (S.OK, "", True)
    assert_nowhere(service, caplog)


def test_when_the_key_has_changed_nothing_is_sent_and_a_retry_mends_it(
    make_service: MakeService, http_server: HttpServer
) -> None:
    service = make_service(max_attempts=1)
    url = http_server.serve("/a.bin", guarded())
    odr_id = service.add(url)
    # As the server's old SECRET_KEY had it.
    sealed = Vault(b"the key of before").seal(LOGIN, OWNER, url)
    service.repository.act(odr_id, Action.CANCEL)
    service.repository.act(odr_id, Action.RETRY, sealed=sealed)
    service.start()
    refused = service.wait(odr_id)
    assert (refused.status, refused.reason, refused.asked) == (S.ERROR, "secrets_unreadable", LOGIN.kinds)
    assert "enter them again" in refused.comment
    assert (refused.secret, http_server.requests) == ("", [])
    service.repository.act(odr_id, Action.RETRY, sealed=Vault(SECRET).seal(LOGIN, OWNER, url))
    assert service.wait(odr_id).status is S.OK


def test_a_paused_task_goes_on_with_its_password_after_a_restart(
    make_service: MakeService, http_server: HttpServer
) -> None:
    file = guarded(400_000, stall_after=200_000)
    with make_service() as service:
        odr_id = service.add(http_server.serve("/a.bin", file), extras=LOGIN)
        service.wait_for(odr_id, lambda task: task.completed > 0)
        service.repository.act(odr_id, Action.PAUSE)
        service.downloader.wake()
    file.stall.set()
    with make_service() as service:
        assert not service.wait(odr_id, S.PAUSED).is_wiped
        service.repository.act(odr_id, Action.RESUME)
        service.downloader.wake()
        assert service.wait(odr_id).status is S.OK
