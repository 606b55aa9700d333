"""Real faults and what aria2c's answer to them becomes. Codes and messages are aria2's, so both versions are asked."""

from __future__ import annotations

import itertools
import socket
import ssl
import struct
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2 import options
from seafevents_offline.engines.base import Job
from seafevents_offline.errors import (
    AccessDenied,
    AnswerUnreadable,
    BodyIncomplete,
    ConnectionFailed,
    EngineFault,
    EngineUnavailable,
    FileNotFoundAtServer,
    HostNotFound,
    LinkRefused,
    OfflineDownloadError,
    RedirectInvalid,
    ServerBusy,
    TlsFailed,
    TooManyRedirects,
)
from tests.support.certificates import self_signed
from tests.support.engines import Aria2
from tests.support.http_server import Answer, File, Framing, HttpServer, redirect
from tests.support.ports import server_port

MakeAria2 = Callable[..., Aria2]
Fault = Callable[[str], OfflineDownloadError]

MB = 1024 * 1024


@pytest.fixture
def fault(aria2: Aria2) -> Fault:
    """What the download of a link fails with."""
    return _fault_of(aria2)


def _fault_of(aria2: Aria2) -> Fault:
    numbers = itertools.count(1)

    def fault(url: str) -> OfflineDownloadError:
        snapshot = aria2.get(url, next(numbers)).failed()
        assert snapshot.error is not None
        return snapshot.error

    return fault


# --- HTTP ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "retryable", "statuses"),
    [
        (FileNotFoundAtServer, False, [404, 410]),
        (AccessDenied, False, [402, 403, 407, 451]),
        (LinkRefused, False, [204, 205, 300, 302, 304, 305, 400, 405, 406, 409, 412, 416, 418, 421, 422]),
        (ServerBusy, True, [408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 509, 520, 522, 524, 530, 599]),
    ],
)
def test_an_http_status(
    fault: Fault, http_server: HttpServer, error: type[OfflineDownloadError], retryable: bool, statuses: list[int]
) -> None:
    for status in statuses:
        found = fault(http_server.serve(f"/{status}", Answer(status)))
        assert (type(found), found.reason_args) == (error, {"status": status})
        assert (found.retryable, found.costs_attempt) == (retryable, True)
    assert len(http_server.requests) == len(statuses)


def test_a_redirect_loop(fault: Fault, http_server: HttpServer) -> None:
    found = fault(http_server.serve("/loop", redirect("/loop")))
    assert isinstance(found, TooManyRedirects)
    assert not found.retryable


@pytest.mark.parametrize("to", ["file:///etc/passwd", "gopher://example.com/", "https://"])
def test_a_redirect_to_no_link(fault: Fault, http_server: HttpServer, to: str) -> None:
    found = fault(http_server.serve("/r", redirect(to)))
    assert isinstance(found, RedirectInvalid)
    assert not found.retryable


# --- the network --------------------------------------------------------------------------------------


@pytest.fixture
def answering() -> Iterator[Callable[[bytes | None], int]]:
    """Makes servers that answer every connection with some bytes and then close it (None: reset it). Their port."""
    servers: list[socket.socket] = []

    def serve(server: socket.socket, answer: bytes | None) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                if answer is None:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    client.recv(65536)
                    client.sendall(answer)

    def make(answer: bytes | None) -> int:
        server = socket.create_server(("127.0.0.1", server_port()))
        servers.append(server)
        threading.Thread(target=serve, args=(server, answer), daemon=True).start()
        return int(server.getsockname()[1])

    yield make
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection(fault: Fault, scheme: str) -> None:
    found = fault(f"{scheme}://127.0.0.1:{server_port()}/x")
    assert isinstance(found, ConnectionFailed)
    assert found.reason_args == {"host": "127.0.0.1"}
    assert found.retryable


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", [None, b""], ids=["reset", "closed"])
def test_a_connection_that_ends_at_once(
    fault: Fault, answering: Callable[[bytes | None], int], scheme: str, answer: bytes | None
) -> None:
    found = fault(f"{scheme}://127.0.0.1:{answering(answer)}/x")
    assert isinstance(found, ConnectionFailed)
    assert found.retryable


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"])
def test_an_answer_that_is_no_http(fault: Fault, answering: Callable[[bytes | None], int], answer: bytes) -> None:
    found = fault(f"http://127.0.0.1:{answering(answer)}/x")
    assert isinstance(found, AnswerUnreadable)
    assert found.retryable


def test_a_host_that_does_not_exist(fault: Fault, http_server: HttpServer) -> None:
    for url in ("http://nowhere.invalid/x", http_server.serve("/r", redirect("http://nowhere.invalid/x"))):
        found = fault(url)
        assert isinstance(found, HostNotFound)
        assert found.reason_args == {"host": "nowhere.invalid"}
        assert found.retryable


