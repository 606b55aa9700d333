"""What kind of place an address is.

    IANA's registries of special-purpose addresses, and what is known of clouds, as one table: the most specific row
    counts. Python's own answer (``is_global``) differs from version to version, so it may only refuse more.

An IPv6 address may carry an IPv4 address that the connection really goes to: ``carried`` takes it out.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from ..endpoint import Address, Network, canonical, is_number, plain


class Kind(Enum):
    """Only PUBLIC is open to everybody; PRIVATE may be opened as a network, the others only one by one."""

    PUBLIC = "public"
    PRIVATE = "private"
    OWN = "own"
    SPECIAL = "special"
    #: The IPv4 address inside decides.
    CARRIER = "carrier"


_TABLE = {
    Kind.OWN: ("0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128"),
    Kind.PRIVATE: (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
        # Shared between a provider and its customers; benchmarks, and names that a local proxy makes up.
        *("100.64.0.0/10", "198.18.0.0/15"),
        # Unique local, site-local, which came before it, and a network's own translation to IPv4.
        *("fc00::/7", "fec0::/10", "64:ff9b:1::/48"),
    ),
    Kind.SPECIAL: (
        # Link-local, with the metadata of most clouds.
        *("169.254.0.0/16", "fe80::/10"),
        # What clouds answer from elsewhere: Alibaba, Azure, Amazon, Google, Scaleway.
        *("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128"),
        # Protocol assignments, documentation, multicast, reserved.
        *("192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # What whoever is nearest answers: relays to 6to4 and for multicast, AS112.
        *("192.88.99.0/24", "192.52.193.0/24", "192.31.196.0/24", "192.175.48.0/24", "2620:4f:8000::/48"),
        # Everything in IPv6 that nobody gives to servers.
        "::/0",
        # Protocol assignments (Teredo among them) and documentation.
        *("2001::/23", "2001:db8::/32", "3fff::/20"),
    ),
    Kind.PUBLIC: ("0.0.0.0/0", "2000::/3"),
    # 6to4; NAT64.
    Kind.CARRIER: ("2002::/16", "64:ff9b::/96"),
}

_ROWS: Sequence[tuple[Network, Kind]] = sorted(
    ((ip_network(text), kind) for kind, texts in _TABLE.items() for text in texts),
    key=lambda row: -row[0].prefixlen,
)

_NAT64 = IPv6Network("64:ff9b::/96")
# A network may use any part of it, most often as it is here; what it really uses is learned.
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_COMPATIBLE = (IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"))
_ISATAP = (0x00005EFE, 0x02005EFE)

# RFC 6052: the bytes of the IPv4 address, by the length of the prefix; byte 8 is left out.
_RFC6052 = {
    32: (4, 5, 6, 7),
    40: (5, 6, 7, 9),
    48: (6, 7, 9, 10),
    56: (7, 9, 10, 11),
    64: (9, 10, 11, 12),
    96: (12, 13, 14, 15),
}


def kind_of(address: Address, nat64: Collection[IPv6Network] = ()) -> Kind:
    """What a plain address is by itself. ``nat64``: the prefixes that this network translates to IPv4."""
    kind = next(kind for network, kind in _ROWS if address in network)
    # Whatever a name server says of a prefix: nothing special is opened by it.
    if kind in (Kind.PUBLIC, Kind.PRIVATE) and any(address in prefix for prefix in nat64):
        return Kind.CARRIER
    return Kind.SPECIAL if kind is Kind.PUBLIC and not address.is_global else kind


def carried(address: Address, nat64: Collection[IPv6Network] = ()) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside a plain address that its packets may go to."""
    if isinstance(address, IPv4Address):
        return ()
    found = [_rfc6052(address, prefix.prefixlen) for prefix in (*nat64, _NAT64) if address in prefix]
    if address in _LOCAL_NAT64 and not found:
        found.append(_rfc6052(address, 96))
    if address in _6TO4:
        found.append(IPv4Address(address.packed[2:6]))
    if address in _TEREDO:
        found += [IPv4Address(address.packed[4:8]), IPv4Address(bytes(byte ^ 0xFF for byte in address.packed[12:]))]
    if _ends_with_ipv4(address):
        found.append(IPv4Address(address.packed[12:]))
    return tuple(dict.fromkeys(found))


def learned(answers: Collection[IPv6Address]) -> tuple[IPv6Network, ...]:
    """The prefixes that make ``answers`` for ipv4only.arpa of its addresses 192.0.0.170 and .171 (RFC 7050)."""
    found = {
        IPv6Network((int(answer) >> (128 - length) << (128 - length), length))
        for answer in map(plain, answers)
        if isinstance(answer, IPv6Address)
        for length in _RFC6052
        if _rfc6052(answer, length) in (IPv4Address("192.0.0.170"), IPv4Address("192.0.0.171"))
    }
    return tuple(sorted(found))


def literal(host: str) -> Address | None:
    """The address that a host is in any notation that some program takes for one; None for a name.

    Raises ValueError for what can be neither (``1.2.3.4.5``).
    """
    host = canonical(host)
    if ":" in host:
        return plain(IPv6Address(host.partition("%")[0]))
    if not is_number(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        raise ValueError(host) from None


def _rfc6052(address: IPv6Address, length: int) -> IPv4Address:
    return IPv4Address(bytes(address.packed[place] for place in _RFC6052[length]))


def _ends_with_ipv4(address: IPv6Address) -> bool:
    is_isatap = int.from_bytes(address.packed[8:12], "big") in _ISATAP
    return is_isatap or any(address in network for network in _COMPATIBLE)
