"""What the real aria2c makes of links of every sort: both versions, real sockets."""

from __future__ import annotations

import itertools
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2.rpc import RpcClient
from seafevents_offline.engines.base import TransferState
from seafevents_offline.errors import NameRefused
from tests.support.certificates import self_signed
from tests.support.content import sha256_of
from tests.support.engines import ONE_ARIA2C, Aria2, Watch
from tests.support.files import sha256
from tests.support.http_server import Answer, File, Framing, Gate, HttpServer, redirect
from tests.support.waiting import eventually

MakeAria2 = Callable[..., Aria2]

MB = 1024 * 1024


def names(watch: Watch) -> list[str]:
    return sorted(path.name for path in watch.engine.finished(watch.job.folder))


# --- transport ----------------------------------------------------------------------------------------


def test_https_with_a_ca_of_our_own(make_aria2: MakeAria2, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "localhost", "IP:127.0.0.1")
    aria2 = make_aria2(ca_certificate=str(certificate)).start()
    with HttpServer(certificate=certificate, key=key) as server:
        url = server.serve("/a.bin", File(size=5 * MB, seed=1))
        for odr_id, link in enumerate([url, url.replace("127.0.0.1", "localhost")], 1):
            snapshot = aria2.get(link, odr_id).complete()
            assert sha256(snapshot.files[0].path) == sha256_of(1, 5 * MB)


