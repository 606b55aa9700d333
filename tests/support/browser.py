"""A real Chromium and a real serving process: what a person has in front of them.

Chromium is the distribution's; Playwright drives it. Whatever a page complains about on its console fails the test.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from .ports import free_port
from .tree import ROOT

if TYPE_CHECKING:
    from .cli import Cli, Running

#: Seconds that anything on a page may take on a machine that does much else; also a page's own pause between two
#: tries of a server that was away, which doubles each time.
PATIENCE = 90.0

_AXE = ROOT / "seahub_patch" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

#: What Chromium says of a server that is away, and of answers that a test provokes; everything else is a defect.
_EXPECTED = re.compile(r"Failed to load resource")


class Served:
    """An embedded host in a process of its own; stops and starts on one port, data folder and library."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self.port = free_port()
        self.link = ""
        self._process: Running | None = None

    @property
    def library(self) -> Path:
        return self._cli.library

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Served:
        """Serving on return; ``link`` signs a browser in."""
        # One connection a file: what stops in the middle stops exactly where a test wants it.
        config = self._cli.write_config(connections="1")
        options = ("--port", str(self.port), "--config", config)
        self._process = self._cli.start("serve", *options)
        self._process.says(r"http://127\.0\.0\.1:\d+/\?token=\S+")
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", self._process.out)
        assert found is not None
        self.link = found.group()
        return self

    def stop(self) -> None:
        """As when the machine loses power: nothing of it is left but the disk."""
        assert self._process is not None
        self._process.end()


@pytest.fixture
def served(cli: Cli) -> Served:
    """A serving embedded host; it ends with the test."""
    return Served(cli).start()


@contextlib.contextmanager
def started_browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "These tests need Chromium, which is not installed. Please run: apt install chromium"
    with sync_playwright() as playwright:
        # Chromium's own sandbox refuses to be root.
        flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        chromium = playwright.chromium.launch(executable_path=path, args=flags, timeout=PATIENCE * 1000)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    expect.set_options(timeout=PATIENCE * 1000)
    with started_browser() as chromium:
        yield chromium


class Pages:
    """Opens pages, each with a profile of its own, and remembers what they complained about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, url: str, **context: Any) -> Page:
        """``context``: what Playwright's ``new_context`` takes, e.g. ``viewport``, ``locale``, ``color_scheme``."""
        made = self._browser.new_context(**{"viewport": {"width": 1300, "height": 800}, "locale": "en-US", **context})
        made.set_default_timeout(PATIENCE * 1000)
        self._contexts.append(made)
        page = made.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.goto(url)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _EXPECTED.search(message.text):
            self.complaints.append(message.text)


@pytest.fixture
def pages(browser: Browser) -> Iterator[Pages]:
    made = Pages(browser)
    yield made
    made.close()
    assert made.complaints == []


@pytest.fixture
def open_page(pages: Pages, served: Served) -> Callable[..., Page]:
    """Opens a page of the embedded host, signed in: ``open_page("/offline-download/", locale="de-DE")``."""

    def open_(path: str = "/", **context: Any) -> Page:
        page = pages.open(served.link, **context)
        if path != "/":
            page.goto(served.url + path)
        return page

    return open_


#: Colours halfway from light to dark are nobody's to read.
_ARRIVE = """() => document.getAnimations().forEach(one => {
    if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
})"""


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds serious or critical on the page as it will be in a moment: rule, and where."""
    page.evaluate(_ARRIVE)
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
