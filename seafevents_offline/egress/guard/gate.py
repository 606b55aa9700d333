"""Which addresses a request may go to: resolved once, every answer judged, and nothing decided twice."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from ...endpoint import Address
from ...errors import EgressRefused, HostNotFound
from ..address import carried, literal
from ..policy import DATA_PORTS, Policy, check_host, judge
from ..route import stays_here
from ..surroundings import NOWHERE, Surroundings
from .resolver import Resolver, Unresolved
from .usage import Usage

_LOOPBACK = IPv4Address("127.0.0.1")
FTP_PORT = 21


@dataclass(frozen=True)
class Target:
    """What was asked for, by whom. ``control``: the addresses of the open control channel of ftp whose data channel it
    is, None for everything else."""

    host: str
    port: int
    usage: Usage
    control: tuple[Address, ...] | None = None

    @property
    def is_door(self) -> bool:
        """The one place of this machine that a grant opens by itself."""
        return self.host == str(_LOOPBACK) and 0 < self.port == self.usage.grant.door


class Gate:
    """Knows nothing until it was told its surroundings; before that it says only what does not depend on them."""

    def __init__(self, policy: Policy, resolver: Resolver) -> None:
        self.policy = policy
        self.surroundings: Surroundings = NOWHERE
        self._resolver = resolver
        self._knows = asyncio.Event()

    def tell(self, surroundings: Surroundings) -> None:
        """Where this machine is now."""
        self.surroundings = surroundings
        self._knows.set()

    def target(self, host: str, port: int, usage: Usage) -> Target:
        """With its control channel, if this is a data channel of ftp."""
        if "ftp" not in self.policy.schemes or port not in DATA_PORTS:
            return Target(host, port, usage)
        controls = (tunnel.control_of(host) for tunnel in usage.tunnels)
        return Target(host, port, usage, next((control for control in controls if control is not None), None))

    async def addresses(self, target: Target) -> tuple[Address, ...]:
        """All that may be connected to; raises an EgressRefused if one of them may not, or HostNotFound.

        Not even a name is looked up of what is not the only server of a download that has one.
        """
        if target.is_door:
            return (_LOOPBACK,)
        if target.control is None and (only := target.usage.grant.only):
            # Before anybody hears of it: no name server either.
            only.check(target.host, target.port)
        if not self._is_decided(target):
            await self._knows.wait()
        if target.control is None:
            check_host(self.policy, target.host, target.port)
        found = await self._resolve(target) if target.control is None else target.control
        for address in found:
            self.check(target, address)
        return found

    def check(self, target: Target, address: Address) -> None:
        """Whether the target may be connected to at this address, by what is known now. Raises an EgressRefused."""
        places = (address, *carried(address, self.surroundings.nat64))
        self._judge(target, address, {place for place in places if stays_here(place)})

    def _is_decided(self, target: Target) -> bool:
        """Whether it makes no difference where we are: of these addresses more knowledge only refuses more."""
        try:
            address = literal(target.host)
        except ValueError:
            return False
        if address is None or not (isinstance(address, IPv4Address) or address.is_loopback):
            return False
        try:
            judge(self.policy, NOWHERE, target.host, address, target.port)
        except EgressRefused:
            return True
        return self.policy.opens(str(address), target.port)

    def judge_ends(self, target: Target, ours: Address, peer: Address) -> None:
        """Once connected: who has come back to us is here, whatever was known before."""
        if ours == peer and not target.is_door:
            self._judge(target, peer, {peer})

    def _judge(self, target: Target, address: Address, own: Collection[Address]) -> None:
        """``own``: addresses of this machine beside those that its interfaces had when they were last looked at."""
        here = replace(self.surroundings, addresses=self.surroundings.addresses.union(own))
        judge(self.policy, here, target.host, address, target.port, data=target.control is not None)

    async def _resolve(self, target: Target) -> tuple[Address, ...]:
        try:
            address = literal(target.host)
            if address is not None:
                return (address,)
            return tuple(await self._resolver.addresses(target.host, target.usage.grant.odr_id))
        except (Unresolved, ValueError) as error:
            raise HostNotFound(host=target.host) from error
