"""A scripted HTTP/1.1 server for tests and benchmarks: real sockets, invented bytes, every request on record.

    with HttpServer() as server:
        url = server.serve("/a/b.bin", File(size=10_000_000, seed=1, rate=1_000_000))
        …
        server.wait_for(lambda requests: any(request.range for request in requests))

One asyncio loop in one daemon thread. For another process: ``python -m tests.support.http_server --port 0`` prints
its URL and serves the self-describing paths of http_files.py until it is terminated.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from .content import content, sha256_of
from .http_connection import Book, Connection, Request
from .http_files import Answer, File, Framing, Gate, Raw, Served, described, redirect
from .ports import server_port

__all__ = ["Answer", "File", "Framing", "Gate", "HttpServer", "Raw", "Request", "content", "redirect", "sha256_of"]

_T = TypeVar("_T")


class HttpServer:
    """Listens on ``host``; starts with ``start()`` or ``with``; may be started again, then on the same port.

    ``port`` 0: one of those that downloads may reach in tests. ``listening`` is a socket to use instead of an own one.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Path | None = None,
        key: Path | None = None,
        listening: socket.socket | None = None,
    ) -> None:
        self.host, self.port = host, port or server_port()
        self._listening = listening
        self._tls: ssl.SSLContext | None = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate, key)
        self._changed = threading.Condition()
        self._served: dict[str, Served] = {}
        self._book = Book(self._changed)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: set[Connection] = set()
        self._stopping = asyncio.Event()
        self._thread: threading.Thread | None = None

    # --- starting and stopping

    def start(self) -> HttpServer:
        """Listening on return. Raises OSError when the port is taken."""
        listening: list[OSError | None] = []
        self._thread = threading.Thread(target=self._run, args=(listening,), name="http-server", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: listening, 30)
        if error := listening[0]:
            raise error
        return self

    def stop(self) -> None:
        """Cut every connection and end. Idempotent."""
        if self._thread is not None and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(30)
            self._thread = None

    def __enter__(self) -> HttpServer:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # --- what is served

    @property
    def address(self) -> str:
        """``127.0.0.1:12345``"""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, path: str = "", host: str | None = None) -> str:
        """The link to ``path``; ``host`` is another name of this machine, e.g. ``localhost``."""
        address = self.address if host is None else f"{host}:{self.port}"
        return f"{'https' if self._tls else 'http'}://{address}{path}"

    def serve(self, path: str, served: Served) -> str:
        """Serve it under ``path`` (as it stands in the request line, with or without query); the link to it."""
        with self._changed:
            self._served[path] = served
        return self.url(path)

    def find(self, target: str) -> Served:
        """What a request for ``target`` gets."""
        path = urlsplit(target).path
        with self._changed:
            for key in (target, path, unquote(path)):
                if key in self._served:
                    return self._served[key]
            # Kept, because the scripted answers of a self-describing path are used up as well.
            return self._served.setdefault(target, found) if (found := described(target)) else Answer(404)

    # --- what was asked for

    @property
    def requests(self) -> list[Request]:
        """A copy of the record, oldest first."""
        with self._changed:
            return [replace(request) for request in self._book.requests]

    @property
    def active(self) -> int:
        """Answers under way now."""
        with self._changed:
            return self._book.active

    @property
    def peak(self) -> int:
        """The most answers that were under way at once."""
        with self._changed:
            return self._book.peak

    @property
    def connections(self) -> int:
        """Connections accepted so far."""
        with self._changed:
            return self._book.accepted

    def sent(self, path: str | None = None) -> int:
        """Bytes of body sent for ``path`` (without query), or for all paths."""
        with self._changed:
            return sum(request.sent for request in self._book.requests if path in (None, request.path))

    def wait_for(self, predicate: Callable[[list[Request]], _T], timeout: float = 60.0) -> _T:
        """Wait until ``predicate(requests)`` is true and return its value; raises TimeoutError."""
        with self._changed:
            value = self._changed.wait_for(lambda: predicate(self._book.requests), timeout)
            if not value:
                raise TimeoutError(f"not within {timeout} s: {self._book.requests[-20:]}")
            return value

    def wait_for_active(self, number: int, timeout: float = 60.0) -> None:
        """Wait until exactly ``number`` answers are under way; raises TimeoutError."""
        self.wait_for(lambda _: self._book.active == number, timeout)

    def forget(self) -> None:
        """Empty the record, for the next round of a benchmark."""
        with self._changed:
            self._book.requests.clear()
            self._book.peak = self._book.active

    def reset(self) -> list[str]:
        """Cut by RST every connection on which an answer is under way, as a network does that goes away; the targets
        of these requests."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(self._reset(), self._loop).result(30)

    # --- the loop's thread

    async def _reset(self) -> list[str]:
        answered = [one for one in self._connections if one.requests and one.requests[-1].ended_at is None]
        for connection in answered:
            connection.reset()
        return [connection.requests[-1].target for connection in answered]

    def _run(self, listening: list[OSError | None]) -> None:
        asyncio.run(self._main(listening))

    async def _main(self, listening: list[OSError | None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._connections = connections = set[Connection]()
        error: OSError | None = None
        try:
            server = await self._loop.create_server(
                lambda: Connection(self.find, self._book, connections),
                *(() if self._listening else (self.host, self.port)),
                sock=self._listening,
                ssl=self._tls,
                backlog=2048,
            )
            self.port = server.sockets[0].getsockname()[1]
        except OSError as problem:
            error = problem
        with self._changed:
            listening.append(error)
            self._changed.notify_all()
        if error is None:
            await self._stopping.wait()
            await _accepted(connections)
            server.close()
            await asyncio.gather(*[connection.end() for connection in tuple(connections)])


async def _accepted(connections: set[Connection]) -> None:
    """Until all that was accepted is among ``connections``: asyncio forgets to close what is half accepted when its
    server is closed. A client may never finish its handshake."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        begun = asyncio.all_tasks() - {asyncio.current_task(), *(connection.task for connection in connections)}
        if not begun:
            return
        await asyncio.wait(begun, timeout=1)


def main() -> None:
    """Serve the self-describing paths until terminated."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.http_server", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    with HttpServer(**vars(parser.parse_args())) as server, contextlib.suppress(KeyboardInterrupt):
        print(server.url(), flush=True)  # noqa: T201 (it is what the caller waits for)
        threading.Event().wait()


if __name__ == "__main__":
    main()
