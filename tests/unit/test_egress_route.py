"""Whether an address is this machine, by the kernel's own word."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from seafevents_offline.egress import route
from seafevents_offline.egress.route import leads_out, stays_here
from seafevents_offline.egress.surroundings import interfaces


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "0.0.0.0", "::1"])
def test_loopback_stays_here(address: str) -> None:
    assert stays_here(ip_address(address))


def test_the_addresses_of_the_interfaces_stay_here() -> None:
    # A down interface has addresses too, but nothing is sent to them.
    assert any(stays_here(address) for address in interfaces())


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::14", "224.0.0.1", "ff02::1", "240.0.0.1"])
def test_others_do_not(address: str) -> None:
    assert not stays_here(ip_address(address))


def test_a_kernel_that_does_not_say_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(route.socket, "socket", refuse)
    assert not stays_here(ip_address("127.0.0.1"))
    assert leads_out()


@pytest.mark.parametrize(("kinds", "expected"), [((1, 0), True), ((0, 1), True), ((0, 0), False), ((7, 2), False)])
def test_one_way_out_is_enough(monkeypatch: pytest.MonkeyPatch, kinds: tuple[int, int], expected: bool) -> None:
    found = iter(kinds)
    monkeypatch.setattr(route, "_kind", lambda _: next(found))
    assert leads_out() is expected
