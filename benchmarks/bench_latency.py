"""How soon a new record becomes a request at the server: woken, by a message of the host, by the scan, and by the page
of the embedded host."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import requests

from seafevents_offline import message
from seafevents_offline.handlers import register_handlers
from seafevents_offline.hosts.standalone import REPO_ID
from tests.support.browser import Served
from tests.support.cli import Cli
from tests.support.http_server import File, HttpServer
from tests.support.service import OWNER, Service

from .common import Row, percentile, place, report, service, until

SAMPLES = 300
SCANS = 5

#: Seconds: the usual interval of a host's daemon.
INTERVAL = 5.0

#: Adds a link to a running service and says so, or not.
Add = Callable[[Service, str], object]


def delays(folder: Path, http: HttpServer, count: int, add: Add, interval: float = 3600.0) -> list[float]:
    """ms from before ``add`` until the server has the request, each on a service that has nothing else to do."""
    found = []
    with service(folder, interval=interval) as running:
        for number in range(count):
            link = http.serve(f"/{folder.name}/{number}", File(data=b"x"))
            began = time.perf_counter()
            add(running, link)
            http.wait_for(lambda requests, link=link: any(link.endswith(request.path) for request in requests))
            found.append((time.perf_counter() - began) * 1000)
            until(lambda: not any(running.repository.queue().values()))
    return found


def woken(running: Service, link: str) -> None:
    running.add(link)
    running.downloader.wake()


class Channel:
    """The host's ``message_handler``, as a message comes to it."""

    def __init__(self) -> None:
        self._handlers: list[Callable[..., object]] = []

    def add_handler(self, msg_type: str, func: Callable[..., object]) -> None:
        self._handlers.append(func)

    def say(self, running: Service, link: str) -> None:
        if not self._handlers:
            register_handlers(self, running.downloader)
        body = {"msg_type": message.TYPE, "repo_id": REPO_ID, "path": "/", "user": OWNER, "url": link}
        for handler in self._handlers:
            handler(None, None, {"content": json.dumps(body), "ctime": 1})


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


def row(what: str, values: list[float], p50: int | None, p99: int, caveat: str) -> Row:
    middle, most = percentile(values, 50), percentile(values, 99)
    budget = f"p99 ≤ {p99} ms" if p50 is None else f"p50 ≤ {p50} ms, p99 ≤ {p99} ms"
    met = most <= p99 and (p50 is None or middle <= p50)
    return Row(what, f"p50 {middle:.0f} ms, p99 {most:.0f} ms", budget, met, caveat)


def rows(*, quick: bool = False) -> list[Row]:
    samples = SAMPLES // 3 if quick else SAMPLES
    with HttpServer() as http, place() as folder:
        (folder / "page").mkdir()
        at_once = delays(folder / "woken", http, samples, woken)
        told = delays(folder / "told", http, samples, Channel().say)
        scanned = delays(folder / "scanned", http, SCANS, lambda running, link: running.add(link), INTERVAL)
        clicked = delays_of_the_page(folder / "page", http, samples // 2)
    queue = "without the host's own queue, which looks for messages twice a second"
    return [
        row(f"insert → request, woken ({samples} times)", at_once, 50, 200, "in one process with the server"),
        row(f"click in the page → request ({samples // 2} times)", clicked, 50, 200, "a request over HTTP, no browser"),
        row(f"message of the host → request ({samples} times)", told, None, 700, queue),
        row(f"insert → request, by the scan of {INTERVAL:g} s ({SCANS} times)", scanned, None, 5200, "few samples"),
    ]


def main() -> None:
    report(rows())


if __name__ == "__main__":
    main()
