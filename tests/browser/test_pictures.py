"""The pictures of README.md and docs/: what people see, taken from the real thing.

``make pictures`` puts them into the documentation; otherwise they are only taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Served
from tests.support.dialog import Dialog
from tests.support.http_files import Answer, File
from tests.support.http_server import HttpServer

Open = Callable[..., Page]

KB = 1024
MB = 1024 * KB


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Where the pictures go."""
    folder = Path(os.environ.get("OFFLINE_DOWNLOAD_PICTURES", tmp_path / "pictures"))
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def dialog(open_page: Open, served: Served, http_server: HttpServer) -> Dialog:
    """A library with some files, and a list with a task of every kind."""
    (served.library / "reports").mkdir()
    for name, size in (("budget.ods", 48 * KB), ("minutes.odt", 31 * KB)):
        (served.library / "reports" / name).write_bytes(b"x" * size)
    http_server.serve("/photos-2025.zip", File(size=9 * MB))
    http_server.serve("/report-final.pdf", Answer(404))
    http_server.serve("/lecture-07.mp4", File(size=12 * MB, stall_after=5 * MB, seed=2))
    http_server.serve("/debian-netinst.iso", File(size=64 * MB, rate=2 * MB, seed=3))
    http_server.serve("/census-2026.csv", File(size=4 * MB, delay=3600))
    page = open_page("/", viewport={"width": 1300, "height": 720})
    page.get_by_role("link", name="reports").click()
    expect(page).to_have_url(re.compile("/reports$"))
    dialog = Dialog(page).open()
    dialog.add(*map(http_server.url, ("/photos-2025.zip", "/report-final.pdf")))
    dialog.expect_words("photos-2025.zip", "Saved")
    dialog.expect_words("report-final.pdf", "404")
    dialog.add(http_server.url("/lecture-07.mp4"))
    dialog.expect_words("lecture-07.mp4", "5 MB of 12 MB")
    dialog.press("Pause lecture-07.mp4")
    dialog.expect_words("lecture-07.mp4", "Paused")
    dialog.add(*map(http_server.url, ("/debian-netinst.iso", "/census-2026.csv")))
    dialog.expect_words("debian-netinst.iso", "MB/s")
    dialog.type("https://releases.example.org/debian-14-netinst.iso", "https://data.example.org/census-2027.csv")
    expect(dialog.submit).to_have_text("Download 2 files")
    return dialog


def test_the_dialog(dialog: Dialog, album: Path) -> None:
    page = dialog.page
    page.screenshot(path=album / "dialog.png")
    page.evaluate("document.body.dataset.bsTheme = 'dark'")
    page.screenshot(path=album / "dialog-dark.png")
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("document.body.dataset.bsTheme = 'light'")
    page.screenshot(path=album / "dialog-phone.png")
    assert all(picture.stat().st_size > 10_000 for picture in album.glob("dialog*.png"))


def test_what_a_link_may_need(open_page: Open, http_server: HttpServer, album: Path) -> None:
    page = open_page("/", viewport={"width": 1300, "height": 720})
    dialog = Dialog(page).open()
    dialog.add(http_server.serve("/photos-2025.zip", File(size=9 * MB)))
    dialog.expect_words("photos-2025.zip", "Saved")
    link = http_server.serve("/members-only.zip", File(size=9 * MB, login="ada:s3cret"))
    dialog.add(link.replace("://", "://ada:wrong@"))
    dialog.expect_words("members-only.zip", "The server wants a user name and password")
    dialog.press("Try members-only.zip again")
    page.screenshot(path=album / "dialog-again.png")
    dialog.press("Not now")
    dialog.type("https://ada:s3cret@files.example.org/reports/2026.pdf")
    page.set_viewport_size({"width": 1300, "height": 860})
    dialog.press("Add a header")
    page.get_by_label("Value of").fill("de")
    page.screenshot(path=album / "dialog-more.png")
    page.set_viewport_size({"width": 360, "height": 740})
    page.screenshot(path=album / "dialog-more-phone.png")
    assert len(list(album.glob("dialog-*.png"))) >= 3


def test_the_pages(dialog: Dialog, served: Served, album: Path) -> None:
    page = dialog.page
    for name, path in (("admin", "/sys/offline-download/"), ("downloads", "/offline-download/")):
        page.goto(served.url + path)
        expect(page.get_by_text("debian-netinst.iso").first).to_be_visible()
        page.screenshot(path=album / f"{name}.png")
    page.goto(f"{served.url}/sys/offline-download/")
    page.get_by_role("tab", name="Health").click()
    expect(page.get_by_role("table", name="Health")).to_be_visible()
    page.screenshot(path=album / "health.png")
    assert len(list(album.glob("*.png"))) >= 3
