"""How soon a new record becomes a request at the server: woken, by the scan, and by the page of the embedded host."""

from __future__ import annotations

import re
import time
from pathlib import Path

import requests

from seafevents_offline.hosts.standalone import REPO_ID
from tests.support.browser import Served
from tests.support.cli import Cli
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


def delays_of_the_page(folder: Path, http: HttpServer, count: int) -> list[float]:
    """From before the request that adds, over HTTP to a serving process with one connection that is kept."""
    found = []
    cli = Cli(folder, installed=True)
    try:
        served = Served(cli).start()
        session = requests.Session()
        token = re.search(r'"csrfToken": "(\w+)"', session.get(served.link, timeout=60).text)
        assert token is not None
        for number in range(count):
            link = http.serve(f"/page/{number}", File(data=b"x"))
            body = {"repo_id": REPO_ID, "path": "/", "url": link}
            began = time.perf_counter()
            answer = session.put(
                f"{served.url}/api/v2.2/offline-download/add", json=body, headers={"X-CSRFToken": token[1]}, timeout=60
            )
            http.wait_for(lambda requests, link=link: any(link.endswith(request.path) for request in requests))
            found.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
    finally:
        cli.end()
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
        (folder / "c").mkdir()
        woken = delays(folder / "a", http, SAMPLES, woken=True, interval=3600.0)
        scanned = delays(folder / "b", http, SCANS, woken=False, interval=1.0)
        clicked = delays_of_the_page(folder / "c", http, SAMPLES // 2)
    report(
        [
            row(f"insert → request, woken ({SAMPLES} times)", woken, 50, 200),
            row(f"click in the page → request ({SAMPLES // 2} times)", clicked, 50, 200),
            row(f"insert → request, by the scan of 1 s ({SCANS} times)", scanned, None, None),
        ]
    )


if __name__ == "__main__":
    main()
