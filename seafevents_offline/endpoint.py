"""Hosts, ports and networks as an administrator writes them, each in its one form.

    files.example:8080   10.0.0.5:8080   [fd00::5]:8080      an endpoint
    10.0.0.0/8   fd00::/8                                    a network

Everything here raises ValueError for anything else: what the sentence about it says is the caller's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Union

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
# Programs take such a last part for a number, and the whole for an IPv4 address.
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.ASCII)
_ENDPOINT = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Endpoint:
    """A host (a name in its one form, or an address as Python writes it) and a port from 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def canonical(host: str) -> str:
    """A name as names are compared: lower case, ASCII, no dot at its end. What is no name stays as it is."""
    host = host.removesuffix(".").lower()
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii").removesuffix(".").lower()
    except ValueError:
        return host


def parse_name(text: str) -> str:
    """A host name."""
    name = canonical(text)
    if len(name) > 253 or not _NAME.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ValueError(text)
    return name


def parse_address(text: str) -> Address:
    """An address as it is usually written, without a zone."""
    address = ip_address(text)
    if "%" in text:
        raise ValueError(text)
    return address


def parse_endpoint(text: str) -> Endpoint:
    """A host or an address, and a port."""
    found = _ENDPOINT.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ValueError(text)
    return Endpoint(_host(found["ipv6"], found["host"]), int(found["port"]))


def parse_network(text: str) -> Network:
    """A network with its length; the bits behind it must be zero."""
    if "/" not in text or "%" in text or not text.rpartition("/")[2].isdigit():
        raise ValueError(text)
    return ip_network(text)


def _host(ipv6: str | None, other: str) -> str:
    if ipv6 is not None:
        return str(IPv6Address(ipv6))
    try:
        return str(IPv4Address(other))
    except ValueError:
        return parse_name(other)
