"""One client of the scripted server: its requests, the answers to them, and the record of both."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from .http_files import File, Framing, Gate, Raw, Served

_CHUNK = 256 * 1024
_SLICES = 10  # of a limited file are sent in a second


@dataclass
class Request:
    """One request as it stands: ``sent`` counts bytes of body, ``done`` says that the whole answer was sent.

    ``open``: its connection is. ``at`` and ``ended_at`` are ``time.monotonic()``. Header names are in lower case;
    ``lines`` has the headers as they came, one character a byte.
    """

    number: int
    method: str
    target: str
    headers: Mapping[str, str]
    peer: tuple[str, int]
    connection: int
    at: float
    body: bytes = b""
    status: int = 0
    sent: int = 0
    done: bool = False
    open: bool = True
    ended_at: float | None = None
    lines: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def range(self) -> str | None:
        """The Range header, e.g. ``bytes=0-99``."""
        return self.headers.get("range")


class Book:
    """What happened, under the server's condition."""

    def __init__(self, changed: threading.Condition) -> None:
        self.changed = changed
        self.requests: list[Request] = []
        self.active = self.peak = self.accepted = 0

    def connected(self) -> int:
        with self.changed:
            self.accepted += 1
            self.changed.notify_all()
            return self.accepted

    def begun(self, request: Request) -> None:
        with self.changed:
            request.number = len(self.requests)
            self.requests.append(request)
            self.active += 1
            self.peak = max(self.peak, self.active)
            self.changed.notify_all()

    def ended(self, request: Request, done: bool) -> None:
        with self.changed:
            request.done = done
            request.ended_at = time.monotonic()
            self.active -= 1
            self.changed.notify_all()

    def sent(self, request: Request, size: int) -> None:
        with self.changed:
            request.sent += size
            self.changed.notify_all()

    def closed(self, requests: Iterable[Request]) -> None:
        with self.changed:
            for request in requests:
                request.open = False
            self.changed.notify_all()


class Gone(Exception):
    """The client has left, or shall be left."""


