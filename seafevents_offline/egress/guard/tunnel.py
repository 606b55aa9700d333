"""One connection of the engine, from its request to its end.

    request ──> login ──> caps ──> gate (resolve, judge) ──> dial ──> 200 ──> relay ──> Ended
        └─ 400     └─ 407   └─ 429     └─ 403, 502             └─ 502, 403      └─ closed, broken, silent, too much, cut

Whoever is turned away finds its event in the pipe before its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass

from ...endpoint import Address, Endpoint
from ...errors import (
    EgressRefused,
    LinkLeadsElsewhere,
    OfflineDownloadError,
    RedirectInvalid,
    TooLarge,
    TooManyConnections,
)
from ...units import format_size
from ..grant import Grant, verify
from ..messages import Ended, Failed, Limits, Refused
from . import request, wire
from .exit import Connection, Exit
from .gate import FTP_PORT, Gate, Target
from .life import Life
from .pipes import Pipes
from .relay import Relay
from .reporter import Reporter
from .usage import Usages, Why

_REFUSALS = (EgressRefused, RedirectInvalid, TooLarge)

#: Seconds between the 200 and the greeting of a server of ftp, which speaks first: aria2 loses what it reads together
#: with the 200, and then both sides wait for ever.
_GREETING = 0.5

#: How TLS begins (RFC 8446, 5.1), and no request of HTTP.
_HANDSHAKE = b"\x16"


@dataclass(frozen=True)
class Means:
    """What all tunnels share."""

    key: bytes
    limits: Limits
    gate: Gate
    exit: Exit
    usages: Usages
    pipes: Pipes
    reporter: Reporter


class _TooLate(Exception):
    """The request did not come in time."""


@dataclass(frozen=True)
class _Open:
    """What there is from the 200 on."""

    target: Target
    connection: Connection
    relay: Relay


class Tunnel(Life):
    """Made for an accepted connection, which ``close`` closes. ``stranger``: it has not shown credentials yet."""

    def __init__(self, engine: socket.socket, means: Means) -> None:
        super().__init__()
        self.stranger = True
        self._engine = engine
        self._means = means
        self._open: _Open | None = None
        self._born = asyncio.get_running_loop().time()

    @property
    def abandoned(self) -> bool:
        """The engine has gone; only the server has not noticed yet."""
        return self._open is not None and self._open.relay.engine_ended

    @property
    def target(self) -> Target | None:
        """What it leads to, once it stands."""
        return self._open.target if self._open is not None else None

    def control_of(self, host: str) -> tuple[Address, ...] | None:
        """If it is an open control channel of ftp to ``host`` (the name, or the address it has): its addresses."""
        here = self._open
        if here is None or self.abandoned or here.target.port != FTP_PORT:
            return None
        addresses = here.connection.addresses
        return addresses if host in (here.target.host, *map(str, addresses)) else None

    async def run(self) -> None:
        """What ``begin`` is to begin."""
        try:
            with contextlib.suppress(OSError, wire.HeadUnreadable, _TooLate):
                await self._serve()
        except asyncio.CancelledError:
            if self.because is None:
                raise

    def close(self) -> None:
        """At its end; also when it was cut before it began."""
        wire.close(self._engine)

    async def _serve(self) -> None:
        with self.within(self._means.limits.request, _TooLate()):
            head = await wire.read_head(self._engine, request.MAX_HEAD)
        try:
            asked = request.parse(head)
        except request.BadRequest:
            await wire.send(self._engine, wire.answer(400))
            return
        grant = verify(self._means.key, asked.user, asked.password)
        if grant is None:
            self._means.reporter.warn("Somebody on this machine tried to use the guard without its credentials.")
            await wire.send(self._engine, wire.answer(407))
            return
        self.stranger = False
        await self._serve_claim(asked, grant)

    async def _serve_claim(self, asked: request.Request, grant: Grant) -> None:
        usage = self._means.usages.of(grant)
        host, port = "", 0
        try:
            host, port = request.target(asked)
            usage.make_room()
            usage.tunnels.add(self)
            target = self._means.gate.target(host, port, usage)
            connection = await self._means.exit.connect(target, self)
            await self._serve_tunnel(target, connection)
        except OfflineDownloadError as error:
            await self._report(error, grant, host, port)
            await wire.send(self._engine, wire.answer(_status(error)))
        finally:
            usage.tunnels.discard(self)

    async def _report(self, error: OfflineDownloadError, grant: Grant, host: str, port: int) -> None:
        kind = Refused if isinstance(error, _REFUSALS) else Failed
        await self._means.reporter.report(kind(grant.odr_id, grant.claim, host, port, error.reason, error.reason_args))

    # --- the tunnel stands

    async def _serve_tunnel(self, target: Target, connection: Connection) -> None:
        means, usage = self._means, target.usage
        relay = Relay(self._engine, connection.sock, means.pipes, usage, means.limits, self._has_data_channels)
        self._open = _Open(target, connection, relay)
        why = Why.BROKEN
        try:
            wire.suspect(self._engine)
            await wire.send(self._engine, wire.answer(200))
            if target.port == FTP_PORT:
                await asyncio.sleep(_GREETING)
            await self._see_encryption(target)
            why = await relay.run()
        except OSError:
            pass
        except asyncio.CancelledError:
            why = self.because or Why.CUT
        finally:
            wire.close(connection.sock)
        if why is Why.TOO_MUCH:
            await self._report(TooLarge(limit=format_size(usage.grant.bytes)), usage.grant, target.host, target.port)
        wire.close(self._engine)
        await means.reporter.report(self._ended(self._open, why))

    async def _see_encryption(self, target: Target) -> None:
        """Let nothing through that was to be encrypted and is not: a server may redirect from its https to the http of
        the same port. Raises LinkLeadsElsewhere."""
        only = target.usage.grant.only
        if only is None or not only.is_encrypted:
            return
        with self.within(self._means.limits.first_byte, _TooLate()):
            first = await wire.peek(self._engine)
        if first and first != _HANDSHAKE:
            raise LinkLeadsElsewhere(place=str(Endpoint(target.host, target.port)))

    def _has_data_channels(self) -> bool:
        """ftp says nothing on its control channel while a file comes through another one."""
        return self._open is not None and any(other.is_data_of(self) for other in self._open.target.usage.tunnels)

    def is_data_of(self, control: Tunnel) -> bool:
        mine, other = self._open, control._open
        return mine is not None and other is not None and mine.target.control == other.connection.addresses

    def _ended(self, opened: _Open, why: Why) -> Ended:
        grant, relay = opened.target.usage.grant, opened.relay
        return Ended(
            odr_id=grant.odr_id,
            claim=grant.claim,
            owner=grant.owner,
            host=opened.target.host,
            port=opened.target.port,
            address=str(opened.connection.peer),
            received=relay.received,
            sent=relay.sent,
            seconds=round(asyncio.get_running_loop().time() - self._born, 3),
            why=why.value,
        )


def _status(error: OfflineDownloadError) -> int:
    if isinstance(error, TooManyConnections):
        return 429
    if isinstance(error, RedirectInvalid):
        return 400
    return 403 if isinstance(error, _REFUSALS) else 502
