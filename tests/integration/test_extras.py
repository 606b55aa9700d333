"""What a link needs beside itself, said by the real aria2c through the real guard: to the link's own server, once with
each request, and to nobody else."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.errors import AccessDenied, LinkLeadsElsewhere, LoginRefused, LoginWanted, OfflineDownloadError
from seafevents_offline.extras import Extras
from seafevents_offline.status import OfflineDownloadStatus
from tests.support.accounts import digests
from tests.support.certificates import self_signed
from tests.support.content import sha256_of
from tests.support.daemon import Daemon
from tests.support.databases import run_sql
from tests.support.egress import Open
from tests.support.engines import ONE_ARIA2C, Aria2
from tests.support.files import sha256
from tests.support.ftp_server import FtpServer
from tests.support.http_server import Answer, File, Gate, HttpServer, Raw, Request, redirect
from tests.support.service import Service
from tests.support.traces import files_with, processes_with
from tests.support.waiting import eventually

MakeAria2 = Callable[..., Aria2]

MB = 1024 * 1024

PASSWORD = 's3cret: "\\,;@/%ü😀'
LOGIN = Extras.checked(user="ädä", password=PASSWORD)
AUTHORIZATION = f"Basic {b64encode(f'ädä:{PASSWORD}'.encode()).decode()}"

#: Everything at once; the values hold what a shell, a list or a header could take for something else.
ALL = Extras.checked(
    headers=[
        ("authorization", 'Bearer s3cret "quoted", \\ and; more'),
        ("PRIVATE-TOKEN", "s3cret\twith a tab"),
        ("x-api-key", "k" * 4000),
        ("cookie", 'session="s3cret"; other=1'),
        ("accept-language", "de, en;q=0.5"),
    ],
    referer="https://page.example/ü?session=s3cret",
    user_agent='Browser/1.0 (X11; "Linux") Engine/2',
    cookies=True,
)
SAID = {
    "Authorization": 'Bearer s3cret "quoted", \\ and; more',
    "Private-Token": "s3cret\twith a tab",
    "X-Api-Key": "k" * 4000,
    "Cookie": 'session="s3cret"; other=1',
    "Accept-Language": "de, en;q=0.5",
    "Referer": "https://page.example/%C3%BC?session=s3cret",
    "User-Agent": 'Browser/1.0 (X11; "Linux") Engine/2',
    "Accept": "*/*",
}


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    return self_signed(tmp_path, "localhost", "IP:127.0.0.1")


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[HttpServer]:
    with HttpServer(certificate=certificate[0], key=certificate[1]) as server:
        yield server


@pytest.fixture
def aria2(make_aria2: MakeAria2, certificate: tuple[Path, Path]) -> Aria2:
    """One that trusts our servers."""
    return make_aria2(ca_certificate=str(certificate[0])).start()


@pytest.fixture(params=["http", "https"])
def server(request: pytest.FixtureRequest, http_server: HttpServer, tls_server: HttpServer) -> HttpServer:
    return http_server if request.param == "http" else tls_server


def said(request: Request) -> Counter[tuple[str, str]]:
    """The headers of a request as they were spelt; blanks around a value say nothing."""
    pairs = (line.partition(":") for line in request.lines)
    return Counter((name, value.strip(" ").encode("latin-1").decode()) for name, _, value in pairs)


def assert_said_once(requests: list[Request], expected: dict[str, str]) -> None:
    for request in requests:
        heads = said(request)
        names = Counter(name.lower() for name, _ in heads.elements())
        for name, value in expected.items():
            assert heads[name, value] == 1, (name, request.lines)
            assert names[name.lower()] == 1, (name, request.lines)


# --- logins -------------------------------------------------------------------------------------------


def test_the_right_login_is_let_in_and_said_at_the_first_request(aria2: Aria2, server: HttpServer) -> None:
    url = server.serve("/a", File(data=b"content", login=f"ädä:{PASSWORD}"))
    [file] = aria2.get(url, extras=LOGIN).complete().files
    assert file.path.read_bytes() == b"content"
    [request] = server.requests
    assert_said_once([request], {"Authorization": AUTHORIZATION, "Accept": "*/*", "Cookie": ""})


TURNED_AWAY: list[tuple[int, Extras, type[OfflineDownloadError]]] = [
    (401, LOGIN, LoginRefused),
    (403, LOGIN, LoginRefused),
    (401, Extras.checked(headers=[("Private-Token", "s3cret")]), LoginRefused),
    (401, Extras(), LoginWanted),
    (401, Extras.checked(user_agent="Browser/1.0"), LoginWanted),
    (403, Extras(), AccessDenied),
]


def test_who_is_not_let_in_is_told_at_once_and_asks_once(aria2: Aria2, server: HttpServer) -> None:
    for number, (status, extras, expected) in enumerate(TURNED_AWAY, 1):
        url = server.serve(f"/{number}", Answer(status, {"WWW-Authenticate": 'Basic realm="files"'}))
        error = aria2.get(url, number, extras=extras).failed().error
        assert type(error) is expected, (status, extras)
        assert not error.retryable
        assert "s3cret" not in str(error)
        assert len(server.requests) == server.connections == number


# --- ftp ----------------------------------------------------------------------------------------------


@pytest.fixture
def ftp_server() -> Iterator[FtpServer]:
    """Only a guard in a world of its own lets ftp through, whose ports are fixed: see test_egress_rules.py."""

    def listen() -> socket.socket:
        return socket.create_server(("127.0.0.1", 0))

    with FtpServer(listen(), listen) as server:
        server.files["/a"] = b"by ftp"
        server.login = ("ädä", PASSWORD)
        yield server


def test_a_login_of_ftp(make_aria2: MakeAria2, ftp_server: FtpServer) -> None:
    aria2, url = make_aria2(egress=Open()).start(), f"ftp://127.0.0.1:{ftp_server.port}/a"
    assert aria2.get(url, 1, extras=LOGIN).complete().files[0].path.read_bytes() == b"by ftp"
    wrong = Extras.checked(user="ädä", password="wrong")
    assert isinstance(aria2.get(url, 2, extras=wrong).failed().error, LoginRefused)
    assert isinstance(aria2.get(url, 3).failed().error, LoginWanted)
    logins = [line for line in ftp_server.commands if line.startswith(("USER ", "PASS "))]
    assert logins == [
        *("USER ädä", f"PASS {PASSWORD}"),
        *("USER ädä", "PASS wrong"),
        *("USER anonymous", "PASS ARIA2USER@"),
    ]


# --- headers ------------------------------------------------------------------------------------------


def test_everything_is_said_once_with_each_request_of_all_connections(aria2: Aria2, server: HttpServer) -> None:
    url, gate = server.serve("/to", redirect("/a.bin")), Gate()
    server.serve("/a.bin", File(size=16 * MB, seed=1, stall_after=MB + 1234, stall=gate))
    watch = aria2.get(url, extras=ALL)
    # Beside the redirect; how many there are at last is aria2's own.
    server.wait_for(lambda requests: len(requests) > 5)
    gate.set()
    [file] = watch.complete().files
    assert sha256(file.path) == sha256_of(1, 16 * MB)
    assert [request.target for request in server.requests[:2]] == ["/to", "/a.bin"]
    assert_said_once(server.requests, SAID)


def test_a_value_as_long_as_one_may_be_arrives(aria2: Aria2, http_server: HttpServer) -> None:
    longest = Extras.checked(headers=[("X-Api-Key", "k" * 8192)])
    aria2.get(http_server.serve("/a", File(size=10)), extras=longest).complete()
    assert_said_once(http_server.requests, {"X-Api-Key": "k" * 8192, "Accept": "*/*", "Cookie": ""})


def test_one_tasks_extras_and_cookies_are_not_anothers(aria2: Aria2, http_server: HttpServer) -> None:
    http_server.serve("/private", File(size=10))
    url = http_server.serve("/sign-in", Answer(302, {"Set-Cookie": "session=ada; path=/", "Location": "/private"}))
    aria2.get(url, 1, extras=ALL).complete()
    aria2.get(url, 2, extras=LOGIN).complete()
    aria2.get(url, 3).complete()
    first, second, third = http_server.requests[:2], http_server.requests[2:4], http_server.requests[4:]
    assert_said_once(first, SAID)
    assert_said_once(second, {"Cookie": "", "Authorization": AUTHORIZATION})
    assert_said_once(third, {"Cookie": "", "Accept": "*/*"})
    assert "s3cret" not in str([request.lines for request in third])
    assert "authorization" not in third[-1].headers


# --- the link's own server and no other -------------------------------------------------------------------


@contextlib.contextmanager
def untouched(*others: HttpServer) -> Iterator[None]:
    """Nobody connects to these meanwhile, not even to say nothing."""
    before = [other.connections for other in others]
    yield
    assert [other.connections for other in others] == before
    assert [other.requests for other in others] == [[]] * len(others)


def test_a_redirect_to_elsewhere_is_refused_and_nobody_there_hears_of_it(
    aria2: Aria2, server: HttpServer, http_server: HttpServer, tls_server: HttpServer
) -> None:
    secrets = itertools.cycle([LOGIN, ALL, Extras.checked(headers=[("Cookie", "s3cret=1")], cookies=True)])
    other = tls_server if server is http_server else http_server
    with HttpServer() as third, untouched(other, third):
        places = {
            "another port": third.url("/x"),
            "another scheme": other.url("/x"),
            "another name of the same machine": server.url("/x", host="localhost"),
            "another address of the same machine": f"http://[::1]:{third.port}/x",
            "a login of its own": third.url("/x").replace("//", "//eve:pw@"),
            "a name that nobody knows": "https://no.such.example/x",
            "this machine": "http://127.0.0.1:22/x",
        }
        for odr_id, (what, to) in enumerate(places.items(), 1):
            watch = aria2.get(server.serve(f"/{odr_id}", redirect(to)), odr_id, extras=next(secrets))
            error = watch.failed().error
            assert isinstance(error, LinkLeadsElsewhere), (what, error)
            assert not error.retryable
            place = to.partition("//")[2].rpartition("@")[2].partition("/")[0]
            assert error.reason_args["place"] == (place if ":" in place else f"{place}:443"), what
            assert "s3cret" not in str(error)
        assert len(server.requests) == server.connections == len(places)


def test_what_was_to_be_encrypted_is_never_sent_in_the_clear(aria2: Aria2, tls_server: HttpServer) -> None:
    """The same name and port, so that only what is said can tell."""
    to = tls_server.url("/x").replace("https:", "http:")
    error = aria2.get(tls_server.serve("/a", redirect(to)), extras=LOGIN).failed().error
    assert isinstance(error, LinkLeadsElsewhere)
    assert [request.target for request in tls_server.requests] == ["/a"]


@ONE_ARIA2C
def test_a_server_that_leads_the_other_connections_away_delivers_by_itself(
    aria2: Aria2, http_server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with HttpServer() as other, untouched(other):
        away = f"HTTP/1.1 302 Found\r\nLocation: {other.url('/x')}\r\nContent-Length: 0\r\n\r\n".encode()
        file = File(size=4 * MB, seed=4, rate=2 * MB, lie=lambda first, last: Raw(away))
        [found] = aria2.get(http_server.serve("/a", file), extras=LOGIN).complete().files
        assert sha256(found.path) == sha256_of(4, 4 * MB)
        assert f"not to {other.address}: The link leads on to another server" in caplog.text


def test_what_browsers_tell_everybody_goes_on_to_others(aria2: Aria2, http_server: HttpServer) -> None:
    """A referer and a user agent are what sites ask for that then lead to where their files are."""
    open_ = Extras.checked(
        headers=[("Accept-Language", "de")], referer="https://page.example/x", user_agent="Browser/1.0"
    )
    with HttpServer() as other:
        url = http_server.serve("/a", redirect(other.serve("/x", File(size=10))))
        aria2.get(url, extras=open_).complete()
        expected = {"Accept-Language": "de", "Referer": "https://page.example/x", "User-Agent": "Browser/1.0"}
        assert_said_once([*http_server.requests, *other.requests], expected)
        assert len(other.requests) == 1


# --- interruptions ------------------------------------------------------------------------------------------


@ONE_ARIA2C
def test_a_killed_aria2c_is_told_everything_again(aria2: Aria2, http_server: HttpServer) -> None:
    url = http_server.serve("/a.bin", File(size=40 * MB, seed=2, rate=2 * MB, login=f"ädä:{PASSWORD}"))
    watch = aria2.get(url, extras=LOGIN)
    watch.reached(20 * MB)
    old = aria2.process
    old.kill()
    [file] = watch.complete().files
    assert sha256(file.path) == sha256_of(2, 40 * MB)
    assert http_server.sent("/a.bin") < 70 * MB
    assert_said_once(http_server.requests, {"Authorization": AUTHORIZATION, "Cookie": ""})


@ONE_ARIA2C
def test_a_part_is_continued_with_the_login_and_not_without(aria2: Aria2, http_server: HttpServer) -> None:
    login = f"ädä:{PASSWORD}"
    url = http_server.serve("/a.bin", File(size=20 * MB, seed=3, stall_at=10 * MB + 1234, login=login))
    watch = aria2.get(url, extras=LOGIN)
    watch.reached(4 * MB)
    eventually(lambda: aria2.engine.resumable(watch.job.folder))
    watch.remove()
    http_server.serve("/a.bin", File(size=20 * MB, seed=3, rate=10 * MB, login=login))
    refused = aria2.get(url, claim=2)
    assert isinstance(refused.failed().error, LoginWanted)
    refused.remove()
    http_server.forget()
    [file] = aria2.get(url, claim=3, extras=LOGIN).complete().files
    assert sha256(file.path) == sha256_of(3, 20 * MB)
    assert any(request.range for request in http_server.requests)


def test_a_killed_service_goes_on_with_the_login_and_forgets_it_at_the_end(
    make_service: Callable[..., Service], http_server: HttpServer
) -> None:
    service = make_service()
    file = File(size=12 * MB, seed=5, login="ada:s3cret", stall_at=8 * MB)
    url = http_server.serve("/a.bin", file)
    odr_id = service.insert(url.replace("//", "//ada:s3cret@"))

    def assert_nowhere(log: Path) -> None:
        rows = run_sql(service.settings.database, "SELECT url, options, comment FROM OfflineDownloadRecord")
        found = (str(rows), log.read_text(encoding="utf-8"), *processes_with("s3cret"))
        assert "s3cret" not in "".join(found), found

    with Daemon(service.settings) as daemon:
        service.wait_for(odr_id, lambda task: task.completed > 4 * MB)
        assert_nowhere(daemon.log)
        daemon.kill(engine=True)
    http_server.wait_for_active(0)
    before = len(http_server.requests)
    file.stall.set()
    with Daemon(service.settings) as daemon:
        assert service.wait(odr_id).status is OfflineDownloadStatus.OK
        assert_nowhere(daemon.log)
    assert list(digests(service.library).values()) == [sha256_of(5, 12 * MB)]
    assert any(request.range for request in http_server.requests[before:])
    assert_said_once(http_server.requests, {"Authorization": "Basic " + b64encode(b"ada:s3cret").decode()})
    [(options,)] = run_sql(service.settings.database, "SELECT options FROM OfflineDownloadRecord")
    assert "secret" not in json.loads(str(options))


@ONE_ARIA2C
def test_a_removed_download_with_a_secret_is_cut_at_once(aria2: Aria2, server: HttpServer) -> None:
    url = server.serve("/a.bin", File(size=100 * MB, rate=MB / 10, login=f"ädä:{PASSWORD}"))
    watch = aria2.get(url, extras=LOGIN)
    server.wait_for_active(8)
    watch.remove()
    # It was gone when the guard had cut it; the server only has to notice.
    server.wait_for_active(0)


# --- nothing is left of it ----------------------------------------------------------------------------------


@ONE_ARIA2C
def test_no_command_line_no_file_and_no_log_has_a_secret(
    aria2: Aria2, http_server: HttpServer, guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    everything = Extras.checked(
        user="ada", password="pa55word", headers=[("Private-Token", "t0ken"), ("Cookie", "c00kie=1")],
        referer="https://page.example/?r3ferer", user_agent="ag3nt", cookies=True,
    )  # fmt: skip
    basic = b64encode(b"ada:pa55word").decode()
    gate = Gate()
    running = aria2.get(
        http_server.serve("/held", File(size=16 * MB, stall_at=8 * MB + 1234, stall=gate)), 1, extras=everything
    )
    running.reached(MB)
    eventually(lambda: aria2.engine.resumable(running.job.folder))
    refused = aria2.get(http_server.serve("/no", Answer(401)), 2, extras=everything)
    refused.failed()
    elsewhere = aria2.get(http_server.serve("/away", redirect("http://localhost:1/")), 3, extras=everything)
    elsewhere.failed()
    aria2.process.kill()
    http_server.wait_for(lambda requests: [request.path for request in requests][-1] == "/held")
    for secret in (basic, "t0ken", "c00kie", "r3ferer", "ag3nt"):
        assert any(secret in line for request in http_server.requests for line in request.lines)
    for secret in ("pa55word", basic, "t0ken", "c00kie", "r3ferer", "ag3nt"):
        assert processes_with(secret) == []
        assert files_with(secret, aria2.home) == []
        assert secret not in caplog.text
        assert secret not in repr(running.job)
    assert (aria2.home / "aria2.conf").read_text(encoding="utf-8")
    gate.set()
    running.complete()
    assert guard.refusal(1, 1) is None
