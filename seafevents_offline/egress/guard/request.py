"""What an engine may ask for: ``CONNECT host:port HTTP/1.x`` with Basic credentials, and nothing else.

Pure functions over bytes. Stricter than RFC 9112 on purpose: whatever could be read in two ways is refused.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address

from ...errors import RedirectInvalid

#: Bytes of a whole head, the blank line included.
MAX_HEAD = 8192

_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) ([^\x00-\x20\x7f]{1,1024}) HTTP/1\.[01]")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_BASIC = re.compile(rb"Basic +([A-Za-z0-9+/]+={0,2})[ \t]*", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253}):([1-9][0-9]{0,4})", re.ASCII)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)


class BadRequest(ValueError):
    """It is no request that a proxy can read."""


@dataclass(frozen=True)
class Request:
    """``authority`` is as it came, one character a byte; ``user`` and ``password`` are empty when there are none."""

    method: str
    authority: str
    user: str = ""
    password: str = ""


def parse(head: bytes) -> Request:
    """The request of a head that ends with its blank line; raises BadRequest."""
    lines = head[: -len(b"\r\n\r\n")].split(b"\r\n")
    first = _REQUEST_LINE.fullmatch(lines[0])
    headers = [_HEADER.fullmatch(line) for line in lines[1:]]
    if first is None:
        raise BadRequest("the request line")
    logins = []
    for header in headers:
        if header is None:
            raise BadRequest("a header")
        if header[1].lower() == b"proxy-authorization":
            logins.append(header[2])
    if len(logins) > 1:
        raise BadRequest("more than one login")
    user, password = _login(logins[0]) if logins else ("", "")
    return Request(first[1].decode("ascii"), first[2].decode("latin-1"), user, password)


def _login(value: bytes) -> tuple[str, str]:
    basic = _BASIC.fullmatch(value)
    try:
        user, colon, password = b64decode(basic[1], validate=True).partition(b":") if basic else (b"", b"", b"")
    except binascii.Error as error:
        raise BadRequest("the login") from error
    if not colon:
        raise BadRequest("the login")
    return user.decode("latin-1"), password.decode("latin-1")


def target(request: Request) -> tuple[str, int]:
    """Host (a name or an address without brackets, in lower case) and port of a tunnel.

    Raises RedirectInvalid: the engine asks for what a link or a redirect names. A name may be one of the many notations
    of an IPv4 address; what it means is seen when it is resolved.
    """
    match = _AUTHORITY.fullmatch(request.authority)
    if request.method != "CONNECT" or match is None or int(match[2]) > 65535:
        raise RedirectInvalid()
    host = match[1].lower()
    if not host.startswith("["):
        if not _NAME.fullmatch(host):
            raise RedirectInvalid()
        return host, int(match[2])
    try:
        return str(IPv6Address(host[1:-1])), int(match[2])
    except AddressValueError as error:
        raise RedirectInvalid() from error
