"""What the scripted server may serve: files with every sort of misbehaviour, fixed answers, redirects.

A path may also describe itself, for servers in another process:

    /bytes/<size>/<seed>/<name>?rate=&ranges=&framing=&delay=&break=&times=&type=&disposition=&etag=&status=500,503
    /status/<code>        /redirect?to=<URL>&status=302

``<size>`` is bytes, or a number with kb, mb or gb (1024-based), or ``endless``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Union
from urllib.parse import parse_qs, unquote, urlsplit

from .content import Seed, content


class Gate(threading.Event):
    """An Event that the server can await: closed until the test sets it, then open for ever."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        super().set()
        for callback in tuple(self._callbacks):
            callback()

    def subscribe(self, callback: Callable[[], None]) -> None:
        """``callback`` is called from the thread that sets the gate, maybe more than once."""
        self._callbacks.append(callback)
        if self.is_set():
            callback()

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        self._callbacks.remove(callback)


class Framing(Enum):
    """How the client learns where the body ends."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


@dataclass
class Answer:
    """A fixed answer to any method."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Raw:
    """Exactly these bytes in place of an answer, and then the end; ``again`` is sent again and again before that, until
    the client leaves."""

    data: bytes = b""
    again: bytes = b""


def redirect(to: str, status: int = 302) -> Answer:
    """An answer that leads to ``to``; to itself, it is a loop."""
    return Answer(status, {"Location": to})


@dataclass
class File:
    """One file. Sizes are bytes, times seconds; a test may change any field while the file is served.

    ``size`` None is endless; ``data`` replaces the invented bytes. ``rate`` is bytes/s of one connection, evenly.
    ``answers`` are used up, one a request, before the file itself. ``break_after`` bytes of body the connection ends
    (``break_times`` times, None = always; ``break_reset``: by RST). ``stall_after`` bytes nothing comes until
    ``stall`` is set, nor ever a byte from the offset ``stall_at`` on; headers come after ``delay`` and when ``hold`` is
    set. ``disposition`` is the raw header. ``lie`` makes the answer to a request with a range, of its first
    and its last byte. ``login`` (``user:password``): who does not say so is answered 401.
    """

    size: int | None = 0
    seed: Seed = 0
    data: bytes | None = None
    ranges: bool = True
    framing: Framing = Framing.LENGTH
    rate: float | None = None
    answers: list[Answer] = field(default_factory=list)
    break_after: int | None = None
    break_times: int | None = None
    break_reset: bool = False
    stall_after: int | None = None
    stall_at: int | None = None
    stall: Gate = field(default_factory=Gate)
    delay: float = 0.0
    hold: Gate | None = None
    content_type: str | None = "application/octet-stream"
    disposition: str | bytes | None = None
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    lie: Callable[[int, int], Raw] | None = None
    login: str = ""

    def __post_init__(self) -> None:
        if self.data is not None:
            self.size = len(self.data)
        if self.size is None and self.framing is Framing.LENGTH:
            self.framing = Framing.CLOSE

    def stalls_after(self, offset: int) -> int | None:
        """How many bytes of an answer that begins at ``offset`` are sent before it stalls; None when it never does."""
        ends = [] if self.stall_after is None else [self.stall_after]
        if self.stall_at is not None:
            ends.append(max(0, self.stall_at - offset))
        return min(ends, default=None)

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes from ``offset``."""
        return content(self.seed, size, offset) if self.data is None else self.data[offset : offset + size]


Served = Union[File, Answer, Raw]

_UNITS = {"": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


def described(target: str) -> Served | None:
    """What a self-describing path asks for; None when it is none."""
    parts = urlsplit(target)
    query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if match := re.fullmatch(r"/bytes/(\d+|endless)(|kb|mb|gb)/([^/]+)(/.*)?", parts.path):
        return _file(None if match[1] == "endless" else int(match[1]) * _UNITS[match[2]], unquote(match[3]), query)
    if match := re.fullmatch(r"/status/([1-5]\d\d)", parts.path):
        return Answer(int(match[1]))
    if parts.path == "/redirect" and "to" in query:
        return redirect(query["to"], int(query.get("status", "302")))
    return None


def _file(size: int | None, seed: str, query: Mapping[str, str]) -> File:
    return File(
        size=size,
        seed=seed,
        ranges=query.get("ranges", "1") != "0",
        framing=Framing(query.get("framing", "length")),
        rate=float(query["rate"]) if "rate" in query else None,
        answers=[Answer(int(status)) for status in query.get("status", "").split(",") if status],
        break_after=int(query["break"]) if "break" in query else None,
        break_times=int(query["times"]) if "times" in query else None,
        delay=float(query.get("delay", "0")),
        content_type=query.get("type", "application/octet-stream"),
        disposition=query.get("disposition"),
        etag=query.get("etag"),
    )
