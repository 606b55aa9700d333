"""A company's own proxy behind ours: the last step of a connection that was judged before."""

from __future__ import annotations

import re
import socket
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from ...endpoint import Endpoint, parse_proxy
from ...errors import ConnectionFailed, ProxyRefused, ProxyUnavailable
from . import wire
from .request import MAX_HEAD

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r\n")


@dataclass(frozen=True)
class Upstream:
    """``login``: the value of Proxy-Authorization, empty for none."""

    host: str
    port: int
    login: str = field(default="", repr=False)


def parse(url: str) -> Upstream:
    """``http://user:password@proxy.example:3128``, user and password percent-encoded; raises ValueError."""
    place = parse_proxy(url)
    login, at, _ = url.partition("://")[2].rpartition("@")
    user, _, password = login.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return Upstream(place.host, place.port, f"Basic {b64encode(pair).decode('ascii')}" if at else "")


async def ask(sock: socket.socket, upstream: Upstream, host: str, port: int) -> None:
    """Have the proxy at the other end of ``sock`` connect to ``host``; afterwards the socket leads there.

    Raises ProxyRefused, ProxyUnavailable or ConnectionFailed.
    """
    try:
        await wire.send(sock, _request(upstream, str(Endpoint(host, port))))
        head = await wire.read_head(sock, MAX_HEAD)
    except (OSError, wire.HeadUnreadable) as error:
        raise ProxyUnavailable(detail="it closed the connection.") from error
    found = _STATUS.match(head)
    _judge(int(found[1]) if found else 0, host)


def _request(upstream: Upstream, authority: str) -> bytes:
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if upstream.login:
        lines.append(f"Proxy-Authorization: {upstream.login}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _judge(status: int, host: str) -> None:
    if 200 <= status < 300:
        return
    if status == 407:
        raise ProxyUnavailable(detail="it wants other credentials (407).")
    if status in (502, 503, 504):
        raise ConnectionFailed(host=host)
    if 400 <= status < 500:
        raise ProxyRefused(host=host, status=status)
    raise ProxyUnavailable(detail=f"it answers {status}." if status else "it is no HTTP proxy.")