@pytest.mark.parametrize("size", [MB, 20 * MB], ids=["one connection", "many"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_body_that_is_always_cut_short(fault: Fault, http_server: HttpServer, size: int, reset: bool) -> None:
    found = fault(http_server.serve("/a", File(size=size, break_after=100_000, break_reset=reset)))
    # Which of many connections is the last to break decides which of the two it is.
    assert isinstance(found, BodyIncomplete if not reset else (BodyIncomplete, ConnectionFailed))
    assert found.retryable


def test_chunks_that_end_too_early(fault: Fault, http_server: HttpServer) -> None:
    found = fault(http_server.serve("/a", File(size=MB, break_after=100_000, framing=Framing.CHUNKED)))
    assert isinstance(found, (BodyIncomplete, ConnectionFailed))
    assert found.retryable


def test_silence(make_aria2: MakeAria2, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "CONNECT_TIMEOUT", 2)
    monkeypatch.setattr(options, "TIMEOUT", 2)
    fault = _fault_of(make_aria2().start())
    with socket.create_server(("127.0.0.1", server_port())) as silent:
        port = silent.getsockname()[1]
        stalled = [http_server.serve(f"/{size}", File(size=size, stall_after=1000)) for size in (MB, 20 * MB)]
        for url in [f"http://127.0.0.1:{port}/x", f"https://127.0.0.1:{port}/x", *stalled]:
            found = fault(url)
            assert isinstance(found, ConnectionFailed)
            assert found.retryable


# --- TLS ----------------------------------------------------------------------------------------------


_CA = """
[ca]
default_ca = ours
[ours]
database = {books}
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
"""


class Authority:
    """A certificate authority made for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate, self.key = self_signed(folder, "authority")

    def server(self, name: str, *dates: str) -> HttpServer:
        """Has a certificate for ``name`` (``IP:…`` or ``DNS:…``)."""
        key, request, certificate, more = (self.folder / f"server.{kind}" for kind in ("key", "csr", "pem", "ext"))
        more.write_text(f"subjectAltName={name}\nbasicConstraints=CA:FALSE\n")
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        new += ["-subj", "/CN=server", "-keyout", str(key), "-out", str(request)]
        # Only "ca" makes a certificate that is not valid yet; it keeps books.
        books = self.folder / "books"
        books.write_text("")
        settings = self.folder / "ca.conf"
        settings.write_text(_CA.format(books=books))
        sign = ["openssl", "ca", "-batch", "-notext", "-config", str(settings), "-in", str(request)]
        sign += ["-cert", str(self.certificate), "-keyfile", str(self.key), "-extfile", str(more), *dates]
        sign += ["-outdir", str(self.folder), "-out", str(certificate)]
        for command in (new, sign):
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        return HttpServer(certificate=certificate, key=key)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusting(make_aria2: MakeAria2, authority: Authority) -> Aria2:
    """An engine that trusts the authority."""
    return make_aria2(ca_certificate=str(authority.certificate)).start()


def test_a_certificate_of_the_authority_is_good(trusting: Aria2, authority: Authority) -> None:
    with authority.server("IP:127.0.0.1", "-days", "2") as server:
        trusting.get(server.serve("/a", File(size=10))).complete()


def test_a_certificate_of_nobody(trusting: Aria2, tmp_path: Path, http_server: HttpServer) -> None:
    (tmp_path / "other").mkdir()
    certificate, key = self_signed(tmp_path / "other", "IP:127.0.0.1")
    with HttpServer(certificate=certificate, key=key) as server:
        for number, url in enumerate([server.url("/a"), http_server.serve("/r", redirect(server.url("/a")))], 1):
            found = trusting.get(url, number).failed().error
            assert isinstance(found, TlsFailed)
            assert not found.retryable
        assert server.requests == []


@pytest.mark.parametrize(
    ("name", "dates"),
    [
        ("DNS:example.com", ("-days", "2")),
        ("IP:127.0.0.2", ("-days", "2")),
        ("IP:127.0.0.1", ("-startdate", "20200101000000Z", "-enddate", "20210101000000Z")),
        ("IP:127.0.0.1", ("-startdate", "20900101000000Z", "-enddate", "20910101000000Z")),
    ],
    ids=["of another host", "of another address", "expired", "not valid yet"],
)
def test_a_certificate_that_does_not_fit(
    trusting: Aria2, authority: Authority, name: str, dates: tuple[str, ...]
) -> None:
    with authority.server(name, *dates) as server:
        found = trusting.get(server.url("/a")).failed().error
        assert isinstance(found, TlsFailed)
        assert not found.retryable
        assert server.requests == []


def test_a_server_that_knows_only_what_is_broken(trusting: Aria2, authority: Authority) -> None:
    server = authority.server("IP:127.0.0.1", "-days", "2")
    assert server._tls is not None
    # As servers from before 2008 have it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server._tls.minimum_version = ssl.TLSVersion.TLSv1
        server._tls.maximum_version = ssl.TLSVersion.TLSv1_1
    server._tls.set_ciphers("ALL:@SECLEVEL=0")
    with server:
        assert isinstance(trusting.get(server.url("/a")).failed().error, ConnectionFailed)
        assert server.requests == []


# --- ourselves ----------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_used(aria2: Aria2, http_server: HttpServer) -> None:
    aria2.folder(1).write_text("in the way")
    woken = threading.Event()
    job = Job(1, 1, http_server.serve("/a", File(size=10)), aria2.folder(1))
    transfer = aria2.engine.add(job, woken.set)
    assert woken.wait(30)
    assert isinstance(transfer.snapshot.error, EngineUnavailable)
    assert not transfer.snapshot.error.costs_attempt
    assert http_server.requests == []


def test_a_file_that_cannot_be_made_under_a_name_of_ours(aria2: Aria2, http_server: HttpServer) -> None:
    """aria2 says the same as for a bad name (16); a name of ours cannot be the reason."""
    url = http_server.serve("/a", File(size=10))
    found = aria2.get(url, out="n" * 300).failed().error
    assert isinstance(found, EngineUnavailable)


def test_a_link_that_aria2_does_not_understand(fault: Fault) -> None:
    assert isinstance(fault("file:///etc/passwd"), EngineFault)
