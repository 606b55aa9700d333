"""Ports that nobody gets by chance: other tests run at the same time, and each connection takes a port as well."""

from __future__ import annotations

import itertools
import random
import socket
from pathlib import Path

#: Those below belong to well-known services, some of which may run here.
_LOWEST, _HIGHEST = 10_000, 65_535

_TRIES = 1000

#: How many servers a test may have before one gets the port of another.
_SERVERS = 32


def free_port() -> int:
    """A port of 127.0.0.1 that is free and likely to stay so until it is listened on, and between two such times.

    What the kernel chooses (for port 0, and for the near end of each connection) is of its own range; this is not.
    """
    for _ in range(_TRIES):
        # By chance: several processes that look at once shall not find the same.
        port = random.choice(_OUTSIDE) if _OUTSIDE else 0
        if found := _if_free(port):
            return found
    raise AssertionError(f"no port of {len(_OUTSIDE)} is free")


def server_port() -> int:
    """A port that is free, as by ``free_port``, and that the guards of this process's tests let downloads reach."""
    for port in itertools.islice(_turns, _SERVERS):
        if found := _if_free(port):
            return found
    raise AssertionError(f"no port of {SERVER_PORTS} is free")


def _if_free(port: int) -> int:
    """The port, whichever it is when 0 was asked for; 0 when somebody has it."""
    with socket.socket() as probe:
        # As servers do: the connections of one that has ended do not count, those who listen do.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def _outside() -> list[int]:
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    kernels_own = range(int(first), int(last) + 1)
    return [port for port in range(_LOWEST, _HIGHEST + 1) if port not in kernels_own]


_OUTSIDE = _outside()

#: Where the servers of this process's tests listen, chosen before the first settings are made: by then it is not known
#: which servers there will be.
SERVER_PORTS = tuple(random.sample(_OUTSIDE or range(_LOWEST, _HIGHEST), _SERVERS))

#: What the setting ``allow-addresses`` must say for them.
ALLOWED = tuple(f"{host}:{port}" for port in SERVER_PORTS for host in ("127.0.0.1", "[::1]", "localhost"))

_turns = itertools.cycle(SERVER_PORTS)
