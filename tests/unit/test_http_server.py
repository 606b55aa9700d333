from __future__ import annotations

import contextlib
import gc
import hashlib
import http.client
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.certificates import self_signed
from tests.support.http_server import Answer, File, Framing, Gate, HttpServer, content, redirect, sha256_of
from tests.support.ports import free_port
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]


def connect(server: HttpServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(server.host, server.port, timeout=60)


def get(
    server: HttpServer, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    client = connect(server)
    try:
        client.request(method, path, headers=headers or {})
        response = client.getresponse()
        return response, response.read()
    finally:
        client.close()


# --- invented bytes -----------------------------------------------------------------------------------


def test_any_range_of_the_content_equals_that_part_of_the_whole():
    whole = content(7, 300_000)
    chooser = random.Random(1)
    for _ in range(200):
        start = chooser.randrange(300_000)
        stop = chooser.randrange(start, 300_000)
        assert content(7, stop - start, start) == whole[start:stop]
    assert content(7, 0) == b""


def test_no_block_of_the_content_comes_twice_and_seeds_differ():
    blocks = [content(seed, 4096, index * 4096) for seed in (1, 2) for index in range(512)]
    assert len(set(blocks)) == len(blocks)
    assert content("7", 100) == content(7, 100)


def test_the_sum_of_a_seed_is_the_sum_of_its_content():
    assert sha256_of(3, 2_500_000) == hashlib.sha256(content(3, 2_500_000)).hexdigest()
    assert sha256_of(3, 0) == hashlib.sha256(b"").hexdigest()


# --- whole files, ranges, framings --------------------------------------------------------------------


def test_a_file_comes_whole_with_its_headers(http_server):
    http_server.serve(
        "/a/b.bin",
        File(size=700_000, seed=1, disposition='attachment; filename="x y"', etag='"1"', headers={"X-More": "yes"}),
    )
    response, body = get(http_server, "/a/b.bin")
    assert (response.status, hashlib.sha256(body).hexdigest()) == (200, sha256_of(1, 700_000))
    assert response.headers["Content-Length"] == "700000"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Disposition"] == 'attachment; filename="x y"'
    assert response.headers["ETag"] == '"1"'
    assert response.headers["X-More"] == "yes"


def test_validators_are_off_by_default(http_server):
    http_server.serve("/a", File(size=1))
    response, _ = get(http_server, "/a")
    assert response.headers["ETag"] is None
    assert response.headers["Last-Modified"] is None


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-0", 0, 1), ("100-199", 100, 200), ("900-", 900, 1000), ("900-5000", 900, 1000), ("-10", 990, 1000)],
)
def test_a_range_is_answered_with_that_part(http_server, asked, start, stop):
    http_server.serve("/a", File(size=1000, seed=2))
    response, body = get(http_server, "/a", {"Range": f"bytes={asked}"})
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/1000"
    assert body == content(2, 1000)[start:stop]
    assert http_server.requests[0].range == f"bytes={asked}"


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(http_server, asked):
    http_server.serve("/a", File(size=1000))
    response, _ = get(http_server, "/a", {"Range": asked})
    assert (response.status, response.headers["Content-Range"]) == (416, "bytes */1000")


@pytest.mark.parametrize(
    ("file", "headers"),
    [
        (File(size=1000, seed=2, ranges=False), {"Range": "bytes=5-9"}),
        (File(size=1000, seed=2), {"Range": "bytes=0-1,5-6"}),
        (File(size=1000, seed=2), {"Range": "lines=0-1"}),
        (File(size=1000, seed=2, etag='"new"'), {"Range": "bytes=5-9", "If-Range": '"old"'}),
    ],
)
def test_a_range_that_does_not_count_gets_the_whole(http_server, file, headers):
    http_server.serve("/a", file)
    response, body = get(http_server, "/a", headers)
    assert (response.status, body) == (200, content(2, 1000))


@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.CLOSE])
def test_a_file_without_a_length_comes_whole(http_server, framing):
    http_server.serve("/a", File(size=700_000, seed=5, framing=framing))
    response, body = get(http_server, "/a", {"Range": "bytes=5-9"})
    assert response.status == 200
    assert response.headers["Content-Length"] is None
    assert body == content(5, 700_000)


def test_head_gives_the_headers_alone(http_server):
    http_server.serve("/a", File(size=10))
    response, body = get(http_server, "/a", method="HEAD")
    assert (response.status, response.headers["Content-Length"], body) == (200, "10", b"")


