"""The whole service in a world of its own (network.py), driven through its database as everything else drives it.

Links are put in by plain SQL, so that no view and no command has looked at them before.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from seafevents_offline.settings import Settings
from seafevents_offline.status import ACTIVE, OfflineDownloadStatus

from .certificates import self_signed
from .daemon import Daemon
from .databases import run_sql
from .dns_server import Name
from .http_server import HttpServer
from .network import DNS, PUBLIC, PUBLIC6, World
from .records import REPO_ID
from .waiting import eventually

_S = OfflineDownloadStatus

OWNER = "ada@example.com"

_SERVED_PORTS = (21, 22, 80, 443, 8080, 8443)


@dataclass(frozen=True)
class Outcome:
    """What a record says. ``tries``: how often it was claimed."""

    status: OfflineDownloadStatus
    comment: str
    tries: int

    def __str__(self) -> str:
        return f"{self.status.name} after {self.tries}: {self.comment}"


class Guarded:
    """A service inside ``world``; starts with ``with``. ``database`` is a file with our tables, to be copied."""

    def __init__(
        self,
        world: World,
        place: Path,
        database: Path,
        environment: Mapping[str, str] | None = None,
        **settings: object,
    ) -> None:
        place.mkdir()
        self.world = world
        self.library = place / "library"
        self.library.mkdir()
        shutil.copyfile(database, place / "tasks.db")
        self.database = f"sqlite:///{place / 'tasks.db'}"
        self._links: dict[object, str] = {}
        values = {
            "enabled": True,
            "tempdir": str(place / "temp"),
            "library": str(self.library),
            "storage": "folder",
            "database": self.database,
            "interval": 0.2,
            "retry_delay": 0.1,
            "workers": 64,
            "workers_per_user": 64,
            "workers_per_host": 64,
            "connections": 1,
            **settings,
        }
        self.daemon = Daemon(Settings(**values), command=world.command, environment=environment)  # type: ignore[arg-type]

    def __enter__(self) -> Guarded:
        self.daemon.start()
        return self

    def __exit__(self, *exc: object) -> None:
        print(self.log)  # noqa: T201 (pytest shows it when the test fails)
        self.daemon.__exit__(*exc)

    # --- links and what becomes of them

    def add(self, *links: str) -> None:
        for link in links:
            columns = "INSERT INTO OfflineDownloadRecord (repo_id, path, url, owner) VALUES (?, ?, ?, ?)"
            ((odr_id,),) = run_sql(self.database, f"{columns} RETURNING odr_id", REPO_ID, "/", link, OWNER)
            self._links[odr_id] = link

    def outcomes(self, links: Iterable[str], timeout: float = 60) -> dict[str, Outcome]:
        """Add these links and wait until all of them have ended."""
        links = list(links)
        self.add(*links)
        return self.ended(links, timeout)

    def ended(self, links: Iterable[str], timeout: float = 60) -> dict[str, Outcome]:
        """Of links that were added, as soon as all of them have ended."""
        wanted = set(links)

        def all_ended() -> dict[str, Outcome]:
            found = {link: outcome for link, outcome in self.now().items() if link in wanted}
            return {} if any(outcome.status in ACTIVE for outcome in found.values()) else found

        return eventually(all_ended, timeout, lambda: f"still: {self._open()}; the service's log:\n{self.log}")

    def now(self) -> dict[str, Outcome]:
        """All links and how they stand."""
        rows: list[Any] = run_sql(self.database, "SELECT odr_id, status, comment, claim FROM OfflineDownloadRecord")
        return {
            self._links[odr_id]: Outcome(OfflineDownloadStatus(status), comment, tries)
            for odr_id, status, comment, tries in rows
        }

    def _open(self) -> dict[str, str]:
        return {link: str(outcome) for link, outcome in self.now().items() if outcome.status in ACTIVE}

    # --- what happened meanwhile

    @property
    def log(self) -> str:
        return self.daemon.log.read_text(encoding="utf-8")

    def reached(self) -> set[tuple[str, int]]:
        """Every address and port that inside tried to connect to, but for what it has to do with itself on ports of
        the kernel's choice, and for the name server."""
        return {
            (host, port)
            for host, port in self.world.tap.attempts()
            if host != DNS and (port in _SERVED_PORTS or not ip_address(host).is_loopback)
        }

    def audited(self) -> dict[tuple[str, int], int]:
        """What the log says of connections: bytes that came from each address and port, over all of them."""
        found: Counter[tuple[str, int]] = Counter()
        for line in re.finditer(r"task [1-9]\d*: (\S+) \S+:(\d+) at (\S+): (\d+) bytes received, ", self.log):
            assert line[1] == OWNER
            found[line[3], int(line[2])] += int(line[4])
        return dict(found)

    def processes(self, words: str) -> list[psutil.Process]:
        """The service and its children, as far as their command lines have these words (a regular expression)."""
        service = psutil.Process(self.daemon.pid)
        found = (service, *service.children(recursive=True))
        return [process for process in found if re.search(words, " ".join(_command(process)))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


# --- a world with one service -------------------------------------------------------------------------

#: Starts the world's service with these settings over those that a test needs anyway.
Start = Callable[..., Guarded]

_SCHEMES = ("http", "https", "ftp")

_NAMES = {
    "files.example": [PUBLIC, PUBLIC6],
    "ftp.example": [PUBLIC],
    "private.example": ["10.0.0.5"],
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """With some names; IPv6 goes first, as it does on most servers."""
    with World.made(tmp_path) as made:
        made.dns.names.update({name: Name(*addresses) for name, addresses in _NAMES.items()})
        yield made


@pytest.fixture
def outside_certificate(tmp_path: Path) -> tuple[Path, Path]:
    """With its key; the service trusts it."""
    return self_signed(tmp_path, "files.example", "private.example")


@pytest.fixture
def outside_web(world: World) -> HttpServer:
    """Port 80 of every address of outside, private ones too."""
    return world.serve("::")


@pytest.fixture
def inside_web(world: World) -> HttpServer:
    """Port 80 of the machine itself."""
    return world.serve("::", inside=True)


@pytest.fixture
def make_guarded(
    world: World, tmp_path: Path, sqlite_template: Path, aria2c: Path, outside_certificate: tuple[Path, Path]
) -> Iterator[Start]:
    """Starts the service, with each aria2c, in an environment that names proxies which must not count."""
    environment = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), "http://10.66.0.1:3128")
    environment["no_proxy"] = "*"
    needed = {"aria2c": str(aria2c), "ca_certificate": str(outside_certificate[0]), "schemes": _SCHEMES}
    with contextlib.ExitStack() as stack:

        def start(environment: Mapping[str, str] = environment, **settings: object) -> Guarded:
            service = Guarded(world, tmp_path / "service", sqlite_template, environment, **{**needed, **settings})
            return stack.enter_context(service)

        yield start


