"""What another server is told of finished tasks: real HTTP, and a service that is started again in between."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline import repository, webhook
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings
from seafevents_offline.status import Action
from seafevents_offline.tasks import messenger
from seafevents_offline.tasks.messenger import Messenger
from tests.support.certificates import self_signed
from tests.support.databases import ON_BOTH_DATABASES, run_sql
from tests.support.http_server import Answer, File, Gate, HttpServer, Raw, Request
from tests.support.records import add_many, new
from tests.support.service import Service
from tests.support.waiting import eventually

SECRET = "s3cret ü"
PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Again at once, instead of half a minute later."""
    monkeypatch.setattr(messenger, "PAUSES", (0.05,))
    monkeypatch.setattr(messenger, "UNREACHED_PAUSE", 0.05)


@pytest.fixture
def make_messenger(service_database_url: str) -> Iterator[Callable[..., Messenger]]:
    """Makes messengers that are driven by hand, with one task that has ended."""
    opened: list[Repository] = []

    def make(url: str, **settings: Any) -> Messenger:
        told = Settings(database=service_database_url, webhook_url=url, **settings)
        opened.append(repository.open(told))
        opened[-1].act(opened[-1].add(new()).odr_id, Action.CANCEL)
        return Messenger(told, opened[-1])

    yield make
    for repo in opened:
        repo.close()


def posts(server: HttpServer) -> list[Request]:
    return [request for request in server.requests if request.method == "POST" and request.status]


def signature_of(body: bytes, secret: str) -> str:
    """RFC 2104, by hand."""
    key = secret.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + body).digest()
    return "sha256=" + hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def accepts(request: Request, secret: str) -> bool:
    """As the page tells receivers to look at it."""
    (lines,) = re.findall(r"(?m)^    import hashlib, hmac\n(?:    .*\n)+", PAGE)
    names: dict[str, Any] = {"secret": secret, "body": request.body, "headers": _Headers(request.headers)}
    exec("\n".join(line[4:] for line in lines.splitlines()), names)
    return bool(names["is_from_us"])