def test_one_connection_serves_many_requests(http_server):
    http_server.serve("/a", File(size=1000, seed=1))
    client = connect(http_server)
    for _ in range(20):
        client.request("GET", "/a")
        assert client.getresponse().read() == content(1, 1000)
    client.close()
    assert http_server.connections == 1
    assert len(http_server.requests) == 20


def test_literal_data_is_served_as_it_is(http_server):
    http_server.serve("/page", File(data=b"<html>", content_type="text/html"))
    response, body = get(http_server, "/page")
    assert (response.headers["Content-Type"], body) == ("text/html", b"<html>")


# --- misbehaviour -------------------------------------------------------------------------------------


def test_scripted_answers_are_used_up_before_the_file(http_server):
    http_server.serve(
        "/a", File(size=5, seed=1, answers=[Answer(500), Answer(503, {"Retry-After": "7"}, b"later"), Answer(429)])
    )
    answers = [get(http_server, "/a") for _ in range(5)]
    assert [response.status for response, _ in answers] == [500, 503, 429, 200, 200]
    assert answers[1][0].headers["Retry-After"] == "7"
    assert answers[1][1] == b"later"
    assert [request.status for request in http_server.requests] == [500, 503, 429, 200, 200]


def test_a_fixed_answer_takes_any_method_and_the_body_is_on_record(http_server):
    http_server.serve("/hook", Answer(204))
    client = connect(http_server)
    client.request("POST", "/hook", body=b"x" * 300_000, headers={"X-Signature": "abc"})
    assert client.getresponse().status == 204
    client.close()
    request = http_server.requests[0]
    assert (request.method, request.body, request.headers["x-signature"]) == ("POST", b"x" * 300_000, "abc")


def test_a_short_body_breaks_the_first_times_only(http_server):
    http_server.serve("/a", File(size=42, seed=1, break_after=5, break_times=2))
    for _ in range(2):
        with pytest.raises(http.client.IncompleteRead) as caught:
            get(http_server, "/a")
        assert caught.value.partial == content(1, 5)
    assert get(http_server, "/a")[1] == content(1, 42)
    # The client has the last byte a moment before the server has booked it.
    http_server.wait_for(lambda requests: requests[-1].done)
    assert [(request.sent, request.done) for request in http_server.requests] == [(5, False), (5, False), (42, True)]


def test_a_short_body_breaks_always(http_server):
    http_server.serve("/a", File(size=42, break_after=0))
    for _ in range(3):
        with pytest.raises(http.client.IncompleteRead):
            get(http_server, "/a")


def test_a_break_may_be_a_reset(http_server):
    http_server.serve("/a", File(size=10_000_000, break_after=3_000_000, break_reset=True))
    with pytest.raises(ConnectionResetError):
        get(http_server, "/a")


def test_what_is_under_way_is_cut_when_the_test_says_so(http_server):
    http_server.serve("/a", File(size=1000, stall_after=100))
    http_server.serve("/b", File(size=10))
    with contextlib.closing(connect(http_server)) as kept, contextlib.closing(connect(http_server)) as cut:
        kept.request("GET", "/b")
        kept.getresponse().read()
        cut.request("GET", "/a")
        http_server.wait_for(lambda requests: requests[-1].sent == 100)
        assert http_server.reset() == ["/a"]
        with pytest.raises(ConnectionResetError), cut.getresponse() as response:
            response.read()
        kept.request("GET", "/b")
        assert len(kept.getresponse().read()) == 10


def test_a_stalled_body_goes_on_when_the_test_says_so(http_server):
    file = File(size=1000, seed=1, stall_after=100)
    http_server.serve("/a", file)
    client = connect(http_server)
    client.request("GET", "/a")
    response = client.getresponse()
    assert response.read(100) == content(1, 100)
    http_server.wait_for(lambda requests: requests[0].sent == 100)
    assert http_server.active == 1
    file.stall.set()
    assert response.read() == content(1, 1000)[100:]
    client.close()
    http_server.wait_for_active(0)


@pytest.mark.parametrize(("first", "given"), [(0, 600), (500, 100), (600, 0), (900, 0)])
def test_a_place_in_a_file_is_not_passed_until_the_test_says_so(http_server, first, given):
    file = File(size=1000, seed=1, stall_at=600)
    http_server.serve("/a", file)
    with contextlib.closing(connect(http_server)) as client:
        client.request("GET", "/a", headers={"Range": f"bytes={first}-"})
        response = client.getresponse()
        assert response.read(given) == content(1, given, first)
        assert [request.sent for request in http_server.requests] == [given]
        file.stall.set()
        assert response.read() == content(1, 1000)[first + given :]


