"""What the kernel itself says of an address: whether what is sent there stays on this machine, or leads out of it.

It stays here for each address of an interface, also for one that came a moment ago, and for whole networks that are
routed to the machine itself (``ip route add local …``), which no list of interfaces has.
"""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

from ..endpoint import Address

# linux/netlink.h, linux/rtnetlink.h
_NEWROUTE, _GETROUTE = 24, 26
_REQUEST = 1
_DESTINATION = 1
_UNICAST, _LOCAL, _ANYCAST = 1, 2, 4  # an anycast address is one that this machine answers for, with others
_HEADER = struct.Struct("=IHHII")  # length, type, flags, number, port
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, bits of destination and of source, …, kind of route, flags
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_KIND = 7

#: Far away, whatever network this is: a root server of DNS. Nothing is sent there.
_FAR_AWAY = (ip_address("198.41.0.4"), ip_address("2001:503:ba3e::2:30"))


def stays_here(address: Address) -> bool:
    """Asks anew each time, which takes some microseconds. False where the kernel does not say."""
    try:
        return _kind(address) in (_LOCAL, _ANYCAST)
    except OSError:
        return False


def leads_out() -> bool:
    """Whether there is any way out of this network. True where the kernel does not say."""
    try:
        return any(_kind(address) == _UNICAST for address in _FAR_AWAY)
    except OSError:
        return True


def _kind(address: Address) -> int:
    """Of the route to it, 0 when there is none. Raises OSError."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.send(_question(address))
        answer = kernel.recv(4096)
    _, kind, *_ = _HEADER.unpack_from(answer)
    return int(_ROUTE.unpack_from(answer, _HEADER.size)[_KIND]) if kind == _NEWROUTE else 0


def _question(address: Address) -> bytes:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    route = _ROUTE.pack(family, address.max_prefixlen, 0, 0, 0, 0, 0, 0, 0)
    place = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(address.packed), _DESTINATION) + address.packed
    length = _HEADER.size + len(route) + len(place)
    return _HEADER.pack(length, _GETROUTE, _REQUEST, 0, 0) + route + place
