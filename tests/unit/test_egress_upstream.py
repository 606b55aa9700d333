"""A company's proxy behind the guard: its URL, and what its answers mean."""

from __future__ import annotations

import asyncio
import socket
from base64 import b64decode

import pytest

from seafevents_offline.egress.guard.upstream import Upstream, ask, parse
from seafevents_offline.errors import ConnectionFailed, OfflineDownloadError, ProxyRefused, ProxyUnavailable


@pytest.mark.parametrize(
    ("url", "host", "port", "login"),
    [
        ("http://proxy.example:3128", "proxy.example", 3128, ""),
        ("http://proxy.example", "proxy.example", 80, ""),
        ("http://proxy.example:3128/", "proxy.example", 3128, ""),
        ("http://[2001:db8::1]:3128", "2001:db8::1", 3128, ""),
        ("http://ada:secret@proxy.example:3128", "proxy.example", 3128, "ada:secret"),
        ("http://ada@proxy.example:3128", "proxy.example", 3128, "ada:"),
        ("http://a%40b%3Ac:%C3%BC%20%25%3Ax@proxy.example:3128", "proxy.example", 3128, "a@b:c:ü %:x"),
    ],
)
def test_a_url_is_place_and_login(url, host, port, login):
    upstream = parse(url)
    assert (upstream.host, upstream.port) == (host, port)
    assert b64decode(upstream.login.removeprefix("Basic ")).decode() == login
    assert "secret" not in repr(upstream)


@pytest.mark.parametrize("url", ["", "https://proxy.example:3128", "socks5://proxy.example", "proxy.example:3128"])
def test_only_http_is_spoken(url):
    with pytest.raises(ValueError):  # noqa: PT011 (the sentence is the settings')
        parse(url)


def asked(answer: bytes, host: str = "files.example", login: str = "") -> tuple[bytes, bytes]:
    """What the proxy read, and what was left for the tunnel of what it wrote."""
    ours, proxys = socket.socketpair()
    with ours, proxys:
        ours.setblocking(False)
        proxys.sendall(answer)
        proxys.shutdown(socket.SHUT_WR)
        asyncio.run(ask(ours, Upstream("proxy.example", 3128, login), host, 443))
        return proxys.recv(10_000), ours.recv(10_000)


def test_the_proxy_is_asked_for_the_name_and_what_it_says_more_belongs_to_the_tunnel():
    request, rest = asked(b"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n220 ftp")
    assert request == b"CONNECT files.example:443 HTTP/1.1\r\nHost: files.example:443\r\n\r\n"
    assert rest == b"220 ftp"


def test_the_login_is_shown_and_an_ipv6_address_is_bracketed():
    request, _ = asked(b"HTTP/1.1 200\r\n\r\n", "2606:2800::14", "Basic YTpi")
    assert request.startswith(b"CONNECT [2606:2800::14]:443 HTTP/1.1\r\n")
    assert b"\r\nProxy-Authorization: Basic YTpi\r\n" in request


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            ProxyRefused,
            "The proxy that downloads go through does not allow files.example (403).",
        ),
        (
            b"HTTP/1.1 407 Who?\r\n\r\n",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it wants other credentials (407).",
        ),
        (
            b"HTTP/1.1 500 Oops\r\n\r\n",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it answers 500.",
        ),
        (
            b"SSH-2.0-x\r\n\r\n",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it is no HTTP proxy.",
        ),
        (
            b"HTTP/1.1 200 OK\r\n",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it closed the connection.",
        ),
        (
            b"",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it closed the connection.",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
            ProxyUnavailable,
            "The proxy that downloads go through cannot be used: it closed the connection.",
        ),
        (
            b"HTTP/1.1 503 Down\r\n\r\n",
            ConnectionFailed,
            "The connection to files.example failed or was interrupted.",
        ),
    ],
)
def test_a_refusal_of_the_proxy_is_a_sentence(answer: bytes, error: type[OfflineDownloadError], sentence: str):
    with pytest.raises(error) as refusal:
        asked(answer)
    assert str(refusal.value) == sentence
