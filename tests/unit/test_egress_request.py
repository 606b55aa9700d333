"""What the guard takes for a request."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seafevents_offline.egress.guard.request import BadRequest, Request, parse, target
from seafevents_offline.errors import RedirectInvalid


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def basic(pair: bytes) -> bytes:
    return b"Proxy-Authorization: Basic " + b64encode(pair)


CONNECT = b"CONNECT files.example:443 HTTP/1.1"


def test_what_aria2_sends_is_understood():
    request = parse(
        head(
            CONNECT,
            b"User-Agent: aria2/1.36.0",
            b"Host: files.example:443",
            basic(b"task:secret"),
        )
    )
    assert request == Request("CONNECT", "files.example:443", "task", "secret")
    assert target(request) == ("files.example", 443)


@pytest.mark.parametrize(
    ("line", "login"),
    [
        (basic(b"a:b"), ("a", "b")),
        (b"proxy-authorization:basic YTpi", ("a", "b")),
        (b"PROXY-AUTHORIZATION: \t BASIC   YTpi \t", ("a", "b")),
        (basic(b"a:"), ("a", "")),
        (basic(b":b"), ("", "b")),
        (basic(b"a:b:c"), ("a", "b:c")),
        (basic(b"\xff:\x00"), ("\xff", "\x00")),
        (b"Authorization: Basic YTpi", ("", "")),
        (b"X-Proxy-Authorization: Basic YTpi", ("", "")),
    ],
)
def test_credentials_are_read(line, login):
    request = parse(head(CONNECT, line))
    assert (request.user, request.password) == login


@pytest.mark.parametrize(
    "whole",
    [
        head(b""),
        head(b"", CONNECT),
        head(b"CONNECT"),
        head(b"CONNECT files.example:443"),
        head(b"CONNECT files.example:443 "),
        head(b"CONNECT  files.example:443 HTTP/1.1"),
        head(b"CONNECT files.example:443  HTTP/1.1"),
        head(b" CONNECT files.example:443 HTTP/1.1"),
        head(b"CONNECT files.example:443 HTTP/1.1 "),
        head(b"CONNECT files.example:443 HTTP/2"),
        head(b"CONNECT files.example:443 HTTP/1.12"),
        head(b"CONNECT files.example:443 http/1.1"),
        head(b"CONNECT\tfiles.example:443\tHTTP/1.1"),
        head(b"CONNECT files.example :443 HTTP/1.1"),
        head(b"CONNECT files\x00.example:443 HTTP/1.1"),
        head(b"CONNECT files\x7f.example:443 HTTP/1.1"),
        head(b"connect files.example:443 HTTP/1.1"),
        head(b"CONNECT " + b"a" * 2000 + b":443 HTTP/1.1"),
        head(CONNECT, b"no colon"),
        head(CONNECT, b": no name"),
        head(CONNECT, b"Name : value"),
        head(CONNECT, b"N\xe4me: value"),
        head(CONNECT, b"Name: value", b" folded"),
        head(CONNECT, b"Name: a\x00b"),
        head(CONNECT, b"Name: a\rb"),
        head(CONNECT, b"Name: a\nb: c"),
        CONNECT + b"\nName: a\r\n\r\n",
        head(CONNECT, basic(b"a:b"), basic(b"a:b")),
        head(CONNECT, basic(b"a:b"), b"proxy-authorization: Basic eDp5"),
        head(CONNECT, basic(b"no colon")),
        head(CONNECT, b"Proxy-Authorization: Basic"),
        head(CONNECT, b"Proxy-Authorization: Basic "),
        head(CONNECT, b"Proxy-Authorization: Basic YTpi YTpi"),
        head(CONNECT, b"Proxy-Authorization: Basic YTp"),
        head(CONNECT, b"Proxy-Authorization: Basic Y=pi"),
        head(CONNECT, b"Proxy-Authorization: Digest YTpi"),
        head(CONNECT, b"Proxy-Authorization: Bearer YTpi"),
    ],
)
def test_what_could_be_read_in_two_ways_is_no_request(whole):
    with pytest.raises(BadRequest):
        parse(whole)


@pytest.mark.parametrize(
    ("authority", "place"),
    [
        ("files.example:443", ("files.example", 443)),
        ("FILES.Example:80", ("files.example", 80)),
        ("files.example.:80", ("files.example.", 80)),
        ("xn--bcher-kva.example:1", ("xn--bcher-kva.example", 1)),
        ("under_score.example:65535", ("under_score.example", 65535)),
        ("localhost:8080", ("localhost", 8080)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("2130706433:80", ("2130706433", 80)),
        ("0x7f.1:80", ("0x7f.1", 80)),
        ("[::1]:80", ("::1", 80)),
        ("[2606:2800:0:0::14]:80", ("2606:2800::14", 80)),
        ("[::FFFF:10.0.0.5]:80", ("::ffff:a00:5", 80)),
    ],
)
def test_a_target_is_host_and_port(authority, place):
    found = target(Request("CONNECT", authority))
    assert found[1] == place[1]
    # How an IPv6 address with an IPv4 address inside is written differs from Python to Python.
    assert found[0].replace("10.0.0.5", "a00:5") == place[0]


@pytest.mark.parametrize(
    "authority",
    [
        *("", ":", ":80", "files.example", "files.example:", "files.example:0", "files.example:65536"),
        *("files.example:080", "files.example:+80", "files.example:8_0", "files.example:80:80", "files.example:٨٠"),
        *("http://files.example/", "/", "*", "user@files.example:80", "files.example:80@evil.example:80"),
        *(".:80", "..:80", ".example:80", "files..example:80", "-files.example:80", "files-.example:80"),
        *("files.example/:80", "files.example\\:80", "files.example%00:80", "%31.example:80", "bücher.example:80"),
        *("a" * 64 + ".example:80", ".".join(["a" * 60] * 5) + ":80"),
        *("[]:80", "[::1]", "[::1]80", "::1:80", "[::1:80", "[::g]:80", "[fe80::1%eth0]:80", "[127.0.0.1]:80"),
        *("[::1].example:80", "[[::1]]:80", "[:::]:80", "[v1.x]:80"),
    ],
)
def test_what_is_no_host_and_port_is_a_link_that_leads_nowhere(authority):
    with pytest.raises(RedirectInvalid):
        target(Request("CONNECT", authority))


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "TRACE", "CONNECTS"])
def test_only_tunnels_are_made(method):
    with pytest.raises(RedirectInvalid):
        target(Request(method, "files.example:443"))


# Junk alone would never come past the first word.
_WORDS = [
    *(b"CONNECT ", b"GET ", b"files.example", b":443", b" HTTP/1.1", b"0x7f.1", b"::1", b"%00"),
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"[", b"]", b"@", b"\x00", b"a: b"),
    *(b"Proxy-Authorization: Basic ", b"YTpi", b"="),
]
_PIECES = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(_WORDS)), max_size=30).map(b"".join)


@given(_PIECES)
@example(b"\r\n\r\n")
def test_nothing_makes_the_parser_fail_in_another_way(junk):
    try:
        request = parse(junk + b"\r\n\r\n")
        host, port = target(request)
    except (BadRequest, RedirectInvalid):
        return
    assert 1 <= port <= 65535
    assert host.isascii()
    assert host == host.lower()
    assert not set(host) & set(" \t\r\n\x00@/\\%[]")


@given(st.text(max_size=300))
def test_no_authority_makes_the_parser_fail_in_another_way(authority):
    try:
        target(Request("CONNECT", authority))
    except RedirectInvalid:
        return