@dataclass(eq=False)
class Connection(asyncio.Protocol):
    """One client: requests one after the other, each answered from what the server serves."""

    find: Callable[[str], Served]
    book: Book
    all: set[Connection]
    requests: list[Request] = field(default_factory=list)
    closing: bool = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        loop = asyncio.get_running_loop()
        self.transport = transport
        transport.set_write_buffer_limits(high=_CHUNK)
        self._buffer = bytearray()
        self._arrived, self._writable = asyncio.Event(), asyncio.Event()
        self._writable.set()
        self._gone: asyncio.Future[None] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        self.number = self.book.connected()
        self.peer = transport.get_extra_info("peername")[:2]
        self.all.add(self)
        self.task = loop.create_task(self._converse())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()

    def eof_received(self) -> None:
        self._left()

    def connection_lost(self, exc: Exception | None) -> None:
        self._left()
        self.book.closed(self.requests)
        # Not when it has been answered: a client that is slow to read keeps it open until here.
        self.all.discard(self)
        self._lost.set_result(None)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _left(self) -> None:
        if not self._gone.done():
            self._gone.set_result(None)
        self._arrived.set()
        self._writable.set()

    async def end(self) -> None:
        """Cut it, whatever it is doing."""
        self.transport.abort()
        self._left()
        await asyncio.wait({self.task, self._lost})

    # --- one request after the other

    async def _converse(self) -> None:
        try:
            while request := await self._read_request():
                await self._answer(request)
                if self.closing or request.headers.get("connection", "").lower() == "close":
                    break
        except Gone:
            pass
        finally:
            self.transport.close()

    async def _answer(self, request: Request) -> None:
        self.requests.append(request)
        self.book.begun(request)
        done = False
        try:
            await Response(self, request).send(self.find(request.target))
            done = True
        finally:
            self.book.ended(request, done)

    async def _read_request(self) -> Request | None:
        while b"\r\n\r\n" not in self._buffer:
            if not await self._more():
                return None
        head, _, _ = bytes(self._buffer).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        if first.count(" ") != 2:
            await self.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return None
        method, target, version = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        size = int(headers.get("content-length", "0"))
        while len(self._buffer) < len(head) + 4 + size:
            if not await self._more():
                return None
        body = bytes(self._buffer[len(head) + 4 : len(head) + 4 + size])
        del self._buffer[: len(head) + 4 + size]
        return Request(-1, method, target, headers, self.peer, self.number, time.monotonic(), body, lines=tuple(lines))

    async def _more(self) -> bool:
        self._arrived.clear()
        if not self._gone.done():
            await self._arrived.wait()
        return not self._gone.done()

    # --- what a response needs

    async def write(self, data: bytes) -> None:
        if self._gone.done():
            raise Gone
        self.transport.write(data)
        await self._writable.wait()

    async def pause(self, seconds: float) -> None:
        """Raises Gone as soon as the client leaves."""
        if seconds > 0:
            await asyncio.wait({self._gone}, timeout=seconds)
        else:
            await asyncio.sleep(0)  # a write that never blocks would starve the other connections
        if self._gone.done():
            raise Gone

    def cut(self, reset: bool) -> None:
        """End the connection in the middle of a body; with ``reset`` the client may lose what is on its way."""
        if reset:
            self.reset()
        raise Gone

    def reset(self) -> None:
        """End the connection by RST."""
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    async def wait(self, gate: Gate) -> None:
        """Until ``gate`` is open; raises Gone as soon as the client leaves."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()

        def open_it() -> None:
            if not opened.done():
                opened.set_result(None)

        def tell() -> None:
            loop.call_soon_threadsafe(open_it)

        gate.subscribe(tell)
        try:
            await asyncio.wait({opened, self._gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gate.unsubscribe(tell)
        await self.pause(0)


@dataclass
class Response:
    """The answer to one request."""

    connection: Connection
    request: Request

    async def send(self, served: Served) -> None:
        if isinstance(served, Raw):
            await self._send_raw(served)
            return
        if isinstance(served, File):
            await self._prepare(served)
            if not self._is_let_in(served):
                await self._head(401, {"Content-Length": "0", "WWW-Authenticate": 'Basic realm="files"'})
                return
            bounds = self._bounds()
            if served.lie is not None and bounds is not None:
                await self._send_raw(served.lie(int(bounds[0]), int(bounds[1] or (served.size or 0) - 1)))
                return
            if not served.answers:
                await self._send_file(served)
                return
            served = served.answers.pop(0)
        await self._head(served.status, {"Content-Length": str(len(served.body)), **served.headers})
        if self.request.method != "HEAD":
            await self._body(served.body)

    def _is_let_in(self, file: File) -> bool:
        login = b64encode(file.login.encode()).decode("ascii")
        return not file.login or self.request.headers.get("authorization") == f"Basic {login}"

    async def _send_raw(self, raw: Raw) -> None:
        self.connection.closing = True
        await self._body(raw.data)
        while raw.again:
            await self._body(raw.again)
            await self.connection.pause(0)

    async def _prepare(self, file: File) -> None:
        await self.connection.pause(file.delay)
        if file.hold is not None:
            await self.connection.wait(file.hold)

    async def _send_file(self, file: File) -> None:
        if self.request.method not in ("GET", "HEAD"):
            await self._head(405, {"Content-Length": "0", "Allow": "GET, HEAD"})
            return
        wanted = self._wanted(file)
        if wanted is None:
            await self._head(416, {"Content-Length": "0", "Content-Range": f"bytes */{file.size}"})
            return
        headers = _headers(file)
        if file.framing is Framing.LENGTH:
            headers["Content-Length"] = str(wanted.stop - wanted.start)
        if partial := self._is_partial(file):
            headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
        await self._head(206 if partial else 200, {**headers, **file.headers})
        if self.request.method == "GET":
            await self._send_range(file, wanted)

    def _is_partial(self, file: File) -> bool:
        validator = self.request.headers.get("if-range")
        return (
            file.ranges
            and file.framing is Framing.LENGTH
            and self._bounds() is not None
            and validator in (None, file.etag, file.last_modified)
        )

    def _bounds(self) -> tuple[str, str] | None:
        """The two ends of a single range; several ranges are answered with the whole, as the RFC allows."""
        unit, _, bounds = (self.request.range or "").partition("=")
        first, dash, last = bounds.strip().partition("-")
        return (first, last) if unit == "bytes" and dash and "," not in last and first + last else None

    def _wanted(self, file: File) -> range | None:
        """The bytes to send; None when they do not exist."""
        bounds = self._bounds()
        size = 1 << 62 if file.size is None else file.size
        if bounds is None or not self._is_partial(file):
            return range(size)
        first, last = bounds
        if not first:
            return range(max(0, size - int(last)), size) if int(last) and size else None
        return range(int(first), min(int(last or size), size - 1) + 1) if int(first) < size else None

    async def _head(self, status: int, headers: Mapping[str, str | bytes]) -> None:
        self.request.status = status
        try:
            phrase = http.HTTPStatus(status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [f"HTTP/1.1 {status} {phrase}".encode()]
        if self.request.headers.get("connection", "").lower() == "close":
            # As servers do that will close it; a client may try it again otherwise.
            headers = {"Connection": "close", **headers}
        for name, value in headers.items():
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
        await self.connection.write(b"\r\n".join(lines) + b"\r\n\r\n")

    async def _send_range(self, file: File, wanted: range) -> None:
        pace = _Pace()
        sent = 0
        while sent < len(wanted):
            stall = file.stalls_after(wanted.start)
            size = self._next_size(file, sent, len(wanted), stall)
            if size:
                await self._body(file.read(wanted.start + sent, size), file.framing is Framing.CHUNKED)
                sent += size
            await self._misbehave(file, sent, stall)
            if sent < len(wanted):
                await self.connection.pause(pace.due(file.rate, size))
        if file.framing is Framing.CHUNKED:
            await self.connection.write(b"0\r\n\r\n")
        self.connection.closing |= file.framing is Framing.CLOSE

    def _next_size(self, file: File, sent: int, total: int, stall: int | None) -> int:
        size = min(total - sent, _CHUNK)
        if file.rate is not None:
            size = min(size, max(1, int(file.rate / _SLICES)))
        for stop in (None if file.stall.is_set() else stall, file.break_after if file.break_times != 0 else None):
            if stop is not None and sent <= stop:
                size = min(size, stop - sent)
        return size

    async def _misbehave(self, file: File, sent: int, stall: int | None) -> None:
        if sent == stall:
            await self.connection.wait(file.stall)
        if sent == file.break_after and file.break_times != 0:
            if file.break_times is not None:
                file.break_times -= 1
            self.connection.cut(file.break_reset)

    async def _body(self, data: bytes, chunked: bool = False) -> None:
        # Booked first: whoever has read a byte finds it in the book.
        self.connection.book.sent(self.request, len(data))
        await self.connection.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)


def _headers(file: File) -> dict[str, str | bytes]:
    headers: dict[str, str | bytes | None] = {
        "Content-Type": file.content_type,
        "Content-Disposition": file.disposition,
        "ETag": file.etag,
        "Last-Modified": file.last_modified,
        "Accept-Ranges": "bytes" if file.ranges and file.framing is Framing.LENGTH else "none",
        "Transfer-Encoding": "chunked" if file.framing is Framing.CHUNKED else None,
        "Connection": "close" if file.framing is Framing.CLOSE else None,
    }
    return {name: value for name, value in headers.items() if value is not None}


class _Pace:
    """Spreads a body evenly over time."""

    def __init__(self) -> None:
        self._due = time.monotonic()

    def due(self, rate: float | None, size: int) -> float:
        """Seconds to wait after ``size`` bytes; a client that was slow itself may catch up a little, not in a burst."""
        now = time.monotonic()
        self._due = max(self._due, now - 2 / _SLICES) + (size / rate if rate else 0.0)
        return self._due - now
