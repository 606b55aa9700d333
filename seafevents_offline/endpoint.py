"""Hosts, ports and networks as an administrator writes them, each in its one form.

    files.example:8080   10.0.0.5:8080   [fd00::5]:8080      an endpoint
    10.0.0.0/8   fd00::/8                                    a network
    http://user:password@proxy.example:3128                  a proxy
    https://hooks.example/seafile?key=x                      where messages are posted to

What parses raises ValueError for anything else; what is said about it is the caller's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Union
from urllib.parse import unquote

Address = Union[IPv4Address, IPv6Address]
Network = Union[IPv4Network, IPv6Network]

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII)
_ENDPOINT = re.compile(
    r"(\[(?P<ipv6>[0-9a-f:.]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,5})", re.ASCII | re.IGNORECASE
)
_PLACE = r"(?P<place>\[[^\[\]/?]+\]|[^\[\]:/?@#]+)(:(?P<port>[0-9]+))?"
_LOGIN = r"[\w.~!$&'()*+,;=%-]+(:[\w.~!$&'()*+,;=%-]*)?@"
_TARGET = r"([/?][!\"$-~]*)?"
_WEBHOOK = re.compile(
    rf"(?P<scheme>https?)://((?P<login>[!-.0-9:;=A-~]+)@)?{_PLACE}(?P<target>{_TARGET})", re.ASCII | re.IGNORECASE
)
_PROXY = re.compile(rf"http://({_LOGIN})?{_PLACE}/?", re.ASCII | re.IGNORECASE)
# The password may hold anything but "@".
_DATABASE = re.compile(rf"(?P<kind>\w+)(\+\w+)?://([^:/@]*(:[^@]*)?@)?{_PLACE}(?=[/?]|$)")
_DATABASE_PORTS = {"mysql": 3306, "mariadb": 3306, "postgresql": 5432}

_MAPPED = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, order=True)
class Endpoint:
    """A host (a name in its one form, or an address as Python writes it) and a port from 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Webhook:
    """Where messages are posted to. ``target``: path and query; ``login``: user:password, or empty."""

    endpoint: Endpoint
    is_encrypted: bool
    target: str
    login: str


def plain(address: Address) -> Address:
    """Without a zone, and as IPv4 where the connection would be one (``::ffff:10.0.0.5``)."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def canonical(host: str) -> str:
    """A name as names are compared: lower case, ASCII, no dot at its end. What is no name stays as it is."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except ValueError:
            return host
    return host.removesuffix(".").lower()


def is_number(name: str) -> bool:
    """Whether programs take a name (in its one form) for an IPv4 address, because its last part is a number."""
    return _NUMBER.fullmatch(name.rpartition(".")[2]) is not None


def parse_name(text: str) -> str:
    """A host name."""
    name = canonical(text)
    if len(name) > 253 or not _NAME.fullmatch(name) or is_number(name):
        raise ValueError(text)
    return name


def parse_endpoint(text: str) -> Endpoint:
    """A host or an address, and a port."""
    found = _ENDPOINT.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise ValueError(text)
    return Endpoint(_host(found["ipv6"], found["host"]), int(found["port"]))


def parse_network(text: str) -> Network:
    """A network with its length; the bits behind it must be zero."""
    if "%" in text or not text.rpartition("/")[2].isdigit() or "/" not in text:
        raise ValueError(text)
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        return IPv4Network((network.network_address.packed[12:], network.prefixlen - 96))
    return network


def parse_opened(text: str) -> Endpoint | Network:
    """One entry of ``allow-addresses``; not a network in which nothing is ever opened."""
    if "/" not in text:
        return parse_endpoint(text)
    network = parse_network(text)
    if network.is_loopback or network.is_link_local or network.is_multicast:
        raise ValueError(text)
    return network


def parse_denied(text: str) -> str | Network:
    """One entry of ``deny-hosts``: a name or a network; an address is a network of one."""
    if "/" in text:
        return parse_network(text)
    try:
        address = ip_address(text)
    except ValueError:
        return parse_name(text)
    return parse_network(f"{text}/{address.max_prefixlen}")


def parse_proxy(text: str) -> Endpoint:
    """Where a proxy listens, of its URL; user and password are percent-encoded."""
    found = _PROXY.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return parse_endpoint(f"{found['place']}:{found['port'] or 80}")


def parse_webhook(text: str) -> Webhook:
    """A URL that messages are posted to; user and password are percent-encoded."""
    found = _WEBHOOK.fullmatch(text)
    if found is None:
        raise ValueError(text)
    is_encrypted = found["scheme"].lower() == "https"
    port = found["port"] or (443 if is_encrypted else 80)
    target = found["target"]
    return Webhook(
        parse_endpoint(f"{found['place']}:{port}"),
        is_encrypted,
        target if target.startswith("/") else f"/{target}",
        unquote(found["login"] or ""),
    )


def of_database(url: str) -> Endpoint | None:
    """Where the database of an SQLAlchemy URL listens; None when that is no host (a file, a socket)."""
    found = _DATABASE.match(url)
    if found is None:
        return None
    try:
        return parse_endpoint(f"{found['place']}:{found['port'] or _DATABASE_PORTS[found['kind']]}")
    except (ValueError, KeyError):
        return None


def _host(ipv6: str | None, other: str) -> str:
    if ipv6 is not None:
        return str(plain(IPv6Address(ipv6)))
    try:
        return str(IPv4Address(other))
    except ValueError:
        return parse_name(other)
