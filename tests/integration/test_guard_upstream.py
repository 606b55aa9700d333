"""Through a company's proxy: what is refused here never gets to it, and nothing ever goes past it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from seafevents_offline.egress.messages import Ended, Failed, Refused
from seafevents_offline.errors import OfflineDownloadError, from_reason
from seafevents_offline.pin import Pin
from tests.support.connect_proxy import ConnectProxy
from tests.support.guard import GRANT, NO_ANSWER, Echo, GuardProcess, exactly, policy_for
from tests.support.ports import free_port


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


@pytest.fixture(scope="module")
def serving(echo: Echo) -> Iterator[ConnectProxy]:
    """Everything leads to the echo; names that are no host's here too."""
    host, port = echo.address.split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    with ConnectProxy(listener, lambda *_: socket.create_connection((host, int(port))), "ada@x", "s:cret") as proxy:
        yield proxy


@pytest.fixture
def proxy(serving: ConnectProxy) -> ConnectProxy:
    serving.targets.clear()
    serving.refuses = None
    return serving


def url(proxy: ConnectProxy, login: str) -> str:
    return f"http://{login}@127.0.0.1:{proxy._listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def guard(serving: ConnectProxy) -> Iterator[GuardProcess]:
    with GuardProcess(policy_for(), url(serving, "ada%40x:s%3Acret"), before=NO_ANSWER) as guard:
        yield guard


@pytest.fixture(scope="module")
def hasty(serving: ConnectProxy) -> Iterator[GuardProcess]:
    """Gives up a name server soon: only where one that never answers is asked, a busy machine may be no quicker."""
    with GuardProcess(policy_for(), url(serving, "ada%40x:s%3Acret"), before=NO_ANSWER, lookup=0.5) as guard:
        yield guard


@pytest.mark.parametrize("target", ["93.184.215.14:443", "[2606:2800:21f:cb07::14]:443", "nowhere.invalid:80"])
def test_everything_goes_through_it_and_what_is_unknown_here_may_be_known_there(guard, proxy, target):
    with guard.tunnel(target) as engine:
        engine.sendall(b"x" * 100_000)
        assert exactly(engine, 100_000) == b"x" * 100_000
    ended = guard.wait_for(Ended, lambda ended: ended.host in target)
    assert f"[{ended.host}]:{ended.port}" == target if ":" in ended.host else f"{ended.host}:{ended.port}" == target
    assert ended.address == "127.0.0.1", "which is the proxy's"
    assert proxy.targets == [target]


def test_who_carries_a_secret_is_asked_for_one_server(hasty, proxy):
    grant = replace(GRANT, odr_id=8, only=Pin.of("https://files.example/a"))
    assert hasty.refuses("other.example:443", grant) == 403
    assert hasty.refuses("files.example:80", grant) == 403
    hasty.tunnel("files.example:443", grant).close()
    assert proxy.targets == ["files.example:443"]


def test_a_name_server_that_never_answers_does_not_decide(hasty, proxy):
    hasty.tunnel("files.example:443").close()
    assert proxy.targets == ["files.example:443"]


@pytest.mark.parametrize(
    "target", ["10.0.0.5:80", "127.0.0.1:80", "0x7f.1:80", "[::ffff:127.0.0.1]:80", "localhost:80", "93.184.215.14:22"]
)
def test_what_is_refused_here_is_not_even_asked_for(guard, proxy, target):
    assert guard.refuses(target) == 403
    guard.wait_for(Refused)
    assert proxy.targets == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "sentence"),
    [
        (403, 403, Refused, "The proxy that downloads go through does not allow no403.invalid (403)."),
        (502, 502, Failed, "The connection to no502.invalid failed or was interrupted."),
        (500, 502, Failed, "The proxy that downloads go through cannot be used: it answers 500."),
    ],
)
def test_what_it_refuses_is_a_sentence(guard, proxy, status, code, kind, sentence):
    proxy.refuses = status
    assert guard.refuses(f"no{status}.invalid:443") == code
    event = guard.wait_for(kind, lambda event: event.host == f"no{status}.invalid")
    assert str(from_reason(event.reason, event.args)) == sentence
    assert event.odr_id == GRANT.odr_id


def failure(guard: GuardProcess) -> OfflineDownloadError:
    event = guard.wait_for(Failed)
    return from_reason(event.reason, event.args)


def test_wrong_credentials_are_the_administrators_matter(proxy):
    with GuardProcess(policy_for(), url(proxy, "eve:x")) as guard:
        assert guard.refuses("93.184.215.14:443") == 502
        error = failure(guard)
    assert str(error) == "The proxy that downloads go through cannot be used: it wants other credentials (407)."
    assert not error.costs_attempt


@pytest.mark.parametrize("place", ["127.0.0.1", "nowhere.invalid"])
def test_without_it_nothing_goes_directly(echo, place):
    with GuardProcess(policy_for(echo.address), f"http://{place}:{free_port()}") as guard:
        assert guard.refuses(echo.address) == 502
        error = failure(guard)
    assert str(error) == "The proxy that downloads go through cannot be used: it cannot be reached."
    assert not error.costs_attempt


def test_one_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with GuardProcess(policy_for(), url, connect=0.3) as guard:
            assert guard.refuses("93.184.215.14:443") == 502
            assert str(failure(guard)).endswith("it does not answer.")
