"""A world of their own for tests of what may be connected to: two network namespaces and a cable between them.

``inside`` is a server's machine: the service, its guard and its aria2c run there, and its ``/etc/resolv.conf`` names
the tests' own DNS server. ``outside`` is everything else: it has every address that there is, public or private, so
that whatever is connected to answers if only the test listens. Nothing leaves the two.

    with World.made(tmp_path) as world:
        world.dns.names["files.example"] = Name("93.184.215.14")
        web = world.serve("::", 80)            # any address of outside
        subprocess.run(world.command("curl", "http://files.example/"))
        world.tap.attempts()                   # every connection that inside tried

Root may do this, and ordinary users where the kernel lets them have namespaces (most do; Debian and Ubuntu by
``sysctl kernel.unprivileged_userns_clone=1`` or ``kernel.apparmor_restrict_unprivileged_userns=0``, containers with
``--privileged``). Where it cannot be done, the tests that need it fail and say so.

Sockets belong to the namespace in which they were made, whoever uses them. So the servers run in the test's own
process, where a test can see and change all they do; the holder hands their sockets out.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from . import namespace_holder
from .connect_proxy import ConnectProxy
from .dns_server import DnsServer
from .ftp_server import FtpServer
from .http_server import HttpServer
from .tap import ETH_P_ALL, Tap

#: The machine's own addresses: those of its cable, and public ones as a rented server has them.
INSIDE = ("10.77.0.2", "fd77::2")
OWN_PUBLIC = ("93.184.217.2", "2606:2800:217::2")
OUTSIDE = ("10.77.0.1", "fd77::1")
DNS = OUTSIDE[0]

#: Public addresses at which tests serve; no more than any others, but they look well.
PUBLIC, PUBLIC6 = "93.184.215.14", "2606:2800:21f:cb07::14"

#: A connection to these ends where it began, without their being any interface's own.
HAIRPIN, HAIRPIN6 = "93.184.218.7", "2606:2800:218::7"

#: Nobody answers here, not even to say no; here there is no way to.
SILENT, SILENT6 = "93.184.219.1", "2606:2800:219::1"
UNREACHABLE, UNREACHABLE6 = "93.184.220.1", "2606:2800:220::1"

#: The second NAT64 prefix beside 64:ff9b::/96: that of the network, which ``ipv4only.arpa`` tells.
NAT64_PREFIX = "2606:2800:64::/96"

_SYSTEM_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

# Addresses count at once (nodad); those that the kernel would make up itself would not. The ends of the cable have
# different numbers: only then does the kernel take it at once for what it is, and looks at it once a second otherwise.
_OUTSIDE_SETUP = f"""
link set lo up
link add eth0 index 8 type veth peer name eth0 index 9 netns {{inside}}
address add {OUTSIDE[0]}/24 dev eth0
address add {OUTSIDE[1]}/64 dev eth0 nodad
link set eth0 addrgenmode none
address add fe80::1/64 dev eth0 nodad
link set eth0 up
route add {OWN_PUBLIC[0]} via {INSIDE[0]}
route add {OWN_PUBLIC[1]} via {INSIDE[1]}
route add local 0.0.0.0/0 dev lo table main
route add local ::/0 dev lo table main
route add blackhole {SILENT}
route add blackhole {SILENT6}
"""

_INSIDE_SETUP = f"""
link set lo up
address add {INSIDE[0]}/24 dev eth0
address add {INSIDE[1]}/64 dev eth0 nodad
address add {OWN_PUBLIC[0]}/32 dev eth0
address add {OWN_PUBLIC[1]}/128 dev eth0 nodad
link set eth0 addrgenmode none
address add fe80::2/64 dev eth0 nodad
link set eth0 up
route add default via {OUTSIDE[0]}
route add default via {OUTSIDE[1]}
route add local {HAIRPIN} dev lo
route add local {HAIRPIN6} dev lo
route add unreachable {UNREACHABLE}
route add unreachable {UNREACHABLE6}
"""

_ETC = {
    "resolv.conf": f"nameserver {DNS}\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


class Namespace:
    """One of the two, by the socket on which its holder takes requests."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self.pid = int(self._answer()[0].get("pid", 0))

    def ip(self, batch: str) -> None:
        """Run these commands of ip(8), one a line."""
        self._ask(command=[_program("ip", "iproute2"), "-batch", "-"], text=batch)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        return self._socket(family, kind, protocol, None, False)

    def packets(self) -> socket.socket:
        """A socket that gets every packet, beginning with its IP header."""
        return self.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))

    def listen(self, host: str, port: int) -> socket.socket:
        """A TCP socket that listens; ``::`` is all addresses, those of IPv4 too. Any port may be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return self._socket(family, socket.SOCK_STREAM, 0, (host, port), True)

    def datagrams(self, host: str, port: int) -> socket.socket:
        """A bound UDP socket."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return self._socket(family, socket.SOCK_DGRAM, 0, (host, port), False)

    def _socket(
        self, family: int, kind: int, protocol: int, address: tuple[str, int] | None, listens: bool
    ) -> socket.socket:
        request = {"family": family, "kind": kind, "protocol": protocol, "address": address, "listens": listens}
        _, numbers = self._ask(**request)
        return socket.socket(fileno=numbers[0])

    def _ask(self, **request: Any) -> tuple[dict[str, Any], list[int]]:
        self._channel.send(json.dumps(request).encode())
        return self._answer()

    def _answer(self) -> tuple[dict[str, Any], list[int]]:
        message, numbers, _, _ = socket.recv_fds(self._channel, 1 << 16, 1)
        if not message:
            raise RuntimeError(f"This machine gives the tests no network namespaces; see {__name__} for what it takes.")
        answer = json.loads(message)
        if "error" in answer:
            raise RuntimeError(f"in a network namespace: {answer['error']}")
        return answer, numbers


