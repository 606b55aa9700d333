"""What may be connected to: the settings as a value, and one pure function that judges by it. In this order:

deny-hosts        is refused, whatever else is said of it
allow-addresses   an endpoint is open, whatever it is
ports             others are refused
what is ours      this machine, the places and names of this service, is refused
public            is open
allow-addresses   in a network, what is private is open
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from typing import Any

from ..endpoint import (
    Address,
    Endpoint,
    Network,
    canonical,
    of_database,
    parse_denied,
    parse_endpoint,
    parse_network,
    parse_opened,
    parse_proxy,
    plain,
)
from ..errors import (
    AddressNearby,
    AddressNotPublic,
    AddressOwn,
    AddressPrivate,
    EgressRefused,
    HostDenied,
    LiteralNearby,
    LiteralNotPublic,
    LiteralOwn,
    LiteralPrivate,
    OwnService,
    PortRefused,
)
from ..settings import Settings
from .address import Kind, carried, kind_of, literal
from .surroundings import Surroundings

_FTP_PORT = 21

#: The ports that a data channel of ftp may have.
DATA_PORTS = range(1024, 65536)


@dataclass(frozen=True)
class Policy:
    """``own``: where what is ours listens; ``own_names``: the hosts by which people reach this Seafile."""

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
        """``own`` comes in addition to the database and the proxy that the settings name. Raises ValueError for what
        ``Settings.from_config`` would not have taken."""
        opened = [parse_opened(text) for text in settings.allow_addresses]
        denied = [parse_denied(text) for text in settings.deny_hosts]
        return cls(
            schemes=settings.schemes,
            ports=_ports(settings),
            allowed=frozenset(entry for entry in opened if isinstance(entry, Endpoint)),
            networks=tuple(entry for entry in opened if not isinstance(entry, Endpoint)),
            denied_names=frozenset(entry for entry in denied if isinstance(entry, str)),
            denied_networks=tuple(entry for entry in denied if not isinstance(entry, str)),
            own=frozenset(own).union(_own(settings)),
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
        """Raises KeyError, TypeError or ValueError for what ``to_json`` did not make."""
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
        """Whether ``allow-addresses`` names exactly this host (in its one form) and port."""
        return Endpoint(host, port) in self.allowed

    def denies(self, name: str) -> bool:
        """Whether ``deny-hosts`` names this one (in its one form) or one above it."""
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
    # An address with this port may be open, and who knows yet which one the host has.
    if port not in policy.ports and not any(port == endpoint.port for endpoint in policy.allowed):
        raise _port_refused(policy, host, port)


def judge(
    policy: Policy, surroundings: Surroundings, host: str, address: Address, port: int, *, data: bool = False
) -> None:
    """Whether ``address``, one of those that ``host`` (a name or an address, as it was asked for) has, may be
    connected to. Raises an EgressRefused.

    ``data``: for a data channel of ftp, whose control channel goes to this address; any high port is as good as 21.
    """
    asked = _Asked(host, plain(address), port)
    places = (asked.address, *carried(asked.address, surroundings.nat64))
    if policy.denies(asked.name) or any(place in network for place in places for network in policy.denied_networks):
        raise HostDenied(host=host)
    if policy.opens(asked.name, port):
        return
    if asked.name in policy.own_names:
        raise OwnService(host=host)
    if policy.opens(str(asked.address), port):
        return
    if port not in policy.ports and not (data and port in DATA_PORTS):
        raise _port_refused(policy, host, port)
    for place in places:
        _judge_place(policy, surroundings, place, asked)


@dataclass(frozen=True)
class _Asked:
    """``address`` is plain."""

    host: str
    address: Address
    port: int

    @property
    def name(self) -> str:
        return canonical(self.host)

    def refusal(self, of_name: type[EgressRefused], of_address: type[EgressRefused]) -> EgressRefused:
        if _is_literal(self.host):
            return of_address(address=str(self.address))
        return of_name(address=str(self.address), host=self.host)


def _judge_place(policy: Policy, surroundings: Surroundings, place: Address, asked: _Asked) -> None:
    kind = kind_of(place, surroundings.nat64)
    if kind is Kind.OWN or place in surroundings.addresses:
        raise asked.refusal(AddressOwn, LiteralOwn)
    if (place, asked.port) in surroundings.own or place in policy.own_addresses:
        raise OwnService(host=asked.host)
    if not any(place in network for network in policy.networks):
        if kind is Kind.PRIVATE:
            raise asked.refusal(AddressPrivate, LiteralPrivate)
        if kind is Kind.PUBLIC and any(place in network for network in surroundings.networks):
            raise asked.refusal(AddressNearby, LiteralNearby)
    if kind is Kind.SPECIAL:
        raise asked.refusal(AddressNotPublic, LiteralNotPublic)


def _port_refused(policy: Policy, host: str, port: int) -> PortRefused:
    return PortRefused(host=host, port=port, ports=", ".join(map(str, policy.ports)))


def _ports(settings: Settings) -> tuple[int, ...]:
    """Port 21 is ftp's: it counts with it, and only then."""
    others = tuple(port for port in settings.ports if port != _FTP_PORT)
    return (*others, _FTP_PORT) if "ftp" in settings.schemes else others


def _own(settings: Settings) -> Iterator[Endpoint]:
    database = of_database(settings.database)
    if database is not None:
        yield database
    if settings.upstream_proxy not in ("", "env"):
        yield parse_proxy(settings.upstream_proxy)


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
