"""Whose fault it is that somebody cannot be reached: the link's, or the network's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from seafevents_offline.egress.grant import Grant
from seafevents_offline.egress.guard import network as module
from seafevents_offline.egress.guard.gate import Gate, Target
from seafevents_offline.egress.guard.network import Network, Round
from seafevents_offline.egress.guard.resolver import Resolver
from seafevents_offline.egress.guard.usage import Usage, Usages
from seafevents_offline.egress.guard.watch import Watch
from seafevents_offline.egress.messages import Failed, Limits
from seafevents_offline.egress.policy import Policy
from seafevents_offline.endpoint import Address, Endpoint
from tests.support.guard import silent
from tests.support.ports import free_port

GRANT = Grant(7, 1, "ada@example.com", 0, 20)

#: Whom nobody has met; and the time of an attempt that failed at once, in which nobody can have said anything.
DEAD, AT_ONCE = "dead.example", 0.0


@pytest.mark.parametrize(
    ("asked", "answered", "has_way_out", "expected"),
    [
        ("other", True, True, False),
        ("other", True, False, False),
        ("other", False, True, True),
        ("dead other", False, True, True),
        ("dead other", True, True, False),
        # Who fails is no witness of anybody else.
        ("dead", False, True, False),
        ("dead", False, False, True),
        ("dead", True, False, False),
        # Nobody is known: a service that has just begun.
        ("", False, True, False),
        ("", False, False, True),
    ],
)
def test_whose_fault_it_is(asked: str, answered: bool, has_way_out: bool, expected: bool) -> None:
    assert Round(frozenset(asked.split()), answered, has_way_out).blames_network("dead") is expected


class Scene:
    """A network with witnesses on the loopback: each of ``ports`` is one at an address of its own."""

    def __init__(self, ports: dict[str, int], *, has_way_out: bool = True, wait: float = 0.2) -> None:
        opened = frozenset(Endpoint(address, port) for address, port in ports.items())
        self.gate = Gate(Policy(allowed=opened), Resolver(1))
        self.usages = Usages(lambda _: None)
        self.network = Network(self.gate, Limits(witnesses=wait), lambda: has_way_out)
        for address, port in ports.items():
            self.meet(f"{address}.example", address, port)

    def meet(self, host: str, address: str, port: int) -> None:
        target = Target(address, port, Usage(GRANT, lambda _: None))
        self.network.met(host, ip_address(address), port, target)


def run(play: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(play())


@pytest.fixture
def dials(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that is tried, in turn."""
    found: list[str] = []
    dial = module.dial

    async def noted(addresses: list[Address], port: int) -> Any:
        found.extend(map(str, addresses))
        return await dial(addresses, port)

    monkeypatch.setattr(module, "dial", noted)
    return found


def test_nobody_is_asked_when_somebody_said_something_meanwhile(dials: list[str]) -> None:
    async def play() -> bool:
        return await Scene({"127.0.0.1": free_port()}).network.is_away(DEAD, 1.0)

    assert run(play) is False
    assert dials == []


def test_a_witness_that_says_no_is_one_that_answers() -> None:
    async def play() -> bool:
        return await Scene({"127.0.0.1": free_port()}).network.is_away(DEAD, AT_ONCE)

    assert run(play) is False


def test_one_that_answers_among_silent_ones_is_enough() -> None:
    port = free_port()

    async def play() -> bool:
        return await Scene({"127.0.0.1": port, "127.0.0.2": port, "127.0.0.3": free_port()}).network.is_away(
            DEAD, AT_ONCE
        )

    with silent("127.0.0.1", port), silent("127.0.0.2", port):
        assert run(play) is False


def test_the_network_is_away_when_all_that_answered_before_are_silent(dials: list[str]) -> None:
    port = free_port()

    async def play() -> None:
        scene = Scene({"127.0.0.1": port})
        assert await scene.network.is_away(DEAD, AT_ONCE)
        assert not await scene.network.is_away("127.0.0.1.example", AT_ONCE), "the only one is the one that fails"

    with silent("127.0.0.1", port):
        run(play)
    assert dials == ["127.0.0.1"] * 2


