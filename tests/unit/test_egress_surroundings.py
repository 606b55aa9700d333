"""What is found out about this machine's network, also where nobody answers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv6Network, ip_address, ip_interface, ip_network
from typing import Any

import ifaddr
import pytest

from seafevents_offline.egress import surroundings
from seafevents_offline.egress.surroundings import NOWHERE, Surroundings, interfaces, look
from seafevents_offline.endpoint import Endpoint

DATABASE = Endpoint("db.example", 3306)
BEFORE = Surroundings(
    addresses=frozenset({ip_address("192.0.2.7")}),
    networks=frozenset({ip_network("192.0.2.0/24")}),
    nat64=(IPv6Network("2a01:64::/96"),),
    own=frozenset({(ip_address("10.0.0.9"), 3306)}),
)


class Names:
    """In place of the system's resolver: what it answers, or raises, for which name."""

    def __init__(self) -> None:
        self.answers: dict[str, list[str] | OSError | Callable[[], None]] = {}

    def getaddrinfo(self, host: str, port: None, **_: Any) -> list[Any]:
        answer = self.answers.get(host, socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if isinstance(answer, OSError):
            raise answer
        if callable(answer):
            answer()
            return []
        return [(0, 0, 0, "", (address, 0)) for address in answer]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(surroundings.socket, "getaddrinfo", names.getaddrinfo)
    return names


@pytest.fixture
def silence() -> Iterator[Callable[[], None]]:
    """A name server that says nothing as long as the test runs."""
    over = threading.Event()
    yield lambda: over.wait(60) and None
    over.set()


def test_the_addresses_of_this_machine_are_found() -> None:
    found = look([]).addresses
    assert ip_address("127.0.0.1") in found
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent; the kernel only says from where it would be.
        probe.connect(("127.0.0.1", 9))
        assert ip_address(probe.getsockname()[0]) in found
    assert not any(getattr(address, "scope_id", None) for address in found)


def test_the_networks_that_these_are_in_are_found() -> None:
    assert ip_interface("127.0.0.1/8") in interfaces()
    assert ip_network("127.0.0.0/8") in look([]).networks


def test_an_interface_that_everything_is_near_to_is_in_no_network(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [ip_interface("10.8.0.6/0"), ip_interface("2a02:ec80::5/64"), ip_interface("fe80::1%3/64")]
    monkeypatch.setattr(surroundings, "interfaces", lambda: frozenset(found))
    assert look([]).networks == {ip_network("2a02:ec80::/64"), ip_network("fe80::/64")}
    assert look([]).addresses == set(map(ip_address, ("10.8.0.6", "2a02:ec80::5", "fe80::1")))


def test_the_real_resolver_is_asked() -> None:
    assert (ip_address("127.0.0.1"), 3306) in look([Endpoint("localhost", 3306)]).own
    assert look([Endpoint("127.0.0.9", 1), Endpoint("fd00::9", 2)]).own == {
        (ip_address("127.0.0.9"), 1),
        (ip_address("fd00::9"), 2),
    }


def test_all_places_of_what_is_ours_are_found(names: Names) -> None:
    names.answers["db.example"] = ["10.0.0.5", "::ffff:10.0.0.6", "fd00::5%2"]
    found = look([DATABASE, Endpoint("db.example", 3307)])
    assert {str(address) for address, _ in found.own} == {"10.0.0.5", "10.0.0.6", "fd00::5"}
    assert len(found.own) == 6


@pytest.mark.parametrize(
    ("answers", "prefixes"),
    [
        (["192.0.0.170", "192.0.0.171"], []),
        (["64:ff9b::c000:aa", "64:ff9b::c000:ab", "192.0.0.170"], ["64:ff9b::/96"]),
        (["2a01:64::c000:aa"], ["2a01:64::/96"]),
        (["2a01:64::c000:aa", "fd64::c000:ab"], ["2a01:64::/96", "fd64::/96"]),
        (["2606:4700::1"], []),
    ],
)
def test_the_networks_translation_is_learned(names: Names, answers: list[str], prefixes: list[str]) -> None:
    names.answers["ipv4only.arpa."] = answers
    assert list(map(str, look([]).nat64)) == prefixes


def test_what_is_gone_is_forgotten_and_what_cannot_be_asked_is_kept(names: Names) -> None:
    names.answers["db.example"] = ["10.0.0.5"]
    assert look([DATABASE], BEFORE).own == {(ip_address("10.0.0.5"), 3306)}
    assert look([DATABASE], BEFORE).nat64 == ()
    away = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    names.answers = {"db.example": away, "ipv4only.arpa.": away}
    assert look([DATABASE], BEFORE).own == BEFORE.own
    assert look([DATABASE], BEFORE).nat64 == BEFORE.nat64


def test_a_silent_name_server_holds_up_nobody_for_longer_than_the_limit(
    names: Names, silence: Callable[[], None]
) -> None:
    names.answers = {"db.example": silence, "ipv4only.arpa.": silence, "other.example": ["10.0.0.6"]}
    began = time.monotonic()
    found = look([DATABASE, Endpoint("other.example", 80)], BEFORE, limit=0.2)
    assert time.monotonic() - began < 10
    assert found.own == {*BEFORE.own, (ip_address("10.0.0.6"), 80)}
    assert found.nat64 == BEFORE.nat64


def test_interfaces_that_cannot_be_read_are_those_of_before_or_an_error(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(ifaddr, "get_adapters", no_descriptor)
    assert look([], BEFORE).addresses == BEFORE.addresses
    assert look([], BEFORE).networks == BEFORE.networks
    with pytest.raises(OSError, match="Too many"):
        look([], NOWHERE)
