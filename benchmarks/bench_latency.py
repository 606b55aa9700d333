"""How soon a new record becomes a request at the server: woken, and by the scan of the embedded host."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.http_server import File, HttpServer

from .common import Row, percentile, place, report, service

SAMPLES = 300
SCANS = 30


def delays(folder: Path, http: HttpServer, count: int, *, woken: bool, interval: float) -> list[float]:
    found = []
    with service(folder, interval=interval) as running:
        for number in range(count):
            link = http.serve(f"/{folder.name}/{woken}/{number}", File(data=b"x"))
            began = time.perf_counter()
            odr_id = running.add(link)
            if woken:
                running.downloader.wake()
            http.wait_for(lambda requests, link=link: any(link.endswith(request.path) for request in requests))
            found.append((time.perf_counter() - began) * 1000)
            running.wait(odr_id)
    return found


def row(what: str, values: list[float], p50: float | None, p99: float | None) -> Row:
    mine = percentile(values, 50), percentile(values, 99)
    met = None if p50 is None or p99 is None else mine[0] <= p50 and mine[1] <= p99
    budget = "" if met is None else f"p50 ≤ {p50:.0f} ms, p99 ≤ {p99:.0f} ms"
    return Row(what, f"p50 {mine[0]:.0f} ms, p99 {mine[1]:.0f} ms", budget, met)


def main() -> None:
    with HttpServer() as http, place() as folder:
        (folder / "a").mkdir()
        (folder / "b").mkdir()
        woken = delays(folder / "a", http, SAMPLES, woken=True, interval=3600.0)
        scanned = delays(folder / "b", http, SCANS, woken=False, interval=1.0)
    report(
        [
            row(f"insert → request, woken ({SAMPLES} times)", woken, 50, 200),
            row(f"insert → request, by the scan of 1 s ({SCANS} times)", scanned, None, None),
        ]
    )


if __name__ == "__main__":
    main()
