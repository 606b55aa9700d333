"""Whether it is this server's own network that is away, and not just the other side that cannot be reached.

    somebody said something just now                    it is there
    one of the last few that answered, answers          it is there
    others than who failed had answered, nobody does    it is away
    no others are known                                 it is away where nothing leads out of this machine

The last few are tried by a connection that is closed at once, where it is allowed as any other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from ...endpoint import Address
from ...errors import EgressRefused
from ..messages import Limits
from ..route import leads_out
from . import wire
from .dial import Unreachable, dial
from .gate import Gate, Target

#: How many of those that answered are remembered, each host once, and for how many seconds.
_WITNESSES = 4
_MEMORY = 24 * 3600.0

#: Seconds for which it counts that somebody said something: of a failure that took longer this is the end.
_JUST = 5.0


@dataclass(frozen=True)
class Witness:
    """A server that answered, and when (the loop's time). ``target``: what it was then; None for the company's proxy,
    which no policy opens."""

    host: str
    address: Address
    port: int
    target: Target | None
    met_at: float


@dataclass(frozen=True)
class Round:
    """``asked``: the hosts; none when none was known. ``answered``: whether one of them did. ``leads_out``: whether the
    kernel has any way out of here."""

    asked: frozenset[str]
    answered: bool
    leads_out: bool

    def blames_network(self, host: str) -> bool:
        """Rather than ``host``, who cannot be reached, and is no witness of anybody else."""
        if self.answered:
            return False
        return bool(self.asked - {host}) or not self.leads_out


class Network:
    def __init__(self, gate: Gate, limits: Limits, has_way_out: Callable[[], bool] = leads_out) -> None:
        self._gate = gate
        self._limits = limits
        self._has_way_out = has_way_out
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._loop.time()
        # The last round that was in vain, until somebody is heard; and then until when it was so.
        self._lost: Round | None = None
        self._outage: tuple[Round, float] | None = None
        self._witnesses: OrderedDict[str, Witness] = OrderedDict()
        self._round: asyncio.Task[Round] | None = None
        self._asked_at = 0.0

    @property
    def silence(self) -> float:
        """Seconds since anybody said anything."""
        return self._loop.time() - self._heard_at

    def heard(self) -> None:
        """Somebody outside said something, and be it no."""
        self._heard_at = self._loop.time()
        if self._lost is not None:
            self._outage, self._lost = (self._lost, self._heard_at), None

    def met(self, host: str, address: Address, port: int, target: Target | None) -> None:
        """It took a connection."""
        self.heard()
        self._witnesses[host] = Witness(host, address, port, target, self._heard_at)
        self._witnesses.move_to_end(host)
        if len(self._witnesses) > _WITNESSES:
            self._witnesses.popitem(last=False)

    async def is_away(self, host: str, seconds: float) -> bool:
        """Whether that is why ``host`` could not be reached, in an attempt that took so many seconds."""
        began = self._loop.time() - seconds
        if self.silence > min(seconds, _JUST) and (await self.ask()).blames_network(host):
            return True
        # It may have come back a moment ago, too late for this attempt.
        return self._outage is not None and began < self._outage[1] and self._outage[0].blames_network(host)

    async def ask(self) -> Round:
        """The next answer; however many ask, there is one round at a time, and a pause between them."""
        if self._is_over():
            await asyncio.sleep(self._asked_at + self._limits.witnesses - self._loop.time())
        if self._round is None or self._is_over():
            self._round, self._asked_at = asyncio.ensure_future(self._try()), self._loop.time()
        # Others wait for it, too.
        return await asyncio.shield(self._round)

    def _is_over(self) -> bool:
        return self._round is not None and self._round.done()

    async def _try(self) -> Round:
        began = self._loop.time()
        witnesses = [witness for witness in self._witnesses.values() if self._counts(witness)]
        asked = frozenset(witness.host for witness in witnesses)
        attempts = [asyncio.ensure_future(self._answers(witness)) for witness in witnesses]
        try:
            with contextlib.suppress(asyncio.TimeoutError):
                for answer in asyncio.as_completed(attempts, timeout=self._limits.witnesses):
                    if await answer:
                        self.heard()
                        break
        finally:
            for attempt in attempts:
                attempt.cancel()
        if self._heard_at > began:
            return Round(asked, True, True)
        self._lost = Round(asked, False, self._has_way_out())
        return self._lost

    def _counts(self, witness: Witness) -> bool:
        if self._loop.time() - witness.met_at > _MEMORY:
            return False
        with contextlib.suppress(EgressRefused):
            if witness.target is not None:
                self._gate.check(witness.target, witness.address)
            return True
        return False

    async def _answers(self, witness: Witness) -> bool:
        try:
            wire.close(await dial([witness.address], witness.port))
        except Unreachable as error:
            return error.answered
        return True
