"""One connection to one of several addresses: in turn, the next one 250 ms later or when the one before failed."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from itertools import chain, zip_longest

from ...endpoint import Address, plain
from . import wire

#: RFC 8305 recommends this.
_PAUSE = 0.25

#: A name with more addresses than this has others that answer, or none.
_MAX_ADDRESSES = 8


class Unreachable(Exception):
    """None of the addresses takes a connection. ``answered``: one of them said so itself."""

    def __init__(self, answered: bool) -> None:
        super().__init__()
        self.answered = answered


async def dial(addresses: Iterable[Address], port: int) -> socket.socket:
    """The first that stands; raises Unreachable. No time limit of its own."""
    attempts = _Attempts(port)
    try:
        for address in _in_turn(addresses):
            attempts.begin(address)
            if (winner := await attempts.next(_PAUSE)) is not None:
                return winner
        while attempts.open:
            if (winner := await attempts.next(None)) is not None:
                return winner
    finally:
        attempts.close()
    raise Unreachable(attempts.answered)


class _Attempts:
    def __init__(self, port: int) -> None:
        self.open: set[socket.socket] = set()
        self.answered = False
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._results: asyncio.Queue[socket.socket | None] = asyncio.Queue()

    def begin(self, address: Address) -> None:
        try:
            sock = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        except OSError:  # no IPv6 on this machine
            self._results.put_nowait(None)
            return
        self.open.add(sock)
        sock.setblocking(False)
        # An error (no route, for example) is found again when the result is looked at.
        sock.connect_ex((str(address), self._port))
        self._loop.add_writer(sock.fileno(), self._finished, sock)

    def _finished(self, sock: socket.socket) -> None:
        self._loop.remove_writer(sock.fileno())
        self._results.put_nowait(sock)

    async def next(self, pause: float | None) -> socket.socket | None:
        """A connection that stands; None when one failed or after ``pause`` seconds."""
        timer = self._loop.call_later(pause, self._results.put_nowait, None) if pause is not None else None
        try:
            sock = await self._results.get()
        finally:
            if timer:
                timer.cancel()
        if sock is None:
            return None
        self.open.discard(sock)
        if (error := _error(sock)) == 0:
            return sock
        self.answered = self.answered or error == errno.ECONNREFUSED
        wire.close(sock)
        return None

    def close(self) -> None:
        for sock in self.open:
            wire.close(sock)


def _error(sock: socket.socket) -> int:
    """Why it does not stand; 0 if it does."""
    try:
        if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return error
        # A port of this machine that nobody listens on can be connected with itself.
        return errno.ECONNREFUSED if sock.getpeername() == sock.getsockname() else 0
    except OSError as error:
        return error.errno or errno.ENOTCONN


def _in_turn(addresses: Iterable[Address]) -> list[Address]:
    """The families take turns, so that one without a route costs one pause at most."""
    found = list(addresses)
    first = [address for address in found if address.version == found[0].version]
    second = [address for address in found if address.version != found[0].version]
    both = chain.from_iterable(zip_longest(first, second))
    return [address for address in both if address is not None][:_MAX_ADDRESSES]


def ends(sock: socket.socket) -> tuple[Address, Address]:
    """Our address and the peer's; raises OSError when the connection is gone again."""
    return plain(ip_address(sock.getsockname()[0])), plain(ip_address(sock.getpeername()[0]))
