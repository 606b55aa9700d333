"""What daemon and guard process tell each other: one JSON object a line, each with its ``type``.

    daemon ──> guard (its stdin)      Configuration, first and once; Ping; Close
    guard ──> daemon (its stdout)     Ready, once; Pong; Refused, Failed, Received, Ended; Warned

A Refused or Failed is in the pipe before the engine gets its answer: who then sees the download fail finds the reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Union

from ..confine import Account, Confinement

#: More than 512 workers with 8 connections each need.
FILES = 32768

#: Files of a guard: each tunnel has both ends and a pipe for each direction; lookups, addresses that are tried in
#: parallel and the loop have the others.
FILES_PER_TUNNEL = 6
OTHER_FILES = 256


@dataclass(frozen=True)
class Limits:
    """Seconds and numbers; tests choose smaller ones. What passes until a tunnel stands fits into the engine's own
    time for a connection (30 s): reading the request takes no time, then ``lookup`` and ``connect``, and twice
    ``witnesses``, to find out whose fault it is that there is none. ``first_byte`` is not above ``idle``.
    ``silence``: of everybody together, after which it is asked whether the network is there; well below the engine's
    own patience (60 s)."""

    request: float = 10.0
    lookup: float = 10.0
    connect: float = 15.0
    first_byte: float = 90.0
    idle: float = 120.0
    silence: float = 15.0
    witnesses: float = 2.0
    strangers: int = 256
    lookups_per_task: int = 4


@dataclass(frozen=True)
class Configuration:
    """``policy``: as ``Policy.to_json`` gives it. ``key``: of the grants, in hex. ``fd``: the listening socket.

    ``upstream``: the URL of a company's proxy, with credentials, or empty.
    """

    policy: dict[str, Any] = field(repr=False)
    key: str = field(repr=False)
    fd: int
    upstream: str = field(default="", repr=False)
    limits: Limits = Limits()
    confinement: Confinement = field(default_factory=lambda: Confinement(None, files=FILES))


@dataclass(frozen=True)
class Ping:
    """Are you alive?"""

    n: int


@dataclass(frozen=True)
class Close:
    """Cut all tunnels of these credentials at once and forget what they have used."""

    odr_id: int
    claim: int
    serial: int = 0


@dataclass(frozen=True)
class Ready:
    """The guard answers connections from now on."""


@dataclass(frozen=True)
class Pong:
    n: int


@dataclass(frozen=True)
class _NotConnected:
    """``reason`` and ``args`` make the sentence: ``errors.from_reason``."""

    odr_id: int
    claim: int
    host: str
    port: int
    reason: str
    args: dict[str, Any]


class Refused(_NotConnected):
    """The guard does not allow it."""


class Failed(_NotConnected):
    """It is allowed, but the other side cannot be found or reached."""


@dataclass(frozen=True)
class Received:
    """How many bytes have come from servers for this claim so far, over all its tunnels together; said again after
    each further 16 MiB, so never of a small file."""

    odr_id: int
    claim: int
    serial: int
    received: int


@dataclass(frozen=True)
class Ended:
    """One tunnel has ended; the line of the audit. ``received`` and ``sent`` are bytes as the engine sees them.

    ``address`` is what was really connected to; of a company's proxy when there is one. ``why``: one of relay.py's.
    """

    odr_id: int
    claim: int
    owner: str
    host: str
    port: int
    address: str
    received: int
    sent: int
    seconds: float
    why: str


@dataclass(frozen=True)
class Warned:
    """Something that administrators should know, in English."""

    text: str


Command = Union[Configuration, Ping, Close]
Event = Union[Ready, Pong, Refused, Failed, Received, Ended, Warned]
Message = Union[Command, Event]

_TYPES: dict[str, type[Message]] = {
    kind.__name__.lower(): kind
    for kind in (Configuration, Ping, Close, Ready, Pong, Refused, Failed, Received, Ended, Warned)
}  # fmt: skip


def to_line(message: Message) -> bytes:
    """One line of ASCII with its line break; a break inside a text is escaped and cannot forge another line."""
    fields = {"type": type(message).__name__.lower(), **vars(message)}
    return json.dumps(fields, default=vars, separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes) -> Message:
    """The message of one line; ValueError when it is none."""
    try:
        fields = json.loads(line)
        kind = _TYPES[fields.pop("type")]
        if kind is Configuration:
            fields["limits"] = Limits(**fields["limits"])
            fields["confinement"] = _confinement(**fields["confinement"])
        return kind(**fields)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a message: {error!r}") from error


def _confinement(account: dict[str, Any] | None, **others: Any) -> Confinement:
    return Confinement(Account(**account) if account else None, **others)
