"""Names become addresses: once, in threads, and the slow ones in nobody's way."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any

import pytest

from seafevents_offline.egress.guard.resolver import Resolver, Unresolved, system_addresses

ANSWER = [ip_address("93.184.215.14")]


class Names:
    """A name server: what begins with ``slow`` waits until it is let go, and what with ``no`` does not exist."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.changed = threading.Condition()
        self.let_go = threading.Event()

    def __call__(self, host: str) -> list[Any]:
        with self.changed:
            self.asked[host] += 1
            self.changed.notify_all()
        if host.startswith("slow"):
            self.let_go.wait(60)
        if host.startswith("no"):
            raise Unresolved(host)
        return ANSWER

    async def wait_for(self, number: int) -> None:
        """Until so many questions were asked."""

        def wait() -> None:
            with self.changed:
                assert self.changed.wait_for(lambda: self.asked.total() >= number, 60)

        await asyncio.get_running_loop().run_in_executor(None, wait)


def resolve(play: Callable[[Resolver, Names], Coroutine[Any, Any, None]], per_task: int = 2) -> Names:
    names = Names()

    async def run() -> None:
        try:
            await play(Resolver(per_task, names), names)
        finally:
            names.let_go.set()

    asyncio.run(run())
    return names


def test_a_name_is_looked_up():
    async def play(resolver, names):
        assert await resolver.addresses("files.example", 1) == ANSWER

    assert resolve(play).asked == {"files.example": 1}


def test_a_name_that_is_not_there_is_unresolved_for_everybody_who_asked():
    async def play(resolver, names):
        results = await asyncio.gather(*[resolver.addresses("no.example", 1) for _ in range(3)], return_exceptions=True)
        assert [type(result) for result in results] == [Unresolved] * 3

    assert resolve(play).asked == {"no.example": 1}


def test_nothing_is_remembered():
    async def play(resolver, names):
        for _ in range(3):
            await resolver.addresses("files.example", 1)

    assert resolve(play).asked == {"files.example": 3}


def test_who_gives_up_leaves_the_answer_to_the_others():
    async def play(resolver, names):
        impatient = asyncio.ensure_future(resolver.addresses("slow.example", 1))
        patient = asyncio.ensure_future(resolver.addresses("slow.example", 1))
        await names.wait_for(1)
        impatient.cancel()
        names.let_go.set()
        assert await patient == ANSWER
        assert impatient.cancelled()

    assert resolve(play).asked == {"slow.example": 1}


def test_one_task_with_slow_names_delays_no_other_task():
    async def play(resolver, names):
        slow = [asyncio.ensure_future(resolver.addresses(f"slow{number}.example", 1)) for number in range(500)]
        await names.wait_for(2)
        assert await resolver.addresses("files.example", 2) == ANSWER
        # Not even with a name that the slow one asks for as well.
        last = asyncio.ensure_future(resolver.addresses("files.example", 1))
        assert await resolver.addresses("files.example", 2) == ANSWER
        assert not last.done()
        assert names.asked.total() == 4
        names.let_go.set()
        await asyncio.gather(*slow, last)

    resolve(play)


def test_what_nobody_waits_for_any_more_is_not_asked():
    async def play(resolver, names):
        begun = [asyncio.ensure_future(resolver.addresses(f"slow{number}.example", 1)) for number in range(2)]
        await names.wait_for(2)
        queued = [asyncio.ensure_future(resolver.addresses(f"never{number}.example", 1)) for number in range(50)]
        await asyncio.sleep(0)
        for wish in queued:
            wish.cancel()
        await asyncio.gather(*queued, return_exceptions=True)
        names.let_go.set()
        await asyncio.gather(*begun)
        assert await resolver.addresses("files.example", 1) == ANSWER

    assert resolve(play).asked == {"slow0.example": 1, "slow1.example": 1, "files.example": 1}


def test_more_than_all_threads_wait_for_a_free_one():
    async def play(resolver, names):
        tasks = [asyncio.ensure_future(resolver.addresses("slow.example", number)) for number in range(200)]
        await names.wait_for(64)
        assert names.asked.total() == 64
        names.let_go.set()
        assert await asyncio.gather(*tasks) == [ANSWER] * 200

    resolve(play)


def test_no_thread_left_is_an_answer(monkeypatch):
    def cannot(self):
        raise RuntimeError("can't start new thread")

    async def play(resolver, names):
        monkeypatch.setattr(threading.Thread, "start", cannot)
        with pytest.raises(Unresolved):
            await resolver.addresses("files.example", 1)
        monkeypatch.undo()
        assert await resolver.addresses("files.example", 1) == ANSWER

    resolve(play)


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("::ffff:10.0.0.5", "10.0.0.5")],
)
def test_the_system_takes_every_notation_for_what_a_connection_would_go_to(host, address):
    assert system_addresses(host) == [ip_address(address)]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example", "..", "1.2.3.4.5"])
def test_what_the_system_does_not_know_is_unresolved(host):
    with pytest.raises(Unresolved):
        system_addresses(host)
