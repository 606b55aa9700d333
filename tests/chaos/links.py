"""What may be downloaded: every link describes itself to the server, and says what must become of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from seafevents_offline.checksum import Checksum
from tests.support.content import sha256_of

KB, MB = 1024, 1024**2

#: The service's setting ``max-size``.
MAX_SIZE = 24 * MB

#: Some files have the same name, though not the same content.
_SAME = "report.bin"


@dataclass(frozen=True)
class Link:
    """``reasons``: why it must fail, empty when it must be stored. ``faults``: attempts that its server costs it.
    ``places``: what the server is asked for. ``size`` and ``seed`` are those of tests/support/content.py."""

    kind: str
    url: str
    places: tuple[str, ...] = ()
    size: int = 0
    seed: str = ""
    name: str = ""
    checksum: Checksum | None = None
    reasons: frozenset[str] = frozenset()
    faults: int = 0

    @property
    def sha256(self) -> str:
        return sha256_of(self.seed, self.size)


@dataclass
class Links:
    """Draws one after the other; ``hosts`` are names and ports by which the server is reached."""

    dice: random.Random
    hosts: tuple[str, ...]
    owner: str
    _number: int = field(default=0, init=False)

    def draw(self) -> Link:
        self._number += 1
        kinds, weights = zip(*_KINDS.items(), strict=True)
        (kind,) = self.dice.choices(kinds, weights)
        return _MAKERS[kind](self, kind)

    # --- what must be stored

    def file(self, kind: str, smallest: int, largest: int, *, faults: int = 0, **query: object) -> Link:
        size = self.dice.randint(smallest, largest)
        name = self.dice.choice(["", "", "", _SAME])
        return self._link(kind, size, query, name=name, faults=faults)

    def checked(self, kind: str) -> Link:
        size = self.dice.randint(1, 300 * KB)
        return self._link(kind, size, {}, checksum=Checksum("sha-256", sha256_of(self._seed, size)))

    def redirected(self, kind: str) -> Link:
        to = self._link(kind, self.dice.randint(1, 100 * KB), {})
        place = f"/redirect?{urlencode({'to': to.url})}"
        return Link(kind, f"{self._host}{place}", (place, *to.places), to.size, to.seed)

    # --- what must fail

    def wrong(self, kind: str) -> Link:
        checksum = Checksum("sha-256", sha256_of("another file", 1))
        return self._link(kind, self.dice.randint(1, 300 * KB), {}, checksum=checksum, reasons=frozenset({"checksum"}))

    def answered(self, kind: str, status: int, reason: str) -> Link:
        place = f"/status/{status}?n={self._seed}"
        return Link(kind, f"{self._host}{place}", (place,), reasons=frozenset({reason}))

    def broken(self, kind: str) -> Link:
        reasons = frozenset({"body_incomplete", "connection_failed"})
        return self._link(kind, 500 * KB, {"break": 100 * KB, "ranges": 0}, reasons=reasons)

    def too_large(self, kind: str, **query: object) -> Link:
        return self._link(kind, MAX_SIZE + 1 + self.dice.randint(0, MB), query, reasons=frozenset({"too_large"}))

    def refused(self, kind: str) -> Link:
        host, reason = self.dice.choice(_REFUSED)
        return Link(kind, f"http://{host}/{quote(self._seed)}", reasons=frozenset({reason}))

    # --- parts

    @property
    def _seed(self) -> str:
        return f"{self.owner.partition('@')[0]}-{self._number}"

    @property
    def _host(self) -> str:
        return f"http://{self.dice.choice(self.hosts)}"

    def _link(self, kind: str, size: int, query: Mapping[str, object], **more: object) -> Link:
        seed = self._seed
        place = f"/bytes/{size}/{seed}/{seed}.bin" + (f"?{urlencode(query)}" if query else "")
        return Link(kind, f"{self._host}{place}", (place,), size, seed, **more)  # type: ignore[arg-type]


_REFUSED = (
    ("10.66.6.6", "literal_private"),
    ("169.254.169.254", "literal_not_public"),
    ("127.0.0.1:22", "port_refused"),
)

#: How often each comes, of all that is drawn.
_KINDS = {
    "empty": 2,
    "small": 16,
    "medium": 18,
    "large": 4,
    "slow": 8,
    "late": 4,
    "without ranges": 6,
    "chunked": 6,
    "without length": 6,
    "busy at first": 6,
    "cut at first": 6,
    "redirected": 4,
    "checked": 6,
    "wrong checksum": 4,
    "missing": 4,
    "gone": 2,
    "forbidden": 2,
    "always busy": 2,
    "always cut": 2,
    "too large": 2,
    "too large, chunked": 1,
    "refused": 4,
}

_MAKERS: dict[str, Callable[[Links, str], Link]] = {
    "empty": lambda links, kind: links.file(kind, 0, 0),
    "small": lambda links, kind: links.file(kind, 1, 200 * KB),
    "medium": lambda links, kind: links.file(kind, 500 * KB, 3 * MB, rate=800 * KB),
    "large": lambda links, kind: links.file(kind, 12 * MB, 20 * MB, rate=2 * MB),
    "slow": lambda links, kind: links.file(kind, 200 * KB, 500 * KB, rate=60 * KB),
    "late": lambda links, kind: links.file(kind, 1, 100 * KB, delay=2),
    "without ranges": lambda links, kind: links.file(kind, 100 * KB, 2 * MB, ranges=0, rate=500 * KB),
    "chunked": lambda links, kind: links.file(kind, 100 * KB, 2 * MB, framing="chunked", rate=500 * KB),
    "without length": lambda links, kind: links.file(kind, 100 * KB, 2 * MB, framing="close", rate=500 * KB),
    "busy at first": lambda links, kind: links.file(kind, 1, 200 * KB, faults=2, status="500,503"),
    "cut at first": lambda links, kind: links.file(kind, 400 * KB, 2 * MB, faults=2, times=2, **{"break": 150 * KB}),
    "redirected": Links.redirected,
    "checked": Links.checked,
    "wrong checksum": Links.wrong,
    "missing": lambda links, kind: links.answered(kind, 404, "not_found"),
    "gone": lambda links, kind: links.answered(kind, 410, "not_found"),
    "forbidden": lambda links, kind: links.answered(kind, 403, "access_denied"),
    "always busy": lambda links, kind: links.answered(kind, 503, "server_busy"),
    "always cut": Links.broken,
    "too large": Links.too_large,
    "too large, chunked": lambda links, kind: links.too_large(kind, framing="chunked", rate=8 * MB),
    "refused": Links.refused,
}
