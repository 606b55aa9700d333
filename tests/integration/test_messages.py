"""From a message of the host to a file, a notification and the lines of the log; or to a sentence that says why not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline import handlers
from seafevents_offline.errors import (
    FolderGone,
    LibraryEncrypted,
    LibraryGone,
    LibraryReadOnly,
    LinkInvalid,
    LinkScheme,
    LiteralPrivate,
    OfflineDownloadError,
    OwnerInactive,
    PasswordAlone,
    UploadForbidden,
)
from seafevents_offline.handlers import register_handlers
from seafevents_offline.hosts.seafevents import logs, notices
from seafevents_offline.repository import TaskQuery
from seafevents_offline.settings import Settings
from seafevents_offline.status import OfflineDownloadStatus
from tests.support import seaserv
from tests.support.databases import ON_BOTH_DATABASES
from tests.support.http_server import File, HttpServer
from tests.support.logs import HostLog, host_log
from tests.support.notices import make_notices
from tests.support.notices import notices as rows
from tests.support.seafile import OWNER, READ_ONLY, SOMEBODY, Node, Seafile
from tests.support.service import REPO_ID, Service
from tests.support.waiting import eventually

S = OfflineDownloadStatus
MakeService = Callable[..., Service]

#: Libraries of somebody else, by what the owner of the messages may do there.
FOREIGN, READABLE, LOCKED, CLOSED, NOBODYS = (f"{n}2345678-1234-4123-8123-123456789abc" for n in "23456")


@pytest.fixture
def seafile(monkeypatch: pytest.MonkeyPatch) -> Seafile:
    found = Seafile()
    seaserv.install(monkeypatch, found)
    repo = found.make(REPO_ID, owner=SOMEBODY, shares={OWNER: "rw"}, folders={("/read-only", OWNER): "r"})
    repo.nodes.update({path: Node(None, "", 0) for path in ("/docs", "/read-only")})
    found.make(FOREIGN, owner=SOMEBODY)
    found.make(READABLE, owner=SOMEBODY, shares={OWNER: "r"})
    found.make(LOCKED, owner=SOMEBODY, shares={OWNER: "rw"}, status=READ_ONLY)
    found.make(CLOSED, owner=SOMEBODY, shares={OWNER: "rw"}, encrypted=True)
    found.users["gone@example.com"] = False
    return found


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message and a notification are given up when others write for longer, which a busy machine may let them."""
    monkeypatch.setattr(handlers, "PATIENCE", 60)
    monkeypatch.setattr(notices, "_PATIENCE", 60)


@dataclasses.dataclass
class Channel:
    """The host's ``message_handler``, as a message comes to it."""

    service: Service

    def __post_init__(self) -> None:
        register_handlers(self, self.service.downloader)

    def add_handler(self, msg_type: str, func: Callable[..., None]) -> None:
        self._func = func

    def say(self, url: str, *, repo_id: str = REPO_ID, path: str = "/docs", user: str = OWNER) -> int:
        """The id of the row that came of it, which is the newest."""
        message = {"msg_type": "offline-file-upload", "repo_id": repo_id, "path": path, "user": user, "url": url}
        self._func(None, None, {"content": json.dumps(message), "ctime": 1})
        return self.service.repository.find(TaskQuery(per_page=1)).tasks[0].odr_id


REFUSED: list[tuple[dict[str, str], OfflineDownloadError]] = [
    ({"url": "gopher://example.com/x"}, LinkScheme(scheme="gopher", schemes="http, https")),
    ({"url": "javascript:alert(1)"}, LinkScheme(scheme="javascript", schemes="http, https")),
    ({"url": "/etc/passwd"}, LinkInvalid()),
    ({"url": "http://:s3cret@example.com/x"}, PasswordAlone()),
    ({"url": "http://10.1.2.3/x"}, LiteralPrivate(address="10.1.2.3")),
    ({"repo_id": FOREIGN, "path": "/"}, UploadForbidden(path="/")),
    ({"repo_id": READABLE, "path": "/"}, UploadForbidden(path="/")),
    ({"path": "/read-only"}, UploadForbidden(path="/read-only")),
    ({"path": "/never"}, FolderGone(path="/never")),
    ({"repo_id": LOCKED, "path": "/"}, LibraryReadOnly()),
    ({"repo_id": CLOSED, "path": "/"}, LibraryEncrypted()),
    ({"repo_id": NOBODYS, "path": "/"}, LibraryGone()),
    ({"user": "stranger@example.com"}, OwnerInactive()),
    ({"user": "gone@example.com"}, OwnerInactive()),
]


def test_what_comes_by_message_is_checked_before_anything_is_downloaded(
    make_service: MakeService, seafile: Seafile, http_server: HttpServer
) -> None:
    service = make_service(storage="seafile").start()
    channel = Channel(service)
    links = [http_server.serve(f"/{number}.bin", File(size=10)) for number in range(len(REFUSED))]
    added = [channel.say(**{"url": link, **fields}) for link, (fields, _) in zip(links, REFUSED, strict=True)]
    for odr_id, (_, error) in zip(added, REFUSED, strict=True):
        task = service.wait(odr_id)
        assert (task.status, task.reason, task.comment) == (S.ERROR, error.reason, str(error))
    assert http_server.requests == []
    assert "post_multi_files" not in seafile.calls


@pytest.fixture
def host() -> Iterator[HostLog]:
    with host_log() as log:
        yield log


@ON_BOTH_DATABASES
def test_a_message_becomes_a_file_a_notification_and_lines_of_the_log(
    make_service: MakeService,
    seafile: Seafile,
    http_server: HttpServer,
    service_database_url: str,
    host: HostLog,
    tmp_path: Path,
) -> None:
    logs.install({"SEAFEVENTS_LOG_DIR": str(tmp_path)})
    make_notices(service_database_url)
    observers = notices.observers(Settings(database=service_database_url))
    service = make_service(storage="seafile", observers=observers).start()
    link = http_server.serve("/a%F0%9F%98%80.bin", File(size=10))
    odr_id = Channel(service).say(f"{link}?token=s3cret")
    assert service.wait(odr_id).stored_path == "/docs/a_.bin"
    (notice,) = eventually(lambda: rows(service_database_url))
    assert (notice.to_user, notice.msg_type) == (OWNER, "file_uploaded")
    assert json.loads(notice.detail) == {"file_name": "a_.bin", "repo_id": REPO_ID, "uploaded_to": "/docs"}
    service.stop()
    log = (tmp_path / logs.FILE).read_text(encoding="utf-8")
    lines = [line.partition(f"task {odr_id}: ")[2] for line in log.splitlines() if f"task {odr_id}: " in line]
    assert lines[0] == f"downloading, claim 1, for {OWNER} from 127.0.0.1"
    assert "stored, 10 bytes, as /docs/a_.bin" in lines
    assert "s3cret" not in log + "\n".join(host.lines)
    assert [line for line in host.lines if "task " in line] == []
    assert any("offline download: started" in line for line in host.lines)
