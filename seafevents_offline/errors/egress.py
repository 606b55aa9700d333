"""Where a link may not lead: decided by the egress policy and the guard, final."""

from __future__ import annotations

from .base import LinkError


class EgressRefused(LinkError):
    """The link, or a server that it was redirected to, must not be connected to. The values are texts and numbers."""


class AddressPrivate(EgressRefused):
    reason = "address_private"
    sentence = "The address {address} of {host} is in a private network."


class LiteralPrivate(EgressRefused):
    """As AddressPrivate, of a link that names the address itself; so with the others."""

    reason = "literal_private"
    sentence = "The address {address} is in a private network."


class AddressNearby(EgressRefused):
    """A public one, but in a network that an interface of this server is in: what stands between others and it does not
    stand between us and it."""

    reason = "address_nearby"
    sentence = "The address {address} of {host} is in this server's own network."


class LiteralNearby(EgressRefused):
    reason = "literal_nearby"
    sentence = "The address {address} is in this server's own network."


class AddressOwn(EgressRefused):
    reason = "address_own"
    sentence = "The address {address} of {host} is this server itself."


class LiteralOwn(EgressRefused):
    reason = "literal_own"
    sentence = "The address {address} is this server itself."


class AddressNotPublic(EgressRefused):
    reason = "address_not_public"
    sentence = "The address {address} of {host} is not a public one."


class LiteralNotPublic(EgressRefused):
    reason = "literal_not_public"
    sentence = "The address {address} is not a public one."


class HostDenied(EgressRefused):
    reason = "host_denied"
    sentence = "The administrator does not allow downloads from {host}."


class OwnService(EgressRefused):
    reason = "own_service"
    sentence = "Nothing can be downloaded from {host}: it belongs to this Seafile service."


class PortRefused(EgressRefused):
    reason = "port_refused"
    sentence = "Nothing can be downloaded from port {port} of {host}; allowed are the ports {ports}."


class LinkLeadsElsewhere(EgressRefused):
    """A password, a header or a cookie is for the server that the link names alone. ``place``: host:port."""

    reason = "link_leads_elsewhere"
    sentence = (
        "The link leads on to another server ({place}), which must not get the password or the headers. "
        "Please give the link that it leads to."
    )


class TooManyConnections(EgressRefused):
    """The guard's caps: no link needs so many, so something is wrong with it."""

    reason = "too_many_connections"
    sentence = "The download opened more connections than are allowed."


class ProxyRefused(EgressRefused):
    """The administrator's own proxy, behind ours, says no."""

    reason = "proxy_refused"
    sentence = "The proxy that downloads go through does not allow {host} ({status})."