class World:
    """Both namespaces, the DNS server, the tap, and the servers that a test starts."""

    def __init__(self, outside: Namespace, inside: Namespace, stack: contextlib.ExitStack) -> None:
        self.outside, self.inside = outside, inside
        self._stack = stack
        outside.ip(_OUTSIDE_SETUP.format(inside=inside.pid))
        inside.ip(_INSIDE_SETUP)
        self.tap = stack.enter_context(contextlib.closing(Tap(inside.packets())))
        self.dns = stack.enter_context(DnsServer(outside.datagrams(DNS, 53), outside.listen(DNS, 53)))

    @classmethod
    @contextlib.contextmanager
    def made(cls, place: Path) -> Iterator[World]:
        """A world, until the end of the block. ``place`` is an existing folder."""
        with contextlib.ExitStack() as stack:
            yield cls(*_hold(_etc(place / "etc"), stack), stack)

    def serve(
        self, host: str, port: int = 80, *, inside: bool = False, certificate: tuple[Path, Path] | None = None
    ) -> HttpServer:
        """A started web server in outside, or inside, until the world ends. ``::`` is every address."""
        namespace = self.inside if inside else self.outside
        server = HttpServer(host, port, *(certificate or ()), listening=namespace.listen(host, port))
        return self._stack.enter_context(server)

    def serve_ftp(self, host: str, port: int = 21) -> FtpServer:
        """A started FTP server in outside; the data is at the same address."""
        server = FtpServer(self.outside.listen(host, port), lambda: self.outside.listen(host, 0))
        return self._stack.enter_context(server)

    def serve_proxy(self, host: str, port: int, user: str = "", password: str = "") -> ConnectProxy:
        """A started HTTP proxy in outside, through which every address of outside can be reached."""

        def dial(target: str, target_port: int) -> socket.socket:
            made = self.outside.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_STREAM)
            try:
                made.connect((target, target_port))
            except OSError:
                made.close()
                raise
            return made

        return self._stack.enter_context(ConnectProxy(self.outside.listen(host, port), dial, user, password))

    def command(self, *command: str) -> list[str]:
        """The command that runs ``command`` inside, in the current folder; it ends with its caller."""
        joins = ["nsenter", f"--target={self.inside.pid}", "--net", "--mount"]
        if os.geteuid() != 0:
            joins += ["--user", "--preserve-credentials"]
        # Joining the mounts leads to the root folder.
        return [*joins, "--", "env", f"--chdir={os.getcwd()}", "setpriv", "--pdeathsig=KILL", *command]


def _etc(folder: Path) -> Path:
    folder.mkdir()
    for name, text in _ETC.items():
        # There is nothing to cover where a file is missing, and what the C library then does is the same.
        if Path("/etc", name).exists() or name == "resolv.conf":
            (folder / name).write_text(text, encoding="ascii")
    return folder


def _hold(etc: Path, stack: contextlib.ExitStack) -> tuple[Namespace, Namespace]:
    """Start the holder. It and the namespaces are gone at the end of ``stack``, or with this process."""
    pairs = [socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in ("outside", "inside")]
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    numbers = [end.fileno() for end in theirs]
    command = [_program("unshare", "util-linux"), "--net", *namespace_rights(), sys.executable, "-I", "-S"]
    command += [namespace_holder.__file__, *map(str, numbers), str(etc)]
    process = subprocess.Popen(command, pass_fds=numbers)
    stack.callback(process.wait, 30)
    for end in ours:
        stack.enter_context(end)
        end.settimeout(30)
    for end in theirs:
        end.close()
    return Namespace(ours[0]), Namespace(ours[1])


def namespace_rights() -> Sequence[str]:
    """An ordinary user has them in a user namespace alone."""
    return () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=_SYSTEM_PATH)
    assert found, f"these tests need the program {name}: apt install {package}"
    return found
