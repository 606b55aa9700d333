"""What may be connected to: the settings as a value, and one pure function that judges by it.

deny-hosts   beats everything
allow-addresses   host:port and address:port open exactly that, whatever it is
own addresses, own services, ports   are refused
allow-addresses   networks open what is private in them
public addresses   are open
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any

from ..endpoint import Address, Endpoint, Network, canonical, parse_address, parse_endpoint, parse_name, parse_network
from ..errors import (
    AddressNotPublic,
    AddressOwn,
    AddressPrivate,
    EgressRefused,
    HostDenied,
    LiteralNotPublic,
    LiteralOwn,
    LiteralPrivate,
    OwnService,
    PortRefused,
)
from ..settings import Settings
from .address import Kind, carried, kind_of, literal, plain
from .surroundings import Surroundings

_FTP_PORT = 21

#: The ports that a data channel of ftp may have.
DATA_PORTS = range(1024, 65536)


@dataclass(frozen=True)
class Policy:
    """``own``: what of ours listens somewhere; ``own_names``: the hosts by which people reach this Seafile."""

    schemes: tuple[str, ...] = ("http", "https")
    ports: tuple[int, ...] = (80, 443, 8080, 8443)
    allowed: frozenset[Endpoint] = frozenset()
    networks: tuple[Network, ...] = ()
    denied_names: frozenset[str] = frozenset()
    denied_networks: tuple[Network, ...] = ()
    own: frozenset[Endpoint] = frozenset()
    own_names: frozenset[str] = frozenset()

    @classmethod
    def from_settings(
        cls, settings: Settings, own: Collection[Endpoint] = (), own_names: Collection[str] = ()
    ) -> Policy:
        """Raises ValueError where allow-addresses or deny-hosts were not read by ``Settings.from_config``."""
        networks = [text for text in settings.allow_addresses if "/" in text]
        names, addresses = _split(settings.deny_hosts)
        return cls(
            schemes=settings.schemes,
            ports=_ports(settings),
            allowed=frozenset(parse_endpoint(text) for text in settings.allow_addresses if "/" not in text),
            networks=tuple(parse_network(text) for text in networks),
            denied_names=names,
            denied_networks=addresses,
            own=frozenset(own),
            own_names=frozenset(map(canonical, own_names)),
        )

    def to_json(self) -> dict[str, Any]:
        """Lists, texts and numbers only."""
        return {
            "schemes": list(self.schemes),
            "ports": list(self.ports),
            "allowed": sorted(map(str, self.allowed)),
            "networks": list(map(str, self.networks)),
            "denied_names": sorted(self.denied_names),
            "denied_networks": list(map(str, self.denied_networks)),
            "own": sorted(map(str, self.own)),
            "own_names": sorted(self.own_names),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Policy:
        return cls(
            schemes=tuple(data["schemes"]),
            ports=tuple(data["ports"]),
            allowed=frozenset(map(parse_endpoint, data["allowed"])),
            networks=tuple(map(parse_network, data["networks"])),
            denied_names=frozenset(data["denied_names"]),
            denied_networks=tuple(map(parse_network, data["denied_networks"])),
            own=frozenset(map(parse_endpoint, data["own"])),
            own_names=frozenset(data["own_names"]),
        )

    def opens(self, host: str, port: int) -> bool:
        """Whether ``allow-addresses`` names exactly this host (a name in its one form, or an address) and port."""
        return Endpoint(host, port) in self.allowed

    def denies(self, name: str) -> bool:
        """Whether ``deny-hosts`` has the name or one above it."""
        labels = name.split(".")
        return any(".".join(labels[start:]) in self.denied_names for start in range(len(labels)))

    @cached_property
    def own_addresses(self) -> frozenset[Address]:
        """Those of ``own_names`` that are addresses."""
        return frozenset(_addresses(self.own_names))


def check_host(policy: Policy, host: str, port: int) -> None:
    """What can be said before the host is looked up. Raises HostDenied, OwnService or PortRefused."""
    name = canonical(host)
    if policy.denies(name):
        raise HostDenied(host=host)
    if policy.opens(name, port):
        return
    if name in policy.own_names:
        raise OwnService(host=host)
    # An address with this port may be open, and who knows which one the host has.
    if port not in policy.ports and not any(port == endpoint.port for endpoint in policy.allowed):
        raise _port_refused(policy, host, port)


def judge(
    policy: Policy, surroundings: Surroundings, host: str, address: Address, port: int, *, data: bool = False
) -> None:
    """Whether ``address``, one of those that ``host`` (a name or an address, as it was asked for) has, may be
    connected to. Raises an EgressRefused.

    ``data``: it is for a data channel of ftp, beside its control channel to the same address.
    """
    check_host(policy, host, port) if not data else _check_name(policy, host)
    address = plain(address)
    inside = carried(address, surroundings.nat64)
    if any(place in network for place in (address, *inside) for network in policy.denied_networks):
        raise HostDenied(host=host)
    if policy.opens(canonical(host), port) or policy.opens(str(address), port):
        return
    if not _port_fits(policy, port, data):
        raise _port_refused(policy, host, port)
    for place in (address, *inside):
        _judge_place(policy, surroundings, place, _Asked(host, address, port))


def _check_name(policy: Policy, host: str) -> None:
    if policy.denies(canonical(host)):
        raise HostDenied(host=host)


@dataclass(frozen=True)
class _Asked:
    host: str
    address: Address
    port: int

    def refusal(self, named: type[EgressRefused], bare: type[EgressRefused]) -> EgressRefused:
        if _is_literal(self.host):
            return bare(address=str(self.address))
        return named(address=str(self.address), host=self.host)


def _judge_place(policy: Policy, surroundings: Surroundings, place: Address, asked: _Asked) -> None:
    kind = kind_of(place, surroundings.nat64)
    if kind is Kind.OWN or place in surroundings.addresses:
        raise asked.refusal(AddressOwn, LiteralOwn)
    if (place, asked.port) in surroundings.own or place in policy.own_addresses:
        raise OwnService(host=asked.host)
    if kind is Kind.PRIVATE and not any(place in network for network in policy.networks):
        raise asked.refusal(AddressPrivate, LiteralPrivate)
    if kind is Kind.SPECIAL:
        raise asked.refusal(AddressNotPublic, LiteralNotPublic)


def _port_fits(policy: Policy, port: int, data: bool) -> bool:
    return port in policy.ports or (data and port in DATA_PORTS)


def _port_refused(policy: Policy, host: str, port: int) -> PortRefused:
    return PortRefused(host=host, port=port, ports=", ".join(map(str, policy.ports)))


def _ports(settings: Settings) -> tuple[int, ...]:
    """Port 21 is ftp's and counts only with it."""
    others = tuple(port for port in settings.ports if port != _FTP_PORT)
    return (*others, _FTP_PORT) if "ftp" in settings.schemes else others


def _split(entries: Collection[str]) -> tuple[frozenset[str], tuple[Network, ...]]:
    """``deny-hosts``: names, and networks (an address is one of a single place)."""
    names, networks = set(), []
    for text in entries:
        if "/" in text:
            networks.append(parse_network(text))
            continue
        try:
            address = plain(parse_address(text))
            networks.append(parse_network(f"{address}/{address.max_prefixlen}"))
        except ValueError:
            names.add(parse_name(text))
    return frozenset(names), tuple(networks)


def _is_literal(host: str) -> bool:
    try:
        return literal(host) is not None
    except ValueError:
        return False


def _addresses(texts: Collection[str]) -> Iterator[Address]:
    for text in texts:
        try:
            yield plain(ip_address(text))
        except ValueError:
            continue
