"""Holds the two network namespaces of network.py open, and does in them what needs their rights.

    unshare --net [--user …] python -I -S namespace_holder.py OUTSIDE INSIDE FOLDER

OUTSIDE and INSIDE are numbers of inherited sockets, one a namespace. Each message is a request, answered by one
message: ``{}`` or ``{"error": …}``, for a socket with its descriptor. The files of FOLDER lie over those of the same
name in /etc, for the inside alone. Whoever has the other ends of both sockets keeps all of this alive: when they are
closed, the two processes end, and the namespaces with them.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CLONE_NEWNS, _CLONE_NEWNET = 0x00020000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_IPV6_FREEBIND, _IP_FREEBIND = 78, 15
_BACKLOG = 512

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    outside, inside = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    if os.fork() == 0:
        outside.close()
        _serve(inside, lambda: _go_inside(Path(sys.argv[3])))
    else:
        inside.close()
        _serve(outside, lambda: None)


def _go_inside(folder: Path) -> None:
    _call("unshare", _CLONE_NEWNET | _CLONE_NEWNS)
    _mount("none", "/", _MS_REC | _MS_PRIVATE)
    for file in sorted(folder.iterdir()):
        _mount(str(file), f"/etc/{file.name}", _MS_BIND)
    # A name service cache would answer from outside of all this.
    if os.path.isdir("/run/nscd"):
        _mount(str(folder), "/run/nscd", _MS_BIND)


def _mount(source: str, target: str, flags: int) -> None:
    _call("mount", source.encode(), target.encode(), None, flags, None)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{arguments}: {os.strerror(number)}")


def _serve(channel: socket.socket, prepare: Callable[[], None]) -> None:
    """First says who it is, then does what it is asked for until nobody can ask any more."""
    try:
        prepare()
    except OSError as error:
        channel.send(json.dumps({"error": str(error)}).encode())
        return
    channel.send(json.dumps({"pid": os.getpid()}).encode())
    while request := channel.recv(1 << 20):
        _answer(channel, json.loads(request))


def _answer(channel: socket.socket, request: dict[str, Any]) -> None:
    try:
        if "command" in request:
            _run(**request)
            channel.send(b"{}")
        else:
            with _socket(**request) as made:
                socket.send_fds(channel, [b"{}"], [made.fileno()])
    except (OSError, subprocess.SubprocessError) as error:
        channel.send(json.dumps({"error": str(error)}).encode())


def _run(command: list[str], text: str) -> None:
    done = subprocess.run(command, check=False, input=text, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def _socket(family: int, kind: int, protocol: int, address: list[Any] | None, listens: bool) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    if address is not None:
        # A server of one address may stand beside one of all addresses, and the address need not be there.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            made.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
        else:
            made.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        made.bind(tuple(address))
    if listens:
        made.listen(_BACKLOG)
    return made


if __name__ == "__main__":
    main()
