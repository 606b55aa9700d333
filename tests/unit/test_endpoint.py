"""Hosts, ports and networks have one form, whatever is typed."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.endpoint import (
    Endpoint,
    canonical,
    is_number,
    of_database,
    parse_denied,
    parse_endpoint,
    parse_name,
    parse_network,
    parse_opened,
    parse_proxy,
    plain,
)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Files.Example", "files.example"),
        ("files.example.", "files.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("ｆｉｌｅｓ．example。", "files.example"),
        ("xn--BCHER-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1.", "127.0.0.1"),
        ("::1", "::1"),
        ("", ""),
        ("a..b", "a..b"),
        ("ü" * 64, "ü" * 64),
    ],
)
def test_names_are_compared_in_one_form(host: str, name: str) -> None:
    assert canonical(host) == name


@pytest.mark.parametrize("name", ["1", "127.1", "files.1", "0x7f", "a.0x", "0X7F".lower(), "1.2.3.4.5"])
def test_a_last_part_that_is_a_number_makes_no_name(name: str) -> None:
    assert is_number(name)
    with pytest.raises(ValueError, match=name):
        parse_name(name)


@pytest.mark.parametrize("name", ["a", "files.example", "1.example", "0x7f.example", "a.0xyz", "4u.example", "a_b.c-d"])
def test_other_names_are_names(name: str) -> None:
    assert not is_number(name)
    assert parse_name(name) == name


def test_a_mapped_address_is_the_ipv4_address_that_it_connects_to() -> None:
    assert plain(ip_address("::ffff:10.0.0.5")) == ip_address("10.0.0.5")
    assert plain(ip_address("fe80::1%3")) == ip_address("fe80::1")
    assert parse_endpoint("[::ffff:10.0.0.5]:80") == Endpoint("10.0.0.5", 80)
    assert parse_network("::ffff:10.0.0.0/104") == ip_network("10.0.0.0/8")
    assert parse_network("::/0") == ip_network("::/0")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://proxy.example", "proxy.example:80"),
        ("http://proxy.example:3128/", "proxy.example:3128"),
        ("HTTP://ada:p%40ss%3A@10.0.0.5:3128", "10.0.0.5:3128"),
        ("http://ada:@[fd00::5]:3128", "[fd00::5]:3128"),
        ("http://ada@proxy", "proxy:80"),
    ],
)
def test_where_a_proxy_listens(url: str, place: str) -> None:
    assert str(parse_proxy(url)) == place


PARSERS = st.sampled_from([parse_name, parse_endpoint, parse_network, parse_opened, parse_denied, parse_proxy])
NEARLY = st.text(st.sampled_from("0123456789abcdefx.:/[]%@-_*http ü\n"), max_size=24)


@given(PARSERS, st.text(max_size=24) | NEARLY)
def test_any_text_is_read_or_refused_and_reads_the_same_again(parse: Callable[[str], object], text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    if parse is not parse_proxy:
        assert parse(str(found)) == found
    of_database(text)


@given(st.ip_addresses().map(plain).map(str) | st.sampled_from(["files.example", "a"]), st.integers(1, 65535))
def test_an_endpoint_is_read_as_it_is_written(host: str, port: int) -> None:
    assert parse_endpoint(str(Endpoint(host, port))) == Endpoint(host, port)
