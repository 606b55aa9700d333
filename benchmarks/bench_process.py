"""What the daemon and its guard cost, as processes of their own: idle, with 100 slow downloads, with 200 tunnels, and
after a kill."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.daemon import Daemon
from tests.support.http_server import File, HttpServer
from tests.support.service import Service

from .common import Row, place, report, until

IDLE_SECONDS = 30.0
SLOW_SECONDS = 20.0

#: Seconds with 200 tunnels under way: a leak of one byte in a hundred would show.
TUNNEL_SECONDS = 60.0

#: "Flat", in MB, while 1.2 GB pass.
FLAT = 3


def prepared(folder: Path, **settings: object) -> Service:
    return Service(folder, f"sqlite:///{folder / 'bench.db'}", **{"max_size": 0, **settings})


def started(running: Service) -> Daemon:
    """By an interpreter of its own: a fork would have the memory of what it was forked from."""
    return Daemon(running.settings, environment={})


@dataclass(frozen=True)
class Processes:
    """The daemon and its guard."""

    daemon: psutil.Process
    guard: psutil.Process

    @classmethod
    def of(cls, daemon: Daemon) -> Processes:
        process = psutil.Process(daemon.pid)
        (guard,) = (child for child in process.children() if any("egress.guard" in word for word in child.cmdline()))
        return cls(process, guard)

    def cpu(self, duration: float) -> tuple[float, float]:
        """Per cent of one core over ``duration`` seconds, of each."""
        both = (self.daemon, self.guard)
        before = [sum(process.cpu_times()[:2]) for process in both]
        end = time.monotonic() + duration
        until(lambda: time.monotonic() >= end, pause=duration / 50)
        after = [sum(process.cpu_times()[:2]) for process in both]
        daemon, guard = [(now - then) / duration * 100 for now, then in zip(after, before, strict=True)]
        return daemon, guard

    def memory(self) -> tuple[float, float]:
        """MB, resident, of each."""
        return self.daemon.memory_info().rss / 1024**2, self.guard.memory_info().rss / 1024**2


def idle(folder: Path) -> tuple[list[Row], tuple[float, float]]:
    running = prepared(folder, interval=5.0)
    with started(running) as daemon:
        processes = Processes.of(daemon)
        processes.cpu(3.0)
        shares, memory = processes.cpu(IDLE_SECONDS), processes.memory()
    return [
        Row("idle daemon", f"{shares[0]:.2f} % of a core, {memory[0]:.0f} MB", "≤ 0.3 % of a core", shares[0] <= 0.3),
        Row("idle guard", f"{shares[1]:.2f} % of a core, {memory[1]:.0f} MB"),
    ], memory


def slow(folder: Path, http: HttpServer, idle_memory: tuple[float, float]) -> list[Row]:
    running = prepared(folder, interval=1.0, workers=100, workers_per_user=100, workers_per_host=100, connections=1)
    for number in range(100):
        running.add(http.serve(f"/slow{number}", File(size=50_000_000, seed=number, rate=20_000)))
    with started(running) as daemon:
        # What the guard was tried with at the start is not for this server.
        until(lambda: bool(http.requests))
        first = time.monotonic()
        until(lambda: http.active >= 100)
        opened = time.monotonic() - first
        processes = Processes.of(daemon)
        processes.cpu(3.0)
        shares, memory = processes.cpu(SLOW_SECONDS), processes.memory()
    share, more = sum(shares), [now - then for now, then in zip(memory, idle_memory, strict=True)]
    measured = f"{share:.1f} % of a core ({shares[0]:.1f} and {shares[1]:.1f})"
    return [
        Row("100 slow downloads: all open", f"{opened:.2f} s after the first", "≤ 2 s", opened <= 2),
        Row("100 slow downloads: daemon and guard", measured, "≤ 10 % together", share <= 10),
        Row("100 slow downloads: memory of the daemon", f"{more[0]:.0f} MB more than idle", "≤ 60 MB", more[0] <= 60),
        Row("100 slow downloads: memory of the guard", f"{more[1]:.0f} MB more than idle", "≤ 60 MB", more[1] <= 60),
    ]


def tunnels(folder: Path, http: HttpServer, idle_memory: tuple[float, float]) -> Row:
    """26 files through 8 connections each, 100 KB/s a connection; aria2 may do with one less for a file."""
    running = prepared(folder, interval=1.0, workers=26, workers_per_user=26, workers_per_host=26, connections=8)
    for number in range(26):
        running.add(http.serve(f"/tunnels{number}", File(size=200_000_000, seed=number, rate=100_000)))
    with started(running) as daemon:
        until(lambda: http.active >= 200)
        processes = Processes.of(daemon)
        processes.cpu(5.0)
        before = processes.memory()[1]
        share = processes.cpu(TUNNEL_SECONDS)[1]
        after = processes.memory()[1]
    measured = (
        f"{after - before:.1f} MB more after {TUNNEL_SECONDS:.0f} s, {after - idle_memory[1]:.0f} more than idle "
        f"({share:.0f} % of a core)"
    )
    return Row("200 tunnels, 20 MB/s: memory of the guard", measured, f"flat: ≤ {FLAT} MB", after - before <= FLAT)


def killed(folder: Path, http: HttpServer, *, engine: bool) -> Row:
    running = prepared(folder, interval=1.0, connections=8)
    size = 200_000_000
    path = f"/killed{engine}"
    odr_id = running.add(http.serve(path, File(size=size, seed=1, rate=20_000_000 / 8)))
    with started(running) as daemon:
        running.wait_for(odr_id, lambda task: task.completed > size // 2)
        daemon.kill(engine=engine)
    http.wait_for_active(0)
    requests = len(http.requests)
    began = time.monotonic()
    with started(running):
        until(lambda: len(http.requests) > requests)
        again = time.monotonic() - began
        assert running.wait(odr_id, timeout=120).status is OfflineDownloadStatus.OK
    twice = (http.sent(path) - size) / 20_000_000
    who = "daemon and aria2c" if engine else "daemon"
    measured = f"{twice:.2f} s worth fetched twice, downloading again after {again:.1f} s"
    return Row(f"{who} killed at 50 % of 20 MB/s", measured, "≤ 2 s worth, ≤ 3 s", twice <= 2 and again <= 3)


def main() -> None:
    with HttpServer() as http:
        with place() as folder:
            rows, memory = idle(folder)
        with place() as folder:
            rows += slow(folder, http, memory)
        with place() as folder:
            http.wait_for_active(0)
            rows.append(tunnels(folder, http, memory))
        for engine in (False, True):
            with place() as folder:
                http.wait_for_active(0)
                rows.append(killed(folder, http, engine=engine))
    report(rows)


if __name__ == "__main__":
    main()
