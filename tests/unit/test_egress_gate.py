"""Which addresses a request may go to."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from seafevents_offline.egress.grant import Grant
from seafevents_offline.egress.guard.gate import Gate, Target
from seafevents_offline.egress.guard.resolver import Resolver, Unresolved
from seafevents_offline.egress.guard.usage import Usage
from seafevents_offline.egress.policy import Policy
from seafevents_offline.egress.surroundings import NOWHERE, Surroundings
from seafevents_offline.endpoint import Address, Endpoint
from seafevents_offline.errors import (
    AddressOwn,
    AddressPrivate,
    HostDenied,
    HostNotFound,
    LinkLeadsElsewhere,
    LiteralOwn,
    LiteralPrivate,
    OwnService,
    PortRefused,
)
from seafevents_offline.pin import Pin

PUBLIC, OTHER, PUBLIC6 = "93.184.215.14", "93.184.215.15", "2606:2800:21f:cb07::14"
HERE = Surroundings(addresses=frozenset([ip_address(OTHER)]))
GRANT = Grant(7, 1, "ada@example.com", 0, 20, door=4321)


class Names(Resolver):
    """``names`` has what there is; ``asked`` what was looked up."""

    def __init__(self, **names: list[str]) -> None:
        super().__init__(1)
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}
        self.asked: list[tuple[str, int]] = []

    async def addresses(self, host: str, task: int) -> list[Address]:
        self.asked.append((host, task))
        if host not in self.names:
            raise Unresolved(host)
        return [ip_address(text) for text in self.names[host]]


class Control:
    """An open control channel of ftp, as a tunnel shows itself."""

    def __init__(self, host: str, *addresses: str) -> None:
        self._host, self._addresses = host, tuple(map(ip_address, addresses))

    def control_of(self, host: str) -> tuple[Address, ...] | None:
        return self._addresses if host == self._host else None


def gate(policy: Policy = Policy(), names: Names | None = None, surroundings: Surroundings = NOWHERE) -> Gate:  # noqa: B008
    made = Gate(policy, names or Names(files_example=[PUBLIC, PUBLIC6]))
    made.tell(surroundings)
    return made


def usage(*controls: Any) -> Usage:
    made = Usage(GRANT, lambda _: None)
    made.tunnels.update(controls)
    return made


def ways(gate: Gate, host: str, port: int = 443, *controls: Any) -> list[str]:
    target = gate.target(host, port, usage(*controls))
    return list(map(str, asyncio.run(gate.addresses(target))))


def test_all_addresses_of_a_name_are_ways_to_it():
    names = Names(files_example=[PUBLIC, PUBLIC6])
    assert ways(gate(names=names), "files.example") == [PUBLIC, PUBLIC6]
    assert names.asked == [("files.example", 7)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_private_answer_spoils_the_others(place):
    answers = [PUBLIC, PUBLIC6]
    answers.insert(place, "10.0.0.5")
    with pytest.raises(AddressPrivate) as refusal:
        ways(gate(names=Names(files_example=answers)), "files.example")
    assert str(refusal.value) == "The address 10.0.0.5 of files.example is in a private network."


@pytest.mark.parametrize("host", ["10.0.0.5", "0xa.5", "167772165", "::ffff:10.0.0.5"])
def test_a_literal_is_judged_without_being_looked_up(host):
    names = Names()
    with pytest.raises(LiteralPrivate):
        ways(gate(names=names), host)
    assert names.asked == []


def test_what_is_refused_by_name_or_port_is_not_looked_up():
    names = Names(files_example=[PUBLIC])
    closed = gate(Policy(denied_names=frozenset(["example"])), names)
    with pytest.raises(HostDenied):
        ways(closed, "files.example")
    with pytest.raises(PortRefused):
        ways(gate(names=names), "files.example", 22)
    assert names.asked == []


@pytest.mark.parametrize("host", ["nowhere.example", "1.2.3.4.5"])
def test_a_name_without_an_address_is_not_found(host):
    with pytest.raises(HostNotFound):
        ways(gate(), host)


def test_nobody_passes_before_it_is_known_where_we_are():
    async def run() -> None:
        made = Gate(Policy(), Names(files_example=[OTHER]))
        wish = asyncio.ensure_future(made.addresses(made.target("files.example", 443, usage())))
        await asyncio.sleep(0)
        assert not wish.done()
        made.tell(HERE)
        with pytest.raises(AddressOwn):
            await wish

    asyncio.run(run())


def test_a_place_that_is_refused_or_open_anywhere_is_decided_at_once():
    """A service must start where no name server answers; the test of its guard asks for such places."""
    made = Gate(Policy(allowed=frozenset([Endpoint("10.0.0.5", 8088)])), Names())

    async def run() -> None:
        for host in ("127.0.0.1", "::1", "10.0.0.5", "0x7f.1"):
            with pytest.raises((LiteralOwn, LiteralPrivate)):
                await made.addresses(made.target(host, 80, usage()))
        assert list(map(str, await made.addresses(made.target("10.0.0.5", 8088, usage())))) == ["10.0.0.5"]
        for host in (PUBLIC, PUBLIC6, "64:ff9b:1::5", "files.example", "1.2.3.4.5"):
            wish = asyncio.ensure_future(made.addresses(made.target(host, 80, usage())))
            await asyncio.sleep(0)
            assert not wish.done()
            wish.cancel()

    asyncio.run(run())


# --- once connected


def judge_ends(made: Gate, host: str, ours: str, peer: str, port: int = 443) -> None:
    made.judge_ends(made.target(host, port, usage()), ip_address(ours), ip_address(peer))


def test_a_connection_that_ends_where_it_began_is_one_to_this_server():
    judge_ends(gate(), "files.example", OTHER, PUBLIC)
    with pytest.raises(AddressOwn):
        judge_ends(gate(), "files.example", PUBLIC, PUBLIC)
    with pytest.raises(LiteralOwn):
        judge_ends(gate(), PUBLIC, PUBLIC, PUBLIC)


def test_unless_exactly_that_is_allowed():
    opened = gate(Policy(allowed=frozenset([Endpoint("127.0.0.1", 8088)])))
    judge_ends(opened, "127.0.0.1", "127.0.0.1", "127.0.0.1", 8088)


# --- the door


def test_the_door_of_a_grant_is_one_port_of_one_address():
    assert ways(gate(), "127.0.0.1", 4321) == ["127.0.0.1"]
    judge_ends(gate(), "127.0.0.1", "127.0.0.1", "127.0.0.1", 4321)
    for host, port in [("127.0.0.1", 4322), ("127.0.0.2", 4321), ("0x7f.1", 4321), ("::1", 4321), ("127.1", 4321)]:
        with pytest.raises((PortRefused, LiteralOwn)):
            ways(gate(), host, port)


def test_a_grant_without_a_door_has_none():
    made = gate()
    for port in (0, 4321):
        assert not Target("127.0.0.1", port, Usage(replace(GRANT, door=0), lambda _: None)).is_door
    assert not made.target("localhost", 4321, usage()).is_door


# --- the only server of a download that carries a secret


def pinned(gate: Gate, url: str, host: str, port: int, *controls: Any) -> list[str]:
    made = Usage(replace(GRANT, only=Pin.of(url)), lambda _: None)
    made.tunnels.update(controls)
    return list(map(str, asyncio.run(gate.addresses(gate.target(host, port, made)))))


def test_a_download_with_a_secret_gets_to_its_own_server():
    names = Names(files_example=[PUBLIC])
    assert pinned(gate(names=names), "https://files.example/a", "files.example", 443) == [PUBLIC]
    assert pinned(gate(names=names), "http://files.example/a", "files.example", 443) == [PUBLIC]


def test_where_a_download_with_a_secret_must_not_go_is_not_even_looked_up():
    names = Names(files_example=[PUBLIC], other_example=[PUBLIC])
    for host, port in (("other.example", 443), ("files.example", 80), (PUBLIC, 443)):
        with pytest.raises(LinkLeadsElsewhere):
            pinned(gate(names=names), "https://files.example/a", host, port)
    assert names.asked == []


def test_a_secret_opens_nothing_that_is_closed():
    with pytest.raises(AddressPrivate):
        pinned(gate(names=Names(files_example=["10.0.0.5"])), "https://files.example/a", "files.example", 443)
    denied = gate(Policy(denied_names=frozenset(["example"])))
    with pytest.raises(HostDenied):
        pinned(denied, "https://files.example/a", "files.example", 443)


def test_a_secret_of_ftp_has_its_data_channels_and_no_others():
    control = Control("files.example", PUBLIC)
    assert pinned(gate(FTP), "ftp://files.example/a", "files.example", 50000, control) == [PUBLIC]
    for host, port in (("other.example", 50000), ("files.example", 443)):
        with pytest.raises(LinkLeadsElsewhere):
            pinned(gate(FTP), "ftp://files.example/a", host, port, control)


# --- ftp

FTP = Policy(schemes=("http", "https", "ftp"), ports=(80, 443, 21))


def test_a_data_channel_goes_where_its_control_channel_is():
    names = Names()
    assert ways(gate(FTP, names), "files.example", 50000, Control("files.example", PUBLIC)) == [PUBLIC]
    assert names.asked == []


@pytest.mark.parametrize(
    ("policy", "port", "control"),
    [
        (FTP, 50000, None),
        (FTP, 50000, Control("other.example", PUBLIC)),
        (FTP, 1023, Control("files.example", PUBLIC)),
        (FTP, 22, Control("files.example", PUBLIC)),
        (Policy(), 50000, Control("files.example", PUBLIC)),
    ],
)
def test_a_high_port_is_open_to_nothing_else(policy, port, control):
    with pytest.raises(PortRefused):
        ways(gate(policy), "files.example", port, *[control] if control else [])


def test_a_data_channel_is_judged_like_everything_else():
    ours = replace(NOWHERE, own=frozenset([(ip_address(PUBLIC), 3306)]))
    with pytest.raises(OwnService):
        ways(gate(FTP, surroundings=ours), "files.example", 3306, Control("files.example", PUBLIC))
    with pytest.raises(AddressOwn):
        ways(gate(FTP, surroundings=HERE), "files.example", 50000, Control("files.example", OTHER))


def test_an_open_control_channel_does_not_redirect_other_tunnels():
    assert ways(gate(FTP), "files.example", 443, Control("files.example", OTHER)) == [PUBLIC, PUBLIC6]
