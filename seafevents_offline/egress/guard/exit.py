"""The way out: from what was asked for to a socket that leads there, directly or through a company's proxy; and whose
fault it is that there is none."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

from ...endpoint import Address
from ...errors import ConnectionFailed, HostNotFound, NetworkUnavailable, ProxyUnavailable
from ..messages import Limits
from . import wire
from .dial import Unreachable, dial, ends
from .gate import Gate, Target
from .life import Life
from .network import Network
from .resolver import Resolver, Unresolved
from .upstream import Upstream, ask

#: Under this number the resolver counts what is looked up for everybody.
_EVERYBODY = 0


@dataclass(frozen=True)
class Connection:
    """``peer``: what the socket is connected to. ``addresses``: those of the target, as far as they are known here."""

    sock: socket.socket
    peer: Address
    addresses: tuple[Address, ...]


class Exit:
    def __init__(
        self, gate: Gate, resolver: Resolver, limits: Limits, upstream: Upstream | None, network: Network
    ) -> None:
        self._gate = gate
        self._resolver = resolver
        self._limits = limits
        self._upstream = upstream
        self._network = network

    async def connect(self, target: Target, life: Life) -> Connection:
        """Raises an EgressRefused, HostNotFound, ConnectionFailed, ProxyUnavailable or NetworkUnavailable."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            if self._upstream is not None and not target.is_door:
                return await self._connect_through(self._upstream, target, life)
            return await self._connect_directly(target, life)
        except (HostNotFound, ConnectionFailed) as error:
            if not target.is_door and await self._network.is_away(target.host, loop.time() - began):
                raise NetworkUnavailable() from error
            raise

    async def _connect_directly(self, target: Target, life: Life) -> Connection:
        addresses = await self._look_up(target, life)
        with life.within(self._limits.connect, ConnectionFailed(host=target.host)):
            try:
                sock = await dial(addresses, target.port)
            except Unreachable as error:
                if error.answered:
                    self._network.heard()
                raise ConnectionFailed(host=target.host) from error
        try:
            connection = self._checked(sock, target, addresses)
            if target.control is None and not target.is_door:
                self._network.met(target.host, connection.peer, target.port, target)
            return connection
        except BaseException:
            wire.close(sock)
            raise

    def _checked(self, sock: socket.socket, target: Target, addresses: tuple[Address, ...]) -> Connection:
        try:
            ours, peer = ends(sock)
        except OSError as error:
            raise ConnectionFailed(host=target.host) from error
        if peer not in addresses:
            raise ConnectionFailed(host=target.host)
        self._gate.judge_ends(target, ours, peer)
        return Connection(sock, peer, (peer,))

    async def _connect_through(self, upstream: Upstream, target: Target, life: Life) -> Connection:
        try:
            addresses = await self._look_up(target, life)
        except HostNotFound:
            # The company's proxy may know more names than this machine.
            addresses = ()
        with life.within(self._limits.connect, ProxyUnavailable(detail="it does not answer.")):
            sock = await self._dial_upstream(upstream)
            try:
                # Of the network it says enough; what is behind it is its business.
                self._network.met(upstream.host, ends(sock)[1], upstream.port, None)
                await ask(sock, upstream, target.host, target.port)
                return Connection(sock, ends(sock)[1], addresses)
            except BaseException:
                wire.close(sock)
                raise

    async def _dial_upstream(self, upstream: Upstream) -> socket.socket:
        try:
            return await dial(await self._resolver.addresses(upstream.host, _EVERYBODY), upstream.port)
        except (Unresolved, Unreachable) as error:
            raise ProxyUnavailable(detail="it cannot be reached.") from error

    async def _look_up(self, target: Target, life: Life) -> tuple[Address, ...]:
        with life.within(self._limits.lookup, HostNotFound(host=target.host)):
            return await self._gate.addresses(target)
