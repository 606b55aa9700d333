"""Where a download that carries a secret may go: to the server that its link names, and nowhere else.

The engine says the same to everybody whom a server redirects it to, so the way out must know.
"""

from __future__ import annotations

from dataclasses import dataclass

from .endpoint import Endpoint, canonical
from .errors import LinkLeadsElsewhere
from .link import host_and_port

_HTTP, _HTTPS = 80, 443


@dataclass(frozen=True)
class Pin:
    """``host``: in one form; ``port``: of the link, its scheme's own where it names none. ``is_encrypted``: what is
    sent there is, and stays so."""

    host: str
    port: int
    is_encrypted: bool

    @classmethod
    def of(cls, url: str) -> Pin:
        """The server of a link that ``link.normalise`` made."""
        host, port = host_and_port(url)
        return cls(canonical(host), port, url.startswith("https:"))

    @property
    def server(self) -> tuple[str, int]:
        """The same for all links of one server: http and https of a name, on the usual ports, are one."""
        return self.host, _HTTPS if self.port == _HTTP else self.port

    def check(self, host: str, port: int) -> None:
        """Raises LinkLeadsElsewhere. From http to https of the same name, on the usual ports, is no other server."""
        ports = (_HTTP, _HTTPS) if self.port == _HTTP else (self.port,)
        if canonical(host) != self.host or port not in ports:
            raise LinkLeadsElsewhere(place=str(Endpoint(host, port)))
