"""Waiting for sockets, heads of HTTP, and the two ways to close. Nothing here has a time limit of its own: who waits
is cut when time is up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

_BLANK_LINE = b"\r\n\r\n"

_PHRASES = {
    200: "Connection established",
    400: "Bad Request",
    403: "Forbidden",
    407: "Proxy Authentication Required",
    429: "Too Many Requests",
    502: "Bad Gateway",
}


class HeadUnreadable(Exception):
    """It ended too early or is too long."""


async def readable(sock: socket.socket) -> None:
    loop, number = asyncio.get_running_loop(), sock.fileno()
    ready = loop.create_future()
    loop.add_reader(number, _tell, ready)
    try:
        await ready
    finally:
        loop.remove_reader(number)


async def writable(sock: socket.socket) -> None:
    loop, number = asyncio.get_running_loop(), sock.fileno()
    ready = loop.create_future()
    loop.add_writer(number, _tell, ready)
    try:
        await ready
    finally:
        loop.remove_writer(number)


def _tell(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def read_head(sock: socket.socket, limit: int) -> bytes:
    """Everything up to the first blank line and not a byte more: what follows belongs to the tunnel.

    Raises HeadUnreadable, or OSError when the connection broke.
    """
    head = b""
    while not head.endswith(_BLANK_LINE):
        try:
            seen = sock.recv(limit, socket.MSG_PEEK)
        except BlockingIOError:
            await readable(sock)
            continue
        end = (head + seen).find(_BLANK_LINE)
        # What was seen without a blank line is all of the head: left in the socket it would wake us for ever.
        wanted = len(seen) if end < 0 else end + len(_BLANK_LINE) - len(head)
        if not seen or len(head) + wanted > limit:
            raise HeadUnreadable
        head += sock.recv(wanted)
    return head


async def peek(sock: socket.socket) -> bytes:
    """The first byte, which stays in the socket; none when there will be none. Raises OSError."""
    while True:
        try:
            return sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            await readable(sock)


async def send(sock: socket.socket, data: bytes) -> None:
    """All of it; raises OSError."""
    while data:
        try:
            data = data[sock.send(data) :]
        except BlockingIOError:
            await writable(sock)


def answer(status: int) -> bytes:
    """The head of an answer without a body; all but 200 also say that this is the end of the connection."""
    lines = [f"HTTP/1.1 {status} {_PHRASES[status]}"]
    if status == 407:
        lines.append('Proxy-Authenticate: Basic realm="guard"')
    if status != 200:
        lines += ["Content-Length: 0", "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def suspect(sock: socket.socket) -> None:
    """From now on its close is a reset, also when this process is killed: what the other side has is not complete.

    A file of unknown length has no other sign of that.
    """
    _linger(sock, on=True)


def trust(sock: socket.socket) -> None:
    """Its close is a proper end again."""
    _linger(sock, on=False)


def close(sock: socket.socket) -> None:
    """Forget it in the loop and close it; idempotent. In this order, for its number is taken again at once."""
    number = sock.fileno()
    if number >= 0:
        loop = asyncio.get_running_loop()
        loop.remove_reader(number)
        loop.remove_writer(number)
        with contextlib.suppress(OSError):
            sock.close()


def _linger(sock: socket.socket, on: bool) -> None:
    # socket(7): with a time of 0 what was not sent is dropped and the connection reset.
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", int(on), 0))
