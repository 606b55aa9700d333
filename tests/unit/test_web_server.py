"""waitress as the page uses it: one port of this machine, and an end in time."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seafevents_offline.errors import PortUnavailable
from seafevents_offline.hosts.web.server import WebServer
from tests.support.ports import free_port
from tests.support.waiting import eventually


def hello(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "5")])
    return [b"hello"]


def ask(port: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def web_threads() -> set[str]:
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith(("waitress-", "offline-web"))}


@pytest.fixture
def server() -> Iterator[WebServer]:
    # No port of the kernel's choice: somebody else's connection may get it as soon as it is free.
    made = WebServer(free_port())
    made.listen()
    yield made
    made.stop(0)
    eventually(lambda: web_threads() == set())


def test_it_answers_on_the_port_that_it_says(server: WebServer) -> None:
    server.start(hello)
    assert server.port
    assert ask(server.port) == (200, b"hello")


def test_its_threads_keep_no_process_alive(server: WebServer) -> None:
    server.start(hello)
    assert web_threads()
    assert all(thread.daemon for thread in threading.enumerate() if thread.name in web_threads())


def test_any_free_port_will_do() -> None:
    server = WebServer(0)
    server.listen()
    assert server.port
    server.stop()


def test_nothing_starts_before_it_is_started(server: WebServer) -> None:
    assert web_threads() == set()


def test_a_port_that_is_taken_says_so_and_leaves_nothing(server: WebServer) -> None:
    other = WebServer(server.port)
    with pytest.raises(PortUnavailable, match=f"port {server.port}: address already in use"):
        other.listen()
    other.stop()
    assert web_threads() == set()


def test_after_the_end_the_port_is_free_at_once(server: WebServer) -> None:
    server.start(hello)
    with socket.create_connection(("127.0.0.1", server.port)) as open_connection:
        assert ask(server.port) == (200, b"hello")
        server.stop()
        assert open_connection.recv(1) == b""
    again = WebServer(server.port)
    again.listen()
    again.stop()


def test_stopping_may_be_repeated_and_may_come_before_the_start() -> None:
    WebServer(0).stop()
    server = WebServer(free_port())
    server.listen()
    server.stop()
    server.stop()
    again = WebServer(server.port)
    again.listen()
    again.stop()


def test_an_answer_that_takes_too_long_does_not_hold_up_the_end(server: WebServer) -> None:
    asked, let_go = threading.Event(), threading.Event()

    def slow(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        asked.set()
        let_go.wait(60)
        return hello(environ, start_response)

    server.start(slow)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asked.wait(60)
        began = time.monotonic()
        server.stop(0.5)
        assert time.monotonic() - began < 10
        let_go.set()


def test_a_body_that_is_too_large_is_refused_before_anybody_reads_it(server: WebServer) -> None:
    server.start(hello)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
