"""What every benchmark needs: a place of its own, a server in another process, a table at the end."""

from __future__ import annotations

import contextlib
import gc
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest.mock import patch

from seafevents_offline.egress.policy import Policy
from seafevents_offline.settings import Settings
from seafevents_offline.tasks import boundary, offline_downloader
from tests.support.egress import Open
from tests.support.ports import server_port
from tests.support.service import Service


@dataclass(frozen=True)
class Row:
    """One line of the table in README.md; ``met`` None where there is no budget. ``caveat``: what it does not show."""

    what: str
    measured: str
    budget: str = ""
    met: bool | None = None
    caveat: str = ""


@contextlib.contextmanager
def place() -> Iterator[Path]:
    """A folder of the benchmark's own on the disk that holds the checkout (not a memory file system)."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path(__file__).parents[1] / ".cache") as folder:
        yield Path(folder)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The tests' scripted HTTP server in a process of its own; its URL. Paths describe themselves."""
    argv = [sys.executable, "-m", "tests.support.http_server", "--port", str(server_port())]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@contextlib.contextmanager
def service(folder: Path, *, guarded: bool = True, **settings: Any) -> Iterator[Service]:
    """A service in this process on SQLite, without limits that a benchmark does not ask for."""
    database = f"sqlite:///{folder / 'bench.db'}"
    with contextlib.ExitStack() as stack:
        if not guarded:
            stack.enter_context(patch.object(offline_downloader, "Guard", Unguarded))
            stack.enter_context(patch.object(boundary, "prove"))
        yield stack.enter_context(Service(folder, database, **{"max_size": 0, "interval": 3600.0, **settings}))


class Unguarded(Open):
    """A way out without a guard, which no settings can bring about: what the guard costs is the difference."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        super().__init__()

    def start(self) -> None: ...

    def stop(self, deadline: float) -> None: ...

    def condition(self) -> dict[str, str]:
        return {"state": "off"}


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Memory:
    """How much more of it this process has than when this was made; MB, resident."""

    def __init__(self) -> None:
        gc.collect()
        # The peak begins anew; see proc(5).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = self._read("VmRSS")

    def more(self) -> float:
        gc.collect()
        return self._read("VmRSS") - self._before

    def peak(self) -> float:
        return self._read("VmHWM") - self._before

    @staticmethod
    def _read(name: str) -> float:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def until(predicate: Callable[[], bool], timeout: float = 90, pause: float = 0.01) -> None:
    deadline = time.monotonic() + timeout
    wait = threading.Event()
    while not predicate():
        if time.monotonic() > deadline:
            raise TimeoutError("the benchmark did not come to its end")
        wait.wait(pause)


def report(rows: Sequence[Row]) -> None:
    """Print the rows as a table of Markdown, with the machine below."""
    print(table(rows), flush=True)


def table(rows: Sequence[Row]) -> str:
    """Markdown; when, where and beside how much else it was measured stands below."""
    lines = ["| what | budget | measured | met | caveat |", "|---|---|---|---|---|"]
    for row in rows:
        met = {True: "yes", False: "**MISSED**", None: ""}[row.met]
        lines.append(f"| {row.what} | {row.budget} | {row.measured} | {met} | {row.caveat} |")
    return "\n".join([*lines, "", _circumstances(), ""])


def _circumstances() -> str:
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} × {', '.join(sorted(_cpu_names()))}, load at the end {load}"
    )


def _cpu_names() -> set[str]:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return {line.partition(":")[2].strip() for line in file if line.startswith("model name")}