def test_headers_wait_for_a_gate_and_for_a_delay(http_server):
    gate = Gate()
    http_server.serve("/a", File(size=3, hold=gate, delay=0.2))
    begun = time.monotonic()
    client = connect(http_server)
    client.request("GET", "/a")
    http_server.wait_for(lambda requests: requests)
    assert http_server.requests[0].status == 0
    gate.set()
    assert client.getresponse().status == 200
    assert time.monotonic() - begun >= 0.2
    client.close()


@pytest.mark.parametrize("file", [File(size=9, stall_after=3), File(size=9, delay=3600), File(size=9, hold=Gate())])
def test_a_client_that_leaves_is_noticed_at_once_whatever_is_waited_for(http_server, file):
    http_server.serve("/a", file)
    client = connect(http_server)
    client.request("GET", "/a")
    http_server.wait_for_active(1)
    client.close()
    http_server.wait_for(lambda requests: not requests[0].open and requests[0].ended_at)
    assert http_server.active == 0
    assert not http_server.requests[0].done


def test_redirects_lead_elsewhere_and_round_in_circles(http_server):
    http_server.serve("/a", redirect(http_server.url("/b", host="localhost"), 307))
    http_server.serve("/loop", redirect("/loop"))
    response, _ = get(http_server, "/a")
    assert (response.status, response.headers["Location"]) == (307, f"http://localhost:{http_server.port}/b")
    assert get(http_server, "/loop")[0].headers["Location"] == "/loop"


def test_a_raw_content_disposition_goes_out_byte_by_byte(http_server):
    http_server.serve("/a", File(size=1, disposition=b'attachment; filename="\xe4\xff.txt"'))
    assert get(http_server, "/a")[0].headers["Content-Disposition"] == 'attachment; filename="\xe4\xff.txt"'


def test_an_endless_body_ends_when_the_client_leaves(http_server):
    http_server.serve("/a", File(size=None, seed=1))
    client = connect(http_server)
    client.request("GET", "/a")
    response = client.getresponse()
    assert response.read(3_000_000) == content(1, 3_000_000)
    response.close()
    client.close()
    http_server.wait_for_active(0)


def test_one_byte_a_minute(http_server):
    http_server.serve("/a", File(size=10, seed=1, rate=1 / 60))
    client = connect(http_server)
    client.request("GET", "/a")
    response = client.getresponse()
    assert response.read(1) == content(1, 1)
    assert http_server.sent("/a") == 1
    response.close()
    client.close()
    http_server.wait_for_active(0)


def test_an_unknown_path_is_not_found(http_server):
    assert get(http_server, "/nothing")[0].status == 404


# --- speed --------------------------------------------------------------------------------------------


def test_a_limited_file_takes_its_time_evenly(http_server):
    http_server.serve("/a", File(size=1_000_000, rate=1_000_000))
    begun = time.monotonic()
    client = connect(http_server)
    client.request("GET", "/a")
    response = client.getresponse()
    halves = []
    for _ in range(2):
        response.read(500_000)
        halves.append(time.monotonic() - begun)
    client.close()
    assert 0.3 < halves[0] < 20
    assert 0.85 < halves[1] < 20


def test_a_hundred_slow_transfers_are_open_at_once(http_server):
    gate = Gate()
    http_server.serve("/slow", File(size=2000, seed=9, stall_after=1000, stall=gate))
    with ThreadPoolExecutor(120) as clients:
        futures = [clients.submit(get, http_server, "/slow") for _ in range(120)]
        http_server.wait_for(lambda requests: len([request for request in requests if request.sent == 1000]) == 120)
        assert http_server.active == 120
        gate.set()
        assert {future.result()[1] for future in futures} == {content(9, 2000)}
    assert http_server.peak == 120
    assert http_server.sent("/slow") == http_server.sent() == 120 * 2000


def test_a_thousand_small_files_come_quickly(http_server):
    def fetch(worker: int) -> None:
        client = connect(http_server)
        for number in range(worker * 125, worker * 125 + 125):
            client.request("GET", f"/bytes/10kb/{number}/f{number}.bin")
            assert client.getresponse().read() == content(number, 10240)
        client.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(8) as clients:
        list(clients.map(fetch, range(8)))
    assert time.monotonic() - begun < 120
    assert len({request.path for request in http_server.requests}) == 1000


