"""How soon the dialog can be used after the click, and whether a list of 100 tasks moves smoothly."""

from __future__ import annotations

import json
import statistics
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from seafevents_offline.shape import shape
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.browser import Pages, Served, started_browser
from tests.support.cli import Cli

from .common import Row, percentile, place, report

CLICKS = 30
TASKS = 100
UPDATES = 8

#: When the invented tasks were added.
_BEGUN = datetime(2026, 1, 2, 3, 4, 5)

#: From the click until the text box has the focus and the frame with it was drawn.
_CLICK = """() => new Promise(done => {
    const button = document.querySelector('.od-toolbar-button');
    const began = performance.now();
    button.click();
    const look = () => document.activeElement?.tagName === 'TEXTAREA'
        ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look);
    look();
})"""

#: Every frame's length from now on, in ``window.frames``.
_FRAMES = """() => {
    window.frames = [];
    let before = performance.now();
    const next = now => { window.frames.push(now - before); before = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
}"""


def clicks(pages: Pages, link: str) -> tuple[float, list[float]]:
    """Milliseconds: the first click after the page has come, and later ones."""
    page = pages.open(link)
    page.wait_for_selector(".od-toolbar-button")
    found = []
    for _ in range(CLICKS + 1):
        found.append(float(page.evaluate(_CLICK)))
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="hidden")
    return found[0], found[1:]


def frames(pages: Pages, link: str) -> tuple[list[float], list[float]]:
    """Lengths of frames in ms while nothing moves, and while 100 tasks change with every answer."""
    page = pages.open(link)
    answers: list[int] = []
    page.route("**/api/v2.2/offline-download/tasks?*", lambda route: _answer(route, answers))
    page.wait_for_selector(".od-toolbar-button")
    idle = _watch(page, lambda: page.wait_for_timeout(3000))
    page.evaluate(_CLICK)
    page.wait_for_selector(f".od-row:nth-of-type({TASKS})", state="attached")
    begun = len(answers)
    moving = _watch(page, lambda: _until(page, answers, begun + UPDATES))
    return idle, moving


def _watch(page: Page, wait: Any) -> list[float]:
    page.evaluate(_FRAMES)
    wait()
    return [float(length) for length in page.evaluate("window.frames.slice(1)")]


def _until(page: Page, answers: list[int], count: int) -> None:
    while len(answers) < count:
        page.wait_for_timeout(100)


def _answer(route: Route, answers: list[int]) -> None:
    answers.append(1)
    tasks = [shape(_task(number, len(answers)), "library") for number in range(TASKS)]
    data = {"data": tasks, "total_count": TASKS, "page": 1, "per_page": TASKS, "has_next_page": False}
    route.fulfill(body=json.dumps(data), content_type="application/json", headers={"ETag": f'"{len(answers)}"'})


def _task(number: int, turn: int) -> Task:
    return Task(
        odr_id=number + 1,
        repo_id="r",
        path="/",
        url=f"https://example.com/{number}.bin",
        owner="me@localhost",
        timestamp=_BEGUN,
        started_at=_BEGUN,
        status=OfflineDownloadStatus.DOWNLOADING,
        name=f"{number}.bin",
        size=10**9,
        completed=10**7 * (turn + 1),
        speed=10**6 + turn,
    )


def rows(*, quick: bool = False) -> list[Row]:
    with place() as folder, started_browser() as browser:
        cli = Cli(Path(folder), installed=True)
        pages = Pages(browser)
        try:
            served = Served(cli).start()
            first, later = clicks(pages, served.link)
            idle, moving = frames(pages, served.link)
        finally:
            # Why it did not come to its end, if it did not.
            print(*pages.complaints, sep="\n", end="", file=sys.stderr)
            pages.close()
            cli.end()
    # A frame that took twice the usual time is one that was dropped.
    usual = statistics.median(idle)
    dropped = [sum(length > 1.9 * usual for length in lengths) / len(lengths) * 100 for lengths in (idle, moving)]
    caveat = "a headless Chromium without a graphics card"
    return [
        Row("click → the dialog can be used, first time", f"{first:.0f} ms", "≤ 200 ms", first <= 200, caveat),
        Row(
            f"click → the dialog can be used, later ({CLICKS} times)",
            f"p50 {percentile(later, 50):.0f} ms, p99 {percentile(later, 99):.0f} ms",
            "≤ 200 ms",
            percentile(later, 99) <= 200,
            caveat,
        ),
        Row(
            f"{TASKS} tasks that all change with each answer: dropped frames",
            f"{dropped[1]:.1f} % ({dropped[0]:.1f} % while nothing moves), longest {max(moving):.0f} ms",
            "none more than while nothing moves",
            dropped[1] <= dropped[0] + 0.5,
            caveat,
        ),
    ]


def main() -> None:
    report(rows())


if __name__ == "__main__":
    main()
