"""The page of one's downloads and the administrators' page, on the embedded host."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.support.browser import Pages, Served
from tests.support.dialog import Dialog
from tests.support.http_files import Answer, File
from tests.support.http_server import HttpServer

Open = Callable[..., Page]


def test_a_bookmark_fills_the_box_and_adds_nothing(open_page: Open, http_server: HttpServer) -> None:
    link = http_server.serve("/a.bin?x=1&y=2", File(size=10))
    page = open_page(f"/offline-download/?url={quote(link, safe='')}&submit=1&name=x")
    dialog = Dialog(page)
    expect(dialog.box).to_have_value(link)
    page.wait_for_load_state("networkidle")
    expect(dialog.rows()).to_have_count(0)
    assert http_server.requests == []
    dialog.submit.click()
    dialog.expect_words("a.bin", "Saved")


def test_a_folder_is_chosen_and_remembered(open_page: Open, served: Served, http_server: HttpServer) -> None:
    (served.library / "reports" / "2026").mkdir(parents=True)
    page = open_page("/offline-download/")
    dialog = Dialog(page)
    page.get_by_role("button", name="Choose a folder").click()
    page.get_by_role("button", name="reports").click()
    page.get_by_role("button", name="2026").click()
    page.get_by_role("button", name="Use this folder").click()
    dialog.add(http_server.serve("/a.bin", File(size=10)))
    dialog.expect_words("a.bin", "Saved")
    assert (served.library / "reports" / "2026" / "a.bin").exists()
    page.reload()
    expect(page.get_by_role("button", name="reports / 2026")).to_be_visible()
    (served.library / "reports" / "2026" / "a.bin").unlink()
    (served.library / "reports" / "2026").rmdir()
    page.reload()
    expect(page.get_by_role("button", name="2026")).to_have_count(0)


def test_administrators_see_everything_but_secrets(open_page: Open, http_server: HttpServer) -> None:
    page = open_page("/offline-download/")
    dialog = Dialog(page)
    dialog.add(http_server.serve("/a.bin?token=s3cret", File(size=10)))
    dialog.expect_words("a.bin", "Saved")
    dialog.add(http_server.serve("/gone.bin", Answer(404)))
    dialog.expect_words("gone.bin", "404")
    dialog.press("Remove gone.bin from the list")
    expect(dialog.rows()).to_have_count(1)
    page.goto(re.sub(r"(?<=\d)/.*", "/sys/offline-download/", page.url))
    log = page.get_by_role("table", name="Downloads")
    expect(log.get_by_role("row")).to_have_count(3)
    expect(log).to_contain_text("removed from the list")
    expect(log).not_to_contain_text("s3cret")
    page.get_by_label("State").select_option(label="Failed")
    expect(log.get_by_role("row")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert len(rows) == 2
    assert "gone.bin" in ",".join(rows[1])
    page.get_by_role("tab", name="Health").click()
    expect(page.get_by_role("table", name="Health")).to_contain_text("The download service is running.")


def test_without_the_link_a_page_says_how_to_get_it(pages: Pages, served: Served) -> None:
    page = pages.open(served.url)
    expect(page.locator("body")).to_contain_text("Please open the link that “make run” prints")
    expect(page.get_by_role("button", name="Offline download")).to_have_count(0)
