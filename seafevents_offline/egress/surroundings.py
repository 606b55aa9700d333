"""Where this machine is: its own addresses, the network's translation to IPv4, and what of ours listens elsewhere."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, IPv6Network, ip_address, ip_interface
from typing import Union

import ifaddr

from ..endpoint import Address, Endpoint, Network, plain
from .address import learned

Interface = Union[IPv4Interface, IPv6Interface]

#: Seconds after which it is looked again: interfaces and networks come and go.
PERIOD = 60.0

#: Seconds that all lookups together may take.
TIME_LIMIT = 10.0

# RFC 7050: a name that has no IPv6 address but the one that the network's translation gives it. The dot keeps search
# domains out.
_IPV4_ONLY = "ipv4only.arpa."


@dataclass(frozen=True)
class Surroundings:
    """``addresses``: of this machine's interfaces; ``networks``: that these are in; ``nat64``: prefixes that are
    translated to IPv4 here; ``own``: where what is ours listens."""

    addresses: frozenset[Address] = frozenset()
    networks: frozenset[Network] = frozenset()
    nat64: tuple[IPv6Network, ...] = ()
    own: frozenset[tuple[Address, int]] = frozenset()


NOWHERE = Surroundings()


def look(own: Collection[Endpoint], before: Surroundings = NOWHERE, limit: float = TIME_LIMIT) -> Surroundings:
    """Blocks for at most ``limit`` seconds. What cannot be found out now stays as it was ``before``.

    Raises OSError when not even the interfaces are known from before: nothing can be judged then.
    """
    here = _here(before)
    answers = _look_up({_IPV4_ONLY, *(endpoint.host for endpoint in own)}, limit)
    return replace(
        here,
        nat64=_nat64(answers[_IPV4_ONLY]) if _IPV4_ONLY in answers else before.nat64,
        own=_own(own, answers, before),
    )


def interfaces() -> frozenset[Interface]:
    """The addresses of this machine's interfaces, each with its network; raises OSError."""
    return frozenset(
        ip_interface(f"{ip.ip if isinstance(ip.ip, str) else ip.ip[0]}/{ip.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    )


def _here(before: Surroundings) -> Surroundings:
    try:
        found = interfaces()
    except OSError:
        if not before.addresses:
            raise
        return before
    return Surroundings(
        addresses=frozenset(plain(interface.ip) for interface in found),
        # A length of 0 says that everything is near, which is no network.
        networks=frozenset(interface.network for interface in found if interface.network.prefixlen),
    )


def _nat64(answers: Collection[Address]) -> tuple[IPv6Network, ...]:
    return learned([answer for answer in answers if isinstance(answer, IPv6Address)])


def _own(
    own: Collection[Endpoint], answers: dict[str, frozenset[Address]], before: Surroundings
) -> frozenset[tuple[Address, int]]:
    found = {(address, endpoint.port) for endpoint in own for address in answers.get(endpoint.host, ())}
    if any(endpoint.host not in answers for endpoint in own):
        found |= before.own
    return frozenset(found)


def _look_up(hosts: Collection[str], limit: float) -> dict[str, frozenset[Address]]:
    """All at once, each by a thread that nobody waits for longer; without those that gave no answer."""
    results: queue.SimpleQueue[tuple[str, frozenset[Address] | None]] = queue.SimpleQueue()
    for host in hosts:
        threading.Thread(target=lambda host=host: results.put((host, _addresses(host))), daemon=True).start()
    found: dict[str, frozenset[Address]] = {}
    deadline = time.monotonic() + limit
    with contextlib.suppress(queue.Empty):
        for _ in hosts:
            host, addresses = results.get(timeout=max(0.0, deadline - time.monotonic()))
            if addresses is not None:
                found[host] = addresses
    return found


def _addresses(host: str) -> frozenset[Address] | None:
    """None when no server answered; empty when the answer is that there is none."""
    try:
        infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return frozenset() if error.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else None
    except (OSError, UnicodeError):
        return None
    return frozenset(plain(ip_address(info[4][0])) for info in infos)
