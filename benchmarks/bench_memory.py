"""Whether memory stays what it was while ten thousand small files go through the whole service: daemon, guard, aria2c.

    python -m benchmarks.bench_memory [--tasks N]

Caveat: one owner, one server and one folder on loopback, SQLite; what MariaDB's own process takes is not in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import psutil

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.daemon import Daemon
from tests.support.service import Service

from .common import Row, place, report, server, until

TASKS, FIRST = 10_000, 1_000

#: "Flat", in MB: a kilobyte for each task would be nine.
FLAT = 5

#: What is looked for in the command line of each process of the service.
_MARKS = {"guard": "egress.guard", "aria2c": "aria2c"}


class Processes:
    """The daemon and its children, by name."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = psutil.Process(daemon.pid)

    def memory(self) -> dict[str, float]:
        """MB of each, resident."""
        found = {"daemon": self._daemon}
        for child in self._daemon.children():
            line = " ".join(child.cmdline())
            found.update({name: child for name, mark in _MARKS.items() if mark in line})
        return {name: process.memory_info().rss / 1024**2 for name, process in found.items()}


def through(running: Service, url: str, numbers: Iterable[int]) -> None:
    """Add these files, and wait until all that was ever added is in the library."""
    last = 0
    for number in numbers:
        last = running.add(f"{url}/bytes/10kb/{number}/{number}.bin")
    until(lambda: _done(running) == last, timeout=3600, pause=0.5)


def _done(running: Service) -> int:
    return running.repository.stats().by_status[OfflineDownloadStatus.OK].tasks


def flat(folder: Path, url: str, tasks: int) -> list[Row]:
    running = Service(folder, f"sqlite:///{folder / 'bench.db'}", max_size=0, interval=1.0, workers=64)
    first = tasks * FIRST // TASKS
    # By an interpreter of its own: a fork would have the memory of what it was forked from.
    with Daemon(running.settings, environment={}) as daemon:
        processes = Processes(daemon)
        through(running, url, range(first))
        before = processes.memory()
        half = (first + tasks) // 2
        through(running, url, range(first, half))
        between = processes.memory()
        through(running, url, range(half, tasks))
        after = processes.memory()
    # What grows with each task grows as much in the second half; what is warm at last does not.
    halves = {name: f"{between[name]:.1f} after {half:,}" for name in between}
    return [_row(name, before[name], after[name], first, tasks, halves[name]) for name in ("daemon", *_MARKS)]


def _row(name: str, before: float, after: float, first: int, tasks: int, half: str) -> Row:
    caveat = "no limit of what it remembers was reached" if name == "aria2c" else ""
    measured = f"{after - before:+.1f} MB: {before:.1f} after {first:,}, {half}, {after:.1f} after {tasks:,}"
    return Row(f"memory of {name} over {tasks:,} tasks", measured, f"flat: ≤ {FLAT} MB", after - before <= FLAT, caveat)


def rows(*, quick: bool = False, tasks: int = TASKS) -> list[Row]:
    with server() as url, place() as folder:
        return flat(folder, url, tasks)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=TASKS)
    report(rows(tasks=parser.parse_args().tasks))


if __name__ == "__main__":
    main()