def test_every_way_to_send_a_body(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(workers=64).start()
    ways = list(itertools.product(Framing, [True, False], [0, 1, 9_000_003]))
    watches = [
        aria2.get(http_server.serve(f"/{n}", File(size=size, seed=2, framing=framing, ranges=ranges)), n)
        for n, (framing, ranges, size) in enumerate(ways, 1)
    ]
    for watch, way in zip(watches, ways, strict=True):
        (*_, size), (file,) = way, watch.complete().files
        assert (file.path.name, file.size, file.completed) == (str(watch.job.odr_id), size, size), way
        assert sha256(file.path) == sha256_of(2, size), way


def test_a_beginning_with_gaps_is_none(aria2: Aria2, http_server: HttpServer) -> None:
    gate = Gate()
    url = http_server.serve("/a", File(size=16 * MB, seed=3, stall_after=MB // 2, stall=gate))
    watch = aria2.get(url)
    # More than one connection gives.
    snapshot = watch.reached(MB)
    assert snapshot.begun is None
    gate.set()
    assert watch.complete().begun is None


def test_a_file_of_unknown_length_has_no_gaps(aria2: Aria2, http_server: HttpServer) -> None:
    file = File(size=16 * MB, seed=3, framing=Framing.CHUNKED, stall_after=2 * MB)
    watch = aria2.get(http_server.serve("/a", file))
    snapshot = watch.wait(lambda snapshot: snapshot.begun is not None)
    assert snapshot.begun == watch.job.folder / "a"
    assert (snapshot.size, snapshot.begun.read_bytes()[:MB]) == (0, file.read(0, MB))
    file.stall.set()
    watch.complete()


def test_eight_connections_are_used(aria2: Aria2, http_server: HttpServer) -> None:
    file = File(size=16 * MB, seed=3, stall_after=MB // 2)
    watch = aria2.get(http_server.serve("/a", file))
    http_server.wait_for_active(8)
    file.stall.set()
    assert sha256(watch.complete().files[0].path) == sha256_of(3, 16 * MB)
    assert http_server.peak == 8


def test_one_connection_is_one(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(connections=1).start()
    aria2.get(http_server.serve("/a", File(size=16 * MB))).complete()
    assert len(http_server.requests) == 1


def test_a_broken_connection_of_many_is_replaced(aria2: Aria2, http_server: HttpServer) -> None:
    url = http_server.serve("/a", File(size=16 * MB, seed=4, rate=8 * MB, break_after=MB, break_times=3))
    assert sha256(aria2.get(url).complete().files[0].path) == sha256_of(4, 16 * MB)


def test_the_speed_limit_is_for_all_together(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(speed_limit=MB).start()
    watches = [aria2.get(http_server.serve(f"/{number}", File(size=50 * MB)), number) for number in (1, 2)]
    began = time.monotonic()
    for watch in watches:
        watch.reached(2 * MB)
    assert time.monotonic() - began > 3


def test_the_speed_limit_changes_while_downloads_run(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    """Two downloads together that the server alone would send twice as quickly. aria2 goes by an average of some
    seconds, so it is the slower for a moment when less is allowed than came."""
    aria2 = make_aria2(connections=1).start()
    files = [File(size=100 * MB, rate=3 * MB) for _ in range(2)]
    watches = [aria2.get(http_server.serve(f"/{number}", file), number) for number, file in enumerate(files, 1)]

    def speed(size: int) -> float:
        """At most what it was: whatever is late makes the time longer, and what has come is told once a second."""
        began, before = time.monotonic(), come(watches)
        eventually(lambda: come(watches) >= before + size)
        return size / (time.monotonic() - began)

    speed(1)
    aria2.engine.limit(3 * MB)
    speed(1)
    assert speed(12 * MB) < 4.5 * MB, "half as much"
    # An aria2c that takes the place of this one is told, too.
    assert limit_of(aria2) == str(3 * MB)
    before = aria2.process
    before.kill()
    eventually(lambda: not before.is_running())
    # What comes in two looks comes from another one.
    speed(1)
    speed(1)
    assert limit_of(aria2) == str(3 * MB)


def come(watches: list[Watch]) -> int:
    return sum(watch.transfer.snapshot.completed for watch in watches)


def limit_of(aria2: Aria2) -> str:
    """As the aria2c that runs now says."""
    lines = (aria2.home / "aria2.conf").read_text(encoding="utf-8").splitlines()
    told = dict(line.split("=", 1) for line in lines)
    client = RpcClient(int(told["rpc-listen-port"]), told["rpc-secret"])
    try:
        return str(client.get_global_option()["max-overall-download-limit"])
    finally:
        client.close()


# --- requests -----------------------------------------------------------------------------------------


def test_requests_say_nothing_about_us(aria2: Aria2, http_server: HttpServer) -> None:
    aria2.get(http_server.serve("/a", File(size=10))).complete()
    [request] = http_server.requests
    assert request.headers["accept"] == "*/*"
    assert "metalink" not in str(request.headers)
    assert request.headers["user-agent"].startswith("seafevents-offline/")
    assert set(request.headers) <= {
        "user-agent",
        "accept",
        "host",
        "pragma",
        "cache-control",
        "want-digest",
        "cookie",
        "connection",
    }


def test_cookies_of_one_task_are_not_sent_with_another(aria2: Aria2, http_server: HttpServer) -> None:
    """aria2 keeps one jar for everybody: who signed in with one link would be signed in with all."""
    cookies = {"Set-Cookie": "session=ada; path=/", "Location": "/private"}
    http_server.serve("/private", File(size=10))
    aria2.get(http_server.serve("/sign-in", Answer(302, cookies)), 1).complete()
    aria2.get(http_server.url("/private"), 2).complete()
    assert [request.headers["cookie"] for request in http_server.requests] == ["", "", ""]


def test_a_netrc_is_not_read(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2()
    (aria2.home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (aria2.home / ".netrc").chmod(0o600)
    aria2.start()
    aria2.get(http_server.serve("/a", File(size=10))).complete()
    assert "authorization" not in http_server.requests[0].headers


def test_brackets_in_a_link_are_no_pattern(aria2: Aria2, http_server: HttpServer) -> None:
    http_server.serve("/a[1-3].bin", File(size=10))
    aria2.get(http_server.url("/a[1-3].bin")).complete()
    assert [request.target for request in http_server.requests] == ["/a[1-3].bin"]


def torrent(tracker: str) -> bytes:
    info = b"d6:lengthi10e4:name5:other12:piece lengthi16384e6:pieces20:" + bytes(20) + b"e"
    return f"d8:announce{len(tracker)}:{tracker}4:info".encode() + info + b"e"


def metalink(link: str) -> bytes:
    head = '<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">'
    return f'{head}<file name="other"><url>{link}</url></file></metalink>'.encode()


@pytest.mark.parametrize(
    ("name", "kind", "make"),
    [("a.torrent", "application/x-bittorrent", torrent), ("a.meta4", "application/metalink4+xml", metalink)],
)
def test_torrents_and_metalinks_are_files(
    aria2: Aria2, http_server: HttpServer, name: str, kind: str, make: Callable[[str], bytes]
) -> None:
    other = http_server.url("/other")
    body = make(other)
    headers = {"Link": f"<{other}>; rel=duplicate; pri=1, <{http_server.url('/a.meta4')}>; rel=describedby"}
    watch = aria2.get(http_server.serve(f"/{name}", File(data=body, content_type=kind, headers=headers)))
    assert watch.complete().files[0].path.read_bytes() == body
    # Time enough for what would follow.
    aria2.get(http_server.serve("/slow", File(size=16 * MB, rate=MB)), 2).complete()
    assert names(watch) == [name]
    assert {request.path for request in http_server.requests} == {f"/{name}", "/slow"}


def test_proxies_of_the_environment_swallow_nothing(
    make_aria2: MakeAria2, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "example.com,.local")
    monkeypatch.delenv("NO_PROXY", raising=False)
    aria2 = make_aria2().start()
    watch = aria2.get(http_server.serve("/a", File(size=MB, seed=1)))
    assert watch.complete().size == MB
    assert "the line to aria2c is down" not in caplog.text


# --- names --------------------------------------------------------------------------------------------

EMOJI = "😀 Übergröße.txt"


#: What a link ends in, what the server calls its file, and what it is called then.
NAMES: list[tuple[str, str | bytes | None, str]] = [
    ("/plain.txt", None, "plain.txt"),
    ("/dir/", None, "index.html"),
    ("/a.zip?x=/b/c.exe&y=1", None, "a.zip"),
    ("/%F0%9F%98%80%20%C3%9Cbergr%C3%B6%C3%9Fe.txt", None, EMOJI),
    ("/%ff%fe.bin", None, "%FF%FE.bin"),
    ("/a%2F..%2F..%2Fb", None, "a%2F..%2F..%2Fb"),
    ("/a%00b", None, "a%00b"),
    ("/get.php", 'attachment; filename="report.pdf"', "report.pdf"),
    ("/get.php", "attachment; filename*=UTF-8''%F0%9F%98%80%20%C3%9Cbergr%C3%B6%C3%9Fe.txt", EMOJI),
    ("/get.php", f'attachment; filename="{EMOJI}"'.encode(), EMOJI),
    ("/get.php", 'attachment; filename="../../evil.txt"', "get.php"),
    ("/get.php", 'attachment; filename="/etc/evil.txt"', "get.php"),
    ("/get.php", 'attachment; filename=".."', "get.php"),
    ("/get.php", "attachment; filename*=UTF-8''..%2F..%2Fevil.txt", "get.php"),
    ("/get.php", b'attachment; filename="a\tb\x01.txt"', "get.php"),
    ("/" + "n" * 200, None, "n" * 200),
]


def test_the_name_is_what_the_server_means(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(workers=64).start()
    watches = []
    for number, (path, disposition, _) in enumerate(NAMES, 1):
        http_server.serve(f"/{number}{path}", File(data=b"content", disposition=disposition))
        watches.append(aria2.get(http_server.url(f"/{number}{path}"), number))
    for watch, (*_, name) in zip(watches, NAMES, strict=True):
        [file] = watch.complete().files
        assert file.path == watch.job.folder / name
        assert names(watch) == [name]
        assert file.path.read_bytes() == b"content"


def test_after_a_redirect_the_last_name_counts(aria2: Aria2, http_server: HttpServer) -> None:
    http_server.serve("/real-name.bin", File(data=b"content"))
    url = http_server.serve("/latest", redirect("/real-name.bin"))
    assert aria2.get(url).complete().files[0].path.name == "real-name.bin"


def test_a_name_that_cannot_be_is_refused_and_another_helps(aria2: Aria2, http_server: HttpServer) -> None:
    impossible = {"/" + "n" * 300: None, "/get.php": f'attachment; filename="{"n" * 300}"', "/%2e%2e": None}
    for path, disposition in impossible.items():
        http_server.serve(path, File(data=b"content", disposition=disposition))
        watch = aria2.get(http_server.url(path))
        assert isinstance(watch.failed().error, NameRefused)
        watch.remove()
        watch = aria2.get(http_server.url(path), out="download")
        assert watch.complete().files[0].path.name == "download"
        watch.remove()
        shutil.rmtree(watch.job.folder)


# --- many ---------------------------------------------------------------------------------------------


@ONE_ARIA2C
def test_a_thousand_small_files(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(workers=64).start()
    http_server.serve("/small", File(size=10 * 1024, seed=5))
    watches = [aria2.get(http_server.url(f"/small?{number}"), number) for number in range(1, 1001)]
    for watch in watches:
        [file] = watch.complete().files
        assert sha256(file.path) == sha256_of(5, 10 * 1024)
        watch.remove()
    assert len(http_server.requests) == 1000
    assert http_server.peak <= 64


@ONE_ARIA2C
def test_a_hundred_slow_downloads_are_open_at_once(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(workers=100, connections=1).start()
    gate = Gate()
    url = http_server.serve("/slow", File(size=MB, stall_after=1000, stall=gate))
    watches = [aria2.get(f"{url}?{number}", number) for number in range(1, 101)]
    http_server.wait_for_active(100)
    requests = http_server.requests
    assert requests[-1].at - requests[0].at < 20
    assert {watch.transfer.snapshot.state for watch in watches} == {TransferState.ACTIVE}
    gate.set()
    for watch in watches:
        watch.complete()


def test_removing_stops_the_bytes_at_once(aria2: Aria2, http_server: HttpServer) -> None:
    watch = aria2.get(http_server.serve("/a", File(size=100 * MB, rate=MB / 10)))
    http_server.wait_for_active(8)
    remover = threading.Thread(target=watch.remove)
    remover.start()
    http_server.wait_for_active(0)
    remover.join(30)
    assert not remover.is_alive()
