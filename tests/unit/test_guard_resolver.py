"""Lookups of the guard: shared within a task, and no task waits for another one's slow name servers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from ipaddress import ip_address

import pytest

from seafevents_offline.egress.guard.resolver import Resolver, Unresolved
from seafevents_offline.endpoint import Address

SLOW, QUICK = "slow", "files.example"
FOUND = [ip_address("93.184.215.14")]


class NameServer:
    """Answers for names that begin with ``slow`` when it may, for ``none`` never with an address."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked: list[str] = []

    def __call__(self, host: str) -> list[Address]:
        self.asked.append(host)
        if host.startswith(SLOW):
            assert self.may_answer.wait(30)
        if host == "none":
            raise Unresolved(host)
        return FOUND


@pytest.fixture
def server() -> NameServer:
    return NameServer()


def _run(work: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


def test_what_a_task_asks_for_at_once_is_asked_once(server: NameServer) -> None:
    async def work() -> None:
        resolver = Resolver(4, server)
        asked = [asyncio.ensure_future(resolver.addresses(SLOW, 1)) for _ in range(5)]
        await asyncio.sleep(0)
        server.may_answer.set()
        assert await asyncio.gather(*asked) == [FOUND] * 5

    _run(work())
    assert server.asked == [SLOW]


def test_each_later_question_is_asked_anew(server: NameServer) -> None:
    async def work() -> None:
        resolver = Resolver(4, server)
        for _ in range(2):
            assert await resolver.addresses(QUICK, 1) == FOUND
        with pytest.raises(Unresolved):
            await resolver.addresses("none", 1)

    _run(work())
    assert server.asked == [QUICK, QUICK, "none"]


def test_a_task_with_slow_name_servers_waits_for_itself_alone(server: NameServer) -> None:
    async def work() -> None:
        resolver = Resolver(2, server)
        slow = [asyncio.ensure_future(resolver.addresses(f"{SLOW}{number}", 1)) for number in range(6)]
        waiting = asyncio.ensure_future(resolver.addresses(QUICK, 1))
        await asyncio.sleep(0)
        for task in range(2, 20):
            assert await resolver.addresses(QUICK, task) == FOUND
        assert not waiting.done()
        server.may_answer.set()
        assert await asyncio.gather(*slow, waiting) == [FOUND] * 7

    _run(work())


def test_what_nobody_waits_for_any_more_is_not_asked(server: NameServer) -> None:
    async def work() -> None:
        resolver = Resolver(1, server)
        first, given_up = (asyncio.ensure_future(resolver.addresses(name, 1)) for name in (SLOW, QUICK))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
        server.may_answer.set()
        assert await first == FOUND
        assert server.asked == [SLOW]
        assert await resolver.addresses(QUICK, 1) == FOUND

    _run(work())