def test_a_fast_transfer_does_not_starve_the_others(http_server):
    http_server.serve("/endless", File(size=None))
    http_server.serve("/small", File(size=10, seed=1))
    client = connect(http_server)
    client.request("GET", "/endless")
    response = client.getresponse()
    leave = threading.Event()

    def drain() -> None:
        while not leave.is_set():
            response.read(1 << 20)

    drainer = threading.Thread(target=drain)
    drainer.start()
    try:
        for _ in range(20):
            assert get(http_server, "/small")[1] == content(1, 10)
    finally:
        leave.set()
        drainer.join(30)
        response.close()
        client.close()


# --- starting, stopping, other processes --------------------------------------------------------------


def test_it_comes_back_on_the_same_port():
    server = HttpServer(port=free_port())
    server.serve("/a", File(size=3))
    for _ in range(3):
        with server:
            assert get(server, "/a")[0].status == 200
        with pytest.raises(ConnectionRefusedError):
            get(server, "/a")
    server.stop()


def test_stopping_cuts_what_is_under_way():
    with HttpServer() as server:
        server.serve("/a", File(size=1000, stall_after=10))
        client = connect(server)
        client.request("GET", "/a")
        response = client.getresponse()
        response.read(10)
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        response.read()
    client.close()


def test_stopping_cuts_also_what_was_answered_and_is_not_read():
    """What the kernel does not take of an answer waits in the server; of one of these it is less than a chunk."""
    totals: list[int] = []

    def comes_to_rest() -> bool:
        totals.append(server.sent())
        return totals[-20:].count(totals[-1]) == 20

    with HttpServer() as server, ExitStack() as clients:
        for number in range(1, 41):
            server.serve(f"/{number}", File(size=number * 200_000, framing=Framing.CLOSE))
            client = clients.enter_context(socket.create_connection((server.host, server.port), 60))
            client.sendall(f"GET /{number} HTTP/1.1\r\n\r\n".encode())
        server.wait_for(lambda requests: len(requests) == 40)
        eventually(comes_to_rest)
        server.stop()
        assert not any(request.open for request in server.requests)


def test_stopping_in_the_middle_of_an_accept_leaves_nothing_open():
    for _ in range(30):
        with HttpServer() as server, ExitStack() as clients:
            for _ in range(20):
                clients.enter_context(socket.create_connection((server.host, server.port), 60))
            server.stop()
    gc.collect()


def test_a_taken_port_is_an_error(http_server):
    with pytest.raises(OSError, match="in use"):
        HttpServer(port=http_server.port).start()


def test_waiting_for_what_does_not_come_ends_with_an_error(http_server):
    with pytest.raises(TimeoutError):
        http_server.wait_for(lambda requests: requests, 0.05)


def test_nonsense_ends_the_connection_only(http_server):
    with socket.create_connection((http_server.host, http_server.port), 30) as client:
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        assert client.recv(100) == b""
    assert get(http_server, "/bytes/3/1/a")[1] == content(1, 3)


def test_it_speaks_tls_with_a_given_certificate(tmp_path):
    certificate, key = self_signed(tmp_path, "localhost")
    with HttpServer(certificate=certificate, key=key) as server:
        server.serve("/a", File(size=700_000, seed=4))
        assert server.url("/a", host="localhost") == f"https://localhost:{server.port}/a"
        trusting = ssl.create_default_context(cafile=certificate)
        client = http.client.HTTPSConnection("localhost", server.port, timeout=30, context=trusting)
        client.request("GET", "/a")
        assert client.getresponse().read() == content(4, 700_000)
        client.close()
        stranger = http.client.HTTPSConnection("localhost", server.port, timeout=60)
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.request("GET", "/a")
        stranger.close()


def test_self_describing_paths_serve_another_process():
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.http_server", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
        for target, status, body in [
            ("/bytes/2kb/seed/a%20b.bin", 200, content("seed", 2048)),
            ("/bytes/2kb/5/x?status=500,503", 500, b""),
            ("/bytes/2kb/5/x?status=500,503", 503, b""),
            ("/bytes/2kb/5/x?status=500,503", 200, content(5, 2048)),
            ("/bytes/100/5/x?framing=chunked&type=text/html", 200, content(5, 100)),
            ("/status/418", 418, b""),
            ("/redirect?to=/status/200", 302, b""),
        ]:
            client.request("GET", target)
            response = client.getresponse()
            assert (response.status, response.read()) == (status, body)
        client.request("GET", "/bytes/100/5/x?ranges=0", headers={"Range": "bytes=5-6"})
        assert client.getresponse().read() == content(5, 100)
        client.close()
    finally:
        process.terminate()
        process.communicate(timeout=30)
