"""What the caps leave and whose turn it is, while a claim chooses; no SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from ..link import host_of
from ..settings import KNOWN_SCHEMES

_T = TypeVar("_T")

#: Where the host's name ends at the earliest: no beginning of a link has its last slash before this.
BEGINNING_MIN = len("https://")

_STARTS = tuple(f"{scheme}://" for scheme in KNOWN_SCHEMES)


class Room:
    """How many more tasks each owner and each host may have; only ever gets less."""

    def __init__(self, per_user: int, per_host: int, running: Iterable[tuple[str, str]]) -> None:
        """``running``: owner and link of every task that any node has."""
        self._per_user = per_user
        self._per_host = per_host
        self._owners: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._host_of_beginning: dict[str, str] = {}
        for owner, url in running:
            self._count(owner, self._host(url))

    def take(self, owner: str, url: str) -> bool:
        """Whether there was room for one more, which then is taken."""
        if not self.has(owner, url):
            return False
        self._count(owner, self._host(url))
        return True

    def has(self, owner: str, url: str) -> bool:
        return self.for_owner(owner) and not self._is_full(self._host(url))

    def for_owner(self, owner: str) -> bool:
        return self._owners[owner] < self._per_user

    def full_owners(self) -> list[str]:
        return sorted(owner for owner in self._owners if not self.for_owner(owner))

    def full_beginnings(self) -> list[str]:
        """How links begin for which there is no room; a link that begins otherwise may still be of a full host."""
        return sorted(beginning for beginning, host in self._host_of_beginning.items() if self._is_full(host))

    def is_short(self) -> bool:
        """Whether anybody, or any server, has as many as may be."""
        return bool(self.full_owners() or self.full_beginnings())

    def _is_full(self, host: str) -> bool:
        # A link without a host cannot do a server any harm: its task is going to be refused.
        return bool(host) and self._hosts[host] >= self._per_host

    def _count(self, owner: str, host: str) -> None:
        self._owners[owner] += 1
        self._hosts[host] += 1

    def _host(self, url: str) -> str:
        end = url.find("/", BEGINNING_MIN)
        if end < 0 or not url.startswith(_STARTS):
            return host_of(url)
        beginning = url[: end + 1]
        if beginning not in self._host_of_beginning:
            self._host_of_beginning[beginning] = _host_of_beginning(beginning)
        return self._host_of_beginning[beginning]


@lru_cache(500)
def _host_of_beginning(beginning: str) -> str:
    return host_of(beginning)


def in_turns(queues: Iterable[Iterator[_T]]) -> Iterator[_T]:
    """One of each queue a round, until all are empty. A queue is not asked for before its first turn has come."""
    while True:
        left = []
        for queue in queues:
            for one in queue:
                yield one
                left.append(queue)
                break
        if not left:
            return
        queues = left
