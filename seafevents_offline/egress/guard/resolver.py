"""From a host to all its addresses, once: in threads, because only the system's own resolver knows what it knows.

A thread waits as long as a name server makes it wait (RES_OPTIONS bounds it); whoever asked is gone before that. So
each task has a few threads only, and one with slow name servers waits for itself.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from ...endpoint import Address, plain

#: Threads of all tasks together; each has a few files open.
_MAX_THREADS = 64


class Unresolved(Exception):
    """There is no such host, or nobody says."""


@dataclass(eq=False)
class _Lookup:
    """One name on its way. ``waiting``: how many tunnels still want it."""

    host: str
    task: int
    answer: asyncio.Future[list[Address]]
    waiting: int = 0


def system_addresses(host: str) -> list[Address]:
    """All addresses in the system's order, each once; raises Unresolved. Takes as long as the name server."""
    try:
        # As bytes: for text Python would apply IDNA, with errors of its own.
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unresolved(host) from error
    return list(dict.fromkeys(plain(ip_address(entry[4][0])) for entry in found))


class Resolver:
    """Lives in one event loop."""

    def __init__(self, per_task: int, look_up: Callable[[str], list[Address]] = system_addresses) -> None:
        self._per_task = per_task
        self._look_up = look_up
        self._open: dict[tuple[int, str], _Lookup] = {}
        self._queue: list[_Lookup] = []
        self._running: Counter[int] = Counter()

    async def addresses(self, host: str, task: int) -> list[Address]:
        """Raises Unresolved; has no time limit of its own. Equal questions of one task are asked once.

        Those of others are none of its business: they may be waiting behind a slow one.
        """
        lookup = self._open.get((task, host)) or self._enqueue(host, task)
        lookup.waiting += 1
        self._start()
        try:
            return await asyncio.shield(lookup.answer)
        finally:
            lookup.waiting -= 1

    def _enqueue(self, host: str, task: int) -> _Lookup:
        lookup = _Lookup(host, task, asyncio.get_running_loop().create_future())
        self._open[task, host] = lookup
        self._queue.append(lookup)
        return lookup

    def _start(self) -> None:
        """As many as there is room for; those of a task that has its share stay in the queue."""
        for lookup in tuple(self._queue):
            if self._running.total() >= _MAX_THREADS:
                return
            if self._running[lookup.task] < self._per_task:
                self._queue.remove(lookup)
                if lookup.waiting:
                    self._begin(lookup)
                else:
                    del self._open[lookup.task, lookup.host]

    def _begin(self, lookup: _Lookup) -> None:
        self._running[lookup.task] += 1
        loop = asyncio.get_running_loop()

        def run() -> None:
            try:
                found: list[Address] | Unresolved = self._look_up(lookup.host)
            except Unresolved as error:
                found = error
            loop.call_soon_threadsafe(self._end, lookup, found)

        try:
            threading.Thread(target=run, name="lookup", daemon=True).start()
        except RuntimeError as error:  # the account has too many threads
            loop.call_soon(self._end, lookup, Unresolved(str(error)))

    def _end(self, lookup: _Lookup, found: list[Address] | Unresolved) -> None:
        self._running[lookup.task] -= 1
        if not self._running[lookup.task]:
            del self._running[lookup.task]
        del self._open[lookup.task, lookup.host]
        if isinstance(found, Unresolved):
            lookup.answer.set_exception(found)
            # Everybody may be gone; asyncio would complain.
            lookup.answer.exception()
        else:
            lookup.answer.set_result(found)
        self._start()
