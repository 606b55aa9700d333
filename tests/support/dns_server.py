"""A scripted DNS server: what a name leads to is up to the test, for each time that it is asked for.

    server.names["files.example"] = Name("93.184.215.14", "2606:2800:21f:cb07::14")
    server.names["rebinds.example"] = Name(turns=[["93.184.215.14"], ["127.0.0.1"]])
    server.names["slow.example"] = Name("93.184.215.14", held=Gate())

Any other name does not exist. Speaks UDP and, for what is too long for that, TCP; in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from .http_files import Gate

_LONGEST, _LONGEST_DATAGRAM = 65535, 512
_LONGEST_CHAIN = 10
_VERSIONS = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}


class Name:
    """The addresses of a name, of both families, or what it is an alias of.

    ``turns``: other addresses each time that it is asked for (each family counts by itself), the last ones from then
    on. Answers come when ``held`` is set; a gate that never opens is a server that never answers.
    """

    def __init__(
        self,
        *addresses: str,
        turns: Sequence[Sequence[str]] = (),
        alias: str = "",
        held: Gate | None = None,
        ttl: int = 0,
    ) -> None:
        self.turns = turns or (addresses,)
        self.alias, self.held, self.ttl = alias, held, ttl
        self.asked = dict.fromkeys(_VERSIONS, 0)

    def next(self, kind: dns.rdatatype.RdataType) -> list[str]:
        """The addresses of this kind for the next one who asks."""
        turn = self.turns[min(self.asked[kind], len(self.turns) - 1)]
        self.asked[kind] += 1
        return [text for text in turn if ipaddress.ip_address(text).version == _VERSIONS[kind]]


class DnsServer:
    """Answers on a UDP socket and on a TCP socket that listens, both its own from now on, from ``with`` on."""

    def __init__(self, datagrams: socket.socket, listening: socket.socket) -> None:
        self.names: dict[str, Name] = {}
        self._sockets = datagrams, listening
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="dns-server", daemon=True)

    def asked(self, name: str) -> int:
        """How often one asked for the IPv4 addresses of ``name``."""
        return self.names[name].asked[dns.rdatatype.A]

    def __enter__(self) -> DnsServer:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(30)

    # --- in the thread

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        datagrams, listening = self._sockets
        udp, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self._answer), sock=datagrams)
        tcp = await asyncio.start_server(self._converse, sock=listening)
        self._ready.set()
        await self._stopping.wait()
        udp.close()
        tcp.close()
        await asyncio.sleep(0)  # what was closed is closed in the next round

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def send(response: dns.message.Message) -> None:
            writer.write(response.to_wire(max_size=_LONGEST, prepend_length=True))

        # It leaves in the middle when it has waited long enough.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                self._answer(await reader.readexactly(size), send)
        writer.close()

    def _answer(self, wire: bytes, send: Callable[[dns.message.Message], None]) -> None:
        query = dns.message.from_wire(wire)
        names = list(self._chain(query.question[0].name.to_text(omit_final_dot=True).lower()))
        held = next((name.held for _, name in names if name.held is not None and not name.held.is_set()), None)

        def answer() -> None:
            send(_response(query, names))

        if held is None:
            answer()
        else:
            held.subscribe(lambda: self._later(answer))

    def _later(self, answer: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended by now
            self._loop.call_soon_threadsafe(answer)

    def _chain(self, text: str) -> Iterator[tuple[str, Name]]:
        """The name and what it is an alias of, as far as they exist."""
        for _ in range(_LONGEST_CHAIN):
            if (name := self.names.get(text)) is None:
                return
            yield text, name
            text = name.alias


def _response(query: dns.message.Message, names: Sequence[tuple[str, Name]]) -> dns.message.Message:
    response = dns.message.make_response(query, recursion_available=True)
    kind = query.question[0].rdtype
    if not names or names[-1][1].alias:
        response.set_rcode(dns.rcode.NXDOMAIN)
    for text, name in names:
        if name.alias:
            response.answer.append(dns.rrset.from_text(f"{text}.", name.ttl, "IN", "CNAME", f"{name.alias}."))
        elif kind in _VERSIONS and (addresses := name.next(kind)):
            response.answer.append(dns.rrset.from_text(f"{text}.", name.ttl, "IN", kind.name, *addresses))
    return response


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Callable[[bytes, Callable[[dns.message.Message], None]], None]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        def send(response: dns.message.Message) -> None:
            wire = response.to_wire(max_size=_LONGEST)
            if len(wire) > _LONGEST_DATAGRAM:
                # The client asks again, by TCP.
                response.answer.clear()
                response.flags |= dns.flags.TC
                wire = response.to_wire(max_size=_LONGEST)
            if not self._transport.is_closing():
                self._transport.sendto(wire, peer)

        self._answer(data, send)
