"""Ports that nobody gets by chance: other tests run at the same time, and each connection takes a port as well."""

from __future__ import annotations

import random
import socket
from pathlib import Path

#: Those below belong to well-known services, some of which may run here.
_LOWEST, _HIGHEST = 10_000, 65_535

_TRIES = 1000


def free_port() -> int:
    """A port of 127.0.0.1 that is free and likely to stay so until it is listened on, and between two such times.

    What the kernel chooses (for port 0, and for the near end of each connection) is of its own range; this is not.
    """
    kernels_own = _kernels_own()
    outside = [port for port in range(_LOWEST, _HIGHEST + 1) if port not in kernels_own]
    for _ in range(_TRIES):
        # By chance: several processes that look at once shall not find the same.
        port = random.choice(outside) if outside else 0
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError(f"no port of {len(outside)} is free")


def _kernels_own() -> range:
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()
    return range(int(first), int(last) + 1)
