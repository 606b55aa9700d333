"""The immediate answer to a link, before anything is looked up: a courtesy to whoever gives it.

What a name leads to, and what a server redirects to, is judged where the connection is made.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from ..endpoint import Address
from ..errors import LinkInvalid
from ..link import host_and_port, normalise
from .address import literal
from .policy import Policy, check_host, judge
from .surroundings import NOWHERE

_LOCALHOST = "localhost"


def admitted(text: str, policy: Policy) -> str:
    """The link in the one form that is stored.

    Raises what ``link.normalise`` raises, or an EgressRefused where it is clear already that it leads nowhere.
    """
    url = normalise(text, policy.schemes)
    host, port = host_and_port(url)
    check_host(policy, host, port)
    address = _address(host)
    if address is not None:
        judge(policy, NOWHERE, host, address, port)
    return url


def _address(host: str) -> Address | None:
    if host.removesuffix(".").rpartition(".")[2] == _LOCALHOST:
        # RFC 6761: no name server is asked for it.
        return IPv4Address("127.0.0.1")
    try:
        return literal(host)
    except ValueError:
        raise LinkInvalid() from None
