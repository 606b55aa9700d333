"""Waiting for sockets without a time limit of its own (whoever waits is cut when time is up), and heads of HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

_BLANK_LINE = b"\r\n\r\n"

_PHRASES = {
    200: "Connection established",
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    429: "Too Many Requests",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}


class HeadUnreadable(Exception):
    """It ended too early or is too long."""


async def readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await _ready(lambda tell: loop.add_reader(sock, tell), lambda: loop.remove_reader(sock))


async def writable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await _ready(lambda tell: loop.add_writer(sock, tell), lambda: loop.remove_writer(sock))


async def _ready(begin: Callable[[Callable[[], None]], None], end: Callable[[], object]) -> None:
    ready = asyncio.get_running_loop().create_future()
    begin(lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        end()


async def read_head(sock: socket.socket, limit: int) -> bytes:
    """Everything up to the first blank line and not a byte more: what follows belongs to the tunnel.

    Raises HeadUnreadable, or OSError when the connection broke.
    """
    head = b""
    while not head.endswith(_BLANK_LINE):
        await readable(sock)
        seen = sock.recv(limit, socket.MSG_PEEK)
        end = (head + seen).find(_BLANK_LINE)
        # What was seen without a blank line is all of the head: left in the socket it would wake us for ever.
        wanted = len(seen) if end < 0 else end + len(_BLANK_LINE) - len(head)
        if not seen or len(head) + wanted > limit:
            raise HeadUnreadable
        head += sock.recv(wanted)
    return head


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


def close(sock: socket.socket) -> None:
    """Forget it in the loop and close it; idempotent. In this order, for its number is taken again at once."""
    if sock.fileno() >= 0:
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.remove_writer(sock)
        with contextlib.suppress(OSError):
            sock.close()
