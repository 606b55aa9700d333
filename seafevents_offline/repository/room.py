"""What the caps leave and whose turn it is, while a claim chooses; no SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ..link import host_of

_T = TypeVar("_T")


class Room:
    """How many more tasks each owner and each host may have; counts down while tasks are taken."""

    def __init__(self, per_user: int, per_host: int, running: Iterable[tuple[str, str]]) -> None:
        """``running``: owner and link of every task that any node has."""
        self._per_user = per_user
        self._per_host = per_host
        self._owners: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        for owner, url in running:
            self._count(owner, host_of(url))

    def for_owner(self, owner: str) -> bool:
        return self._owners[owner] < self._per_user

    def for_host(self, host: str) -> bool:
        # A link without a host cannot do a server any harm: its task is going to be refused.
        return not host or self._hosts[host] < self._per_host

    def take(self, owner: str, host: str) -> bool:
        """Whether there was room for one more, which then is taken."""
        if not (self.for_owner(owner) and self.for_host(host)):
            return False
        self._count(owner, host)
        return True

    def _count(self, owner: str, host: str) -> None:
        self._owners[owner] += 1
        self._hosts[host] += 1


def in_turns(queues: Iterable[Iterator[_T]]) -> Iterator[_T]:
    """One of each queue a round, until all are empty. A queue is not looked at before its first turn has come."""
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
