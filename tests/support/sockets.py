"""What processes of another network namespace are connected to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path


def remote_hosts(pid: int) -> set[str]:
    """The addresses that TCP sockets of this process are connected to, or on their way to; empty when it has gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        links = _files(pid)
        return {host for inode, host in _remotes(pid) if f"socket:[{inode}]" in links}
    return set()


def _files(pid: int) -> set[str]:
    """What its open files are."""
    found = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    return found


def _remotes(pid: int) -> Iterator[tuple[str, str]]:
    """Of the whole namespace: number of the socket, and where it leads."""
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            columns = line.split()
            address, _, port = columns[2].partition(":")
            if int(port, 16):  # those that listen have none
                yield columns[9], _host(address)


def _host(text: str) -> str:
    """The kernel writes an address as numbers of 32 bits in its own order."""
    packed = b"".join(int(text[i : i + 8], 16).to_bytes(4, "little") for i in range(0, len(text), 8))
    address = ip_address(packed)
    return str(getattr(address, "ipv4_mapped", None) or address)