def test_what_began_while_it_was_away_is_not_held_against_the_link_when_it_is_back() -> None:
    port = free_port()

    async def play() -> None:
        network = Scene({"127.0.0.1": port}).network
        with silent("127.0.0.1", port):
            assert await network.is_away(DEAD, AT_ONCE)
        # Now somebody says no there.
        assert await network.is_away(DEAD, 0.01)
        assert not await network.is_away(DEAD, AT_ONCE), "this one began when it was back"
        assert not await network.is_away("127.0.0.1.example", 60.0), "this one was the only witness"

    run(play)


def test_all_who_ask_at_once_share_one_round(dials: list[str]) -> None:
    port = free_port()

    async def play() -> list[bool]:
        network = Scene({"127.0.0.1": port}).network
        gone = asyncio.ensure_future(network.is_away(DEAD, AT_ONCE))
        questions = [asyncio.ensure_future(network.is_away(DEAD, AT_ONCE)) for _ in range(50)]
        await asyncio.sleep(0)
        # One that is cut takes the answer from nobody.
        gone.cancel()
        return await asyncio.gather(*questions)

    with silent("127.0.0.1", port):
        assert run(play) == [True] * 50
    assert dials == ["127.0.0.1"]


def test_there_is_a_pause_between_two_rounds_and_nobody_gets_an_old_answer(dials: list[str]) -> None:
    async def play() -> None:
        network = Scene({"127.0.0.1": free_port()}).network
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(3):
            assert not await network.is_away(DEAD, AT_ONCE)
        assert loop.time() - began >= 0.4

    run(play)
    assert dials == ["127.0.0.1"] * 3


def test_few_are_remembered_and_not_for_long(dials: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ports = {f"127.0.0.{number}": free_port() for number in range(1, 8)}

    async def play() -> None:
        scene = Scene(ports)
        await scene.network.is_away(DEAD, AT_ONCE)
        assert set(dials) <= {f"127.0.0.{number}" for number in range(4, 8)}
        monkeypatch.setattr(module, "_MEMORY", -1.0)
        dials.clear()
        assert not await scene.network.is_away(DEAD, AT_ONCE)
        assert dials == []

    run(play)


def test_who_may_not_be_connected_to_any_more_is_not_tried(dials: list[str]) -> None:
    async def play() -> bool:
        scene = Scene({})
        scene.meet("private.example", "10.1.1.1", 80)
        return await scene.network.is_away(DEAD, AT_ONCE)

    assert run(play) is False
    assert dials == []


def test_the_companys_proxy_is_tried_whatever_the_policy_says(dials: list[str]) -> None:
    async def play() -> bool:
        network = Scene({}).network
        network.met("proxy.example", ip_address("127.0.0.1"), free_port(), None)
        return await network.is_away(DEAD, AT_ONCE)

    assert run(play) is False
    assert dials == ["127.0.0.1"]


class Tunnel:
    def __init__(self, target: Target | None) -> None:
        self.target = target


def test_claims_that_wait_in_silence_are_told_once_in_each(dials: list[str]) -> None:
    port = free_port()

    async def play() -> None:
        scene = Scene({"127.0.0.1": port, "127.0.0.2": port})
        for number in range(1, 50):
            usage = scene.usages.of(replace(GRANT, odr_id=number))
            usage.tunnels |= {Tunnel(None), Tunnel(Target("127.0.0.1.example", port, usage))}  # type: ignore[arg-type]
        told: list[Failed] = []
        busy = Watch(scene.network, scene.usages, told.append, 30.0)
        await busy.look()
        assert told == [], "somebody has said something not long ago"
        watch = Watch(scene.network, scene.usages, told.append, 0.0)
        await watch.look()
        await watch.look()
        reason = "network_unavailable"
        assert told == [Failed(number, 1, "127.0.0.1.example", port, reason, {}) for number in range(1, 50)]

    with silent("127.0.0.1", port), silent("127.0.0.2", port):
        run(play)
    assert sorted(dials) == ["127.0.0.1", "127.0.0.2"], "one round is enough for all"


def test_tunnels_of_one_dead_server_alone_are_not_the_networks_fault() -> None:
    port = free_port()

    async def play() -> list[Failed]:
        scene = Scene({"127.0.0.1": port})
        usage = scene.usages.of(GRANT)
        usage.tunnels |= {Tunnel(Target("127.0.0.1.example", port, usage))}  # type: ignore[arg-type]
        told: list[Failed] = []
        await Watch(scene.network, scene.usages, told.append, 0.0).look()
        return told

    with silent("127.0.0.1", port):
        assert run(play) == []
