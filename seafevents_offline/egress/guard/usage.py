"""What each claim has open and has used: the caps hold over all its tunnels together."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from ...errors import TooLarge, TooManyConnections
from ...units import format_size
from ..grant import Grant
from ..messages import Received

if TYPE_CHECKING:
    from .gate import Target
    from .tunnel import Tunnel

#: Bytes after which it is told again how many have come.
STEP = 16 * 1024**2

#: Claims that are remembered; the daemon closes each, this is for those that it forgot.
_REMEMBERED = 10_000


class Why(str, Enum):
    """Why a tunnel ended."""

    CLOSED = "closed"  # by both sides
    BROKEN = "broken"  # one side reset it
    SILENT = "silent"
    TOO_MUCH = "too much"  # bytes of the claim
    CUT = "cut"  # the daemon said so


class Usage:
    """One claim: its open tunnels, and the bytes that passed in both directions. ``tell`` is for those who wait at the
    other end of a pipe; ``heard``: called whenever a server has said something."""

    def __init__(
        self, grant: Grant, tell: Callable[[Received], None], heard: Callable[[], None] = lambda: None
    ) -> None:
        self.grant = grant
        self.bytes = 0
        self.tunnels: set[Tunnel] = set()
        self._tell, self._heard = tell, heard
        self._received = self._told = 0

    def count(self, number: int) -> None:
        """These have passed."""
        self.bytes += number

    def receive(self, number: int) -> None:
        """These have passed, and they came from a server."""
        self.count(number)
        self._heard()
        self._received += number
        if self._received - self._told >= STEP:
            self._told = self._received
            grant = self.grant
            self._tell(Received(grant.odr_id, grant.claim, grant.serial, self._received))

    def targets(self) -> list[Target]:
        """What its tunnels lead to."""
        return [tunnel.target for tunnel in self.tunnels if tunnel.target is not None]

    def left(self) -> int:
        """Bytes that may still pass."""
        return max(0, self.grant.bytes - self.bytes) if self.grant.bytes else sys.maxsize

    def make_room(self) -> None:
        """For one more tunnel; raises TooManyConnections or TooLarge when the claim has had what it may."""
        if self.left() == 0:
            raise TooLarge(limit=format_size(self.grant.bytes))
        if len(self.tunnels) < self.grant.tunnels:
            return
        abandoned = next((tunnel for tunnel in self.tunnels if tunnel.abandoned), None)
        if abandoned is None:
            raise TooManyConnections()
        self.tunnels.discard(abandoned)
        abandoned.cut(Why.CLOSED)


class Usages:
    """All claims that were seen. ``tell``, ``heard``: as for one."""

    def __init__(self, tell: Callable[[Received], None], heard: Callable[[], None] = lambda: None) -> None:
        self._tell, self._heard = tell, heard
        self._claims: OrderedDict[tuple[int, int, int], Usage] = OrderedDict()

    def of(self, grant: Grant) -> Usage:
        key = (grant.odr_id, grant.claim, grant.serial)
        usage = self._claims.setdefault(key, Usage(grant, self._tell, self._heard))
        # A claim may be told new limits; its credentials prove them.
        usage.grant = grant
        self._claims.move_to_end(key)
        if len(self._claims) > _REMEMBERED:
            self._forget_oldest()
        return usage

    def open(self) -> Iterator[Usage]:
        """Those that have tunnels at the moment."""
        return (usage for usage in self._claims.values() if usage.tunnels)

    def close(self, odr_id: int, claim: int, serial: int) -> None:
        """Cut its tunnels and forget it."""
        usage = self._claims.pop((odr_id, claim, serial), None)
        for tunnel in tuple(usage.tunnels) if usage else ():
            tunnel.cut(Why.CUT)

    def _forget_oldest(self) -> None:
        for key, usage in self._claims.items():
            if not usage.tunnels:
                del self._claims[key]
                return