class _Headers(dict[str, str]):
    """In whatever case they are asked for."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        return super().get(name.lower(), default)


# --- a whole service ------------------------------------------------------------------------------------


@ON_BOTH_DATABASES
def test_finished_tasks_are_told_and_signed(make_service: Callable[..., Service], http_server: HttpServer) -> None:
    hook = http_server.serve("/hook?key=x", Answer(204))
    service = make_service(webhook_url=hook, webhook_secret=SECRET).start()
    stored = service.add(http_server.serve("/a.bin?token=hidden", File(size=1000)))
    failed = service.add(http_server.url("/missing"))
    cancelled = service.add(http_server.serve("/slow", File(size=8_000_000, rate=2_000)))
    service.wait(stored)
    service.wait(failed)
    service.repository.act(cancelled, Action.CANCEL)
    requests = http_server.wait_for(lambda _: len(found := posts(http_server)) == 3 and found)
    told = {body["odr_id"]: body for request in requests for body in [json.loads(request.body)]}
    assert {odr_id: (one["state"], one["success"], one["response_code"]) for odr_id, one in told.items()} == {
        stored: ("ok", True, 200),
        failed: ("error", False, 404),
        cancelled: ("cancelled", False, 0),
    }
    assert told[stored]["stored_path"] == "/a.bin"
    assert (told[stored]["error"], told[failed]["error"]) == ("", told[failed]["comment"])
    assert told[stored]["url"] == http_server.url("/a.bin")
    assert len({one["delivery"] for one in told.values()}) == 3
    for request in requests:
        assert request.target == "/hook?key=x"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["x-seafile-signature"] == signature_of(request.body, SECRET)
        assert b"hidden" not in request.body
        assert accepts(request, SECRET)
        assert not accepts(request, "another")
    assert "offline-webhook" in {thread.name for thread in threading.enumerate()}


@ON_BOTH_DATABASES
def test_what_could_not_be_told_is_told_after_a_restart(
    make_service: Callable[..., Service], http_server: HttpServer
) -> None:
    hooks = HttpServer()
    with make_service(webhook_url=hooks.url("/hook")) as service:
        odr_id = service.add(http_server.serve("/a.bin", File(size=1000)))
        service.wait(odr_id)
        # Nobody is there to hear of it.
        tried = "SELECT 1 FROM OfflineDownloadDelivery WHERE attempts > 1"
        eventually(lambda: run_sql(service.settings.database, tried))
    hooks.serve("/hook", Answer(200))
    with hooks, make_service(webhook_url=hooks.url("/hook")):
        (request,) = hooks.wait_for(lambda _: posts(hooks))
    assert json.loads(request.body)["odr_id"] == odr_id
    assert "x-seafile-signature" not in request.headers


def test_without_a_webhook_there_is_no_thread(service: Service) -> None:
    assert "offline-webhook" not in {thread.name for thread in threading.enumerate()}


# --- one message ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 307, 400, 410, 500, 503])
def test_only_success_is_success(
    make_messenger: Callable[..., Messenger], http_server: HttpServer, status: int
) -> None:
    elsewhere = http_server.serve("/elsewhere", Answer(200))
    answers = [Answer(status, {"Location": elsewhere}), Answer(200)]
    one = make_messenger(http_server.serve("/hook", File(answers=answers)))
    tell_until(one, lambda: len(posts(http_server)) == 2)
    assert [request.path for request in posts(http_server)] == ["/hook", "/hook"], "no redirect is followed"
    first, second = posts(http_server)
    assert first.body == second.body, "it is the same message"


def tell_until(one: Messenger, is_enough: Callable[[], bool]) -> None:
    for _ in range(600):
        one.look()
        if is_enough():
            one.look()
            return
        threading.Event().wait(0.02)
    raise AssertionError("not told")


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-x\r\n", b"\0" * 100_000, b"HTTP/1.1 2000 OK\r\n\r\n"])
def test_what_is_no_answer_is_none(
    make_messenger: Callable[..., Messenger], http_server: HttpServer, raw: bytes
) -> None:
    one = make_messenger(http_server.serve("/hook", Raw(raw)))
    assert one.look() is False


def test_who_does_not_answer_holds_nobody_up_for_long(
    make_messenger: Callable[..., Messenger],
    http_server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(webhook, "ANSWER_LIMIT", 0.2)
    gate = Gate()
    one = make_messenger(http_server.serve("/hook/secret", File(hold=gate)))
    assert one.look() is False
    gate.set()
    assert "did not answer in time" in caplog.text
    assert "secret" not in caplog.text


def test_who_goes_on_for_ever_has_answered(
    make_messenger: Callable[..., Messenger], http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "_REST_LIMIT", 0.1)
    one = make_messenger(http_server.serve("/hook", Raw(b"HTTP/1.1 200 OK\r\n", again=b"x" * 1000)))
    assert one.look() is True
    assert len(http_server.requests) == 1


def test_the_proxy_of_the_environment_is_not_asked(
    make_messenger: Callable[..., Messenger], http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    make_messenger(http_server.serve("/hook", Answer(200))).look()
    assert len(posts(http_server)) == 1


def test_user_and_password_go_into_a_header(make_messenger: Callable[..., Messenger], http_server: HttpServer) -> None:
    url = http_server.serve("/hook", Answer(200)).replace("http://", "http://ada:p%40ss@")
    make_messenger(url).look()
    (request,) = posts(http_server)
    assert request.headers["authorization"] == "Basic YWRhOnBAc3M="
    assert request.headers["host"] == http_server.address


def test_who_cannot_be_trusted_is_told_nothing(
    make_messenger: Callable[..., Messenger], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = self_signed(tmp_path, "IP:127.0.0.1")
    with HttpServer(certificate=certificate, key=key) as server:
        url = server.serve("/hook", Answer(200))
        assert make_messenger(url).look() is False
        assert "its certificate cannot be verified" in caplog.text
        assert posts(server) == []
        tell_until(make_messenger(url, ca_certificate=str(certificate)), lambda: len(posts(server)) == 2)


def test_what_is_never_taken_is_given_up_with_one_line(
    make_messenger: Callable[..., Messenger],
    service_database_url: str,
    http_server: HttpServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Longer than the first look may take, or it would be sent in that again.
    monkeypatch.setattr(messenger, "PAUSES", (3600.0,))
    one = make_messenger(http_server.serve("/hook/secret?key=x", Answer(500)))
    one.look()
    assert len(posts(http_server)) == 1
    monkeypatch.setattr(messenger, "GIVE_UP", 0.0)
    run_sql(service_database_url, "UPDATE OfflineDownloadDelivery SET next_at = created_at")
    for _ in range(2):
        one.look()
    assert len(posts(http_server)) == 2
    again, given_up = [record for record in caplog.records if record.levelno >= logging.WARNING]
    where = f"the webhook at {http_server.address}"
    assert again.getMessage() == f"task 1: {where}, again in 3600 s: it answered 500"
    assert given_up.getMessage() == f"task 1: {where} is not told, given up after 0 days: it answered 500"


def test_while_nobody_is_there_few_are_tried(make_messenger: Callable[..., Messenger], http_server: HttpServer) -> None:
    url = http_server.serve("/hook", Answer(200))
    http_server.stop()
    one = make_messenger(url)
    odr_ids = [1, *add_many(one._repository, 20)]
    one._repository.cancel_all("ada@example.com")
    assert one.look() is False
    http_server.start()
    tell_until(one, lambda: len(posts(http_server)) == len(odr_ids))
    assert sorted(json.loads(request.body)["odr_id"] for request in posts(http_server)) == odr_ids


def test_a_database_that_is_away_is_no_fault_of_the_thread(
    make_messenger: Callable[..., Messenger], http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seafevents_offline.errors import DatabaseUnavailable

    one = make_messenger(http_server.serve("/hook", Answer(200)))

    def away(*_: object) -> int:
        raise DatabaseUnavailable(detail="away")

    monkeypatch.setattr(one._repository, "collect", away)
    assert one.look() is True