@pytest.fixture
def guarded(make_guarded: Start) -> Guarded:
    return make_guarded()


def redirected(to: str, status: int = 302, by: str = "http://files.example") -> str:
    """A link to a server (as ``outside_web``) that leads to ``to``."""
    return f"{by}/redirect?to={quote(to, safe='')}&status={status}"


# --- what became of links -----------------------------------------------------------------------------

OWN = "The address {} is this server itself."
PRIVATE = "The address {} is in a private network."
SPECIAL = "The address {} is not a public one."
OWN_NAMED = "The address {} of {} is this server itself."
PRIVATE_NAMED = "The address {} of {} is in a private network."
SPECIAL_NAMED = "The address {} of {} is not a public one."
PORT = "Nothing can be downloaded from port {} of {}; allowed are the ports 80, 443, 8080, 8443, 21."
DENIED = "The administrator does not allow downloads from {}."
NOT_FOUND = "The server {} cannot be found. Please check the link."
FAILED = "The connection to {} failed or was interrupted."
NO_LINK = "This is not a link that can be downloaded; it should look like https://example.com/file.zip."
ELSEWHERE = (
    "The link leads on to another server ({}), which must not get the password or the headers. "
    "Please give the link that it leads to."
)
LOGIN = "The server wants a user name and password and refuses what was given ({}). Please check it, then try again."
LEADS_NOWHERE = "The link leads to an address that cannot be downloaded."


def assert_refused(expected: Mapping[str, str], found: Mapping[str, Outcome]) -> None:
    """Each says why, and was not tried again."""
    assert_all({link: Outcome(_S.ERROR, sentence, 1) for link, sentence in expected.items()}, found)


def assert_done(links: Iterable[str], found: Mapping[str, Outcome]) -> None:
    """Each at its first try."""
    assert_all({link: Outcome(_S.OK, "", 1) for link in links}, found)


def assert_all(expected: Mapping[str, Outcome], found: Mapping[str, Outcome]) -> None:
    wrong = [f"{link}: {found[link]}, not {wanted}" for link, wanted in expected.items() if found[link] != wanted]
    assert not wrong, "\n".join(wrong)
