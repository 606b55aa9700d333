"""Tunnels in which nothing comes any more: the engine gives them up by itself, and then it must be known why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...errors import NetworkUnavailable
from ..messages import Failed
from .network import Network
from .usage import Usage, Usages


class Watch:
    """``silence``: seconds in which nobody said anything, after which it is asked whether the network is away."""

    def __init__(self, network: Network, usages: Usages, tell: Callable[[Failed], None], silence: float) -> None:
        self._network, self._usages, self._tell, self._silence = network, usages, tell, silence
        self._told: set[Usage] = set()

    async def run(self) -> None:
        """Does not return."""
        while True:
            await asyncio.sleep(self._silence / 3)
            await self.look()

    async def look(self) -> None:
        """Tell of each claim that waits, once in each silence, when the network is to blame for it."""
        if self._network.silence < self._silence:
            self._told.clear()
            return
        if not any(usage not in self._told for usage in self._usages.open()):
            return
        found = await self._network.ask()
        for usage in self._usages.open():
            target = next((target for target in usage.targets() if found.blames_network(target.host)), None)
            if target is not None and usage not in self._told:
                self._told.add(usage)
                grant, reason = usage.grant, NetworkUnavailable.reason
                self._tell(Failed(grant.odr_id, grant.claim, target.host, target.port, reason, {}))
