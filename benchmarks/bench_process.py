"""What the daemon costs, as a process of its own: idle, with 100 slow downloads, and after a kill."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from seafevents_offline.status import OfflineDownloadStatus
from tests.support.daemon import Daemon
from tests.support.http_server import File, HttpServer
from tests.support.service import Service

from .common import Row, place, report, until

IDLE_SECONDS = 30.0
SLOW_SECONDS = 20.0


def prepared(folder: Path, **settings: object) -> Service:
    return Service(folder, f"sqlite:///{folder / 'bench.db'}", **{"max_size": 0, **settings})


def cpu(process: psutil.Process, duration: float) -> float:
    """Per cent of one core over ``duration`` seconds."""
    before = sum(process.cpu_times()[:2])
    end = time.monotonic() + duration
    until(lambda: time.monotonic() >= end, pause=duration / 50)
    return (sum(process.cpu_times()[:2]) - before) / duration * 100


def idle(folder: Path) -> tuple[Row, float]:
    running = prepared(folder, interval=5.0)
    with Daemon(running.settings) as daemon:
        process = psutil.Process(daemon.pid)
        cpu(process, 3.0)
        share, memory = cpu(process, IDLE_SECONDS), process.memory_info().rss / 1024**2
    row = Row("idle daemon", f"{share:.2f} % of a core, {memory:.0f} MB", "≤ 0.3 % of a core", share <= 0.3)
    return row, memory


def slow(folder: Path, http: HttpServer, idle_memory: float) -> list[Row]:
    running = prepared(folder, interval=1.0, workers=100, workers_per_user=100, workers_per_host=100, connections=1)
    for number in range(100):
        running.add(http.serve(f"/slow{number}", File(size=50_000_000, seed=number, rate=20_000)))
    with Daemon(running.settings) as daemon:
        until(lambda: bool(http.requests))
        first = time.monotonic()
        until(lambda: http.active >= 100)
        opened = time.monotonic() - first
        process = psutil.Process(daemon.pid)
        cpu(process, 3.0)
        share = cpu(process, SLOW_SECONDS)
        more = process.memory_info().rss / 1024**2 - idle_memory
    return [
        Row("100 slow downloads: all open", f"{opened:.2f} s after the first", "≤ 2 s", opened <= 2),
        Row("100 slow downloads: daemon", f"{share:.1f} % of a core", "≤ 10 % with the guard", share <= 10),
        Row("100 slow downloads: memory", f"{more:.0f} MB more than idle", "≤ 60 MB", more <= 60),
    ]


def killed(folder: Path, http: HttpServer, *, engine: bool) -> Row:
    running = prepared(folder, interval=1.0, connections=8)
    size = 200_000_000
    path = f"/killed{engine}"
    odr_id = running.add(http.serve(path, File(size=size, seed=1, rate=20_000_000 / 8)))
    with Daemon(running.settings) as daemon:
        running.wait_for(odr_id, lambda task: task.completed > size // 2)
        daemon.kill(engine=engine)
    http.wait_for_active(0)
    requests = len(http.requests)
    began = time.monotonic()
    with Daemon(running.settings):
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
            idle_row, memory = idle(folder)
        with place() as folder:
            slow_rows = slow(folder, http, memory)
        killed_rows = []
        for engine in (False, True):
            with place() as folder:
                killed_rows.append(killed(folder, http, engine=engine))
    report([idle_row, *slow_rows, *killed_rows])


if __name__ == "__main__":
    main()
