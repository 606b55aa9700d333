"""The same pages on a phone, in the dark, in other languages, and to assistive technology."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Served, accessibility_faults
from tests.support.dialog import Dialog
from tests.support.http_files import Answer, File
from tests.support.http_server import HttpServer

Open = Callable[..., Page]

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def fill(dialog: Dialog, http_server: HttpServer) -> None:
    """One task of each kind that a list usually has."""
    dialog.add(
        http_server.serve("/a-very-long-name-that-does-not-fit-on-a-phone-at-all-2026-final.bin", File(size=10)),
        http_server.serve("/gone.bin", Answer(404)),
        http_server.serve("/members.bin", File(size=10, login="ada:s3cret")),
        http_server.serve("/slow.bin", File(size=3 * 512 * 1024, stall_after=512 * 1024)),
    )
    dialog.expect_words("gone.bin", "404")
    dialog.expect_words("members.bin", "user name")
    dialog.expect_words("slow.bin", "of 1.5 MB")
    expect(dialog.rows().filter(has_text="Saved")).to_have_count(1)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def brightness(element: Locator, colour: str) -> float:
    """0 to 255, as it comes onto the screen, in whatever way the style sheet says it."""
    red, green, blue = element.evaluate(
        """(element, colour) => {
            const canvas = document.createElement('canvas').getContext('2d');
            canvas.fillStyle = getComputedStyle(element)[colour];
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        }""",
        colour,
    )
    return float(0.299 * red + 0.587 * green + 0.114 * blue)


def test_everything_fits_on_a_phone(open_page: Open, http_server: HttpServer) -> None:
    page = open_page("/", **PHONE)
    assert fits(page)
    dialog = Dialog(page).open()
    fill(dialog, http_server)
    assert fits(page)
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog'))")
    dialog.press("Pause slow.bin")
    dialog.expect_words("slow.bin", "Paused")
    dialog.press("More options")
    dialog.press("Add a header")
    assert page.evaluate("(d => d.scrollWidth <= d.clientWidth)(document.querySelector('dialog .od-panel'))")
    for path in ("/offline-download/", "/sys/offline-download/"):
        page.goto(re.sub(r"(?<=\d)/.*", path, page.url))
        page.wait_for_load_state("networkidle")
        assert fits(page), path


@pytest.mark.parametrize("viewport", [{"width": 1300, "height": 800}, {"width": 360, "height": 740}])
def test_axe_finds_nothing_serious(
    open_page: Open, served: Served, http_server: HttpServer, viewport: dict[str, int]
) -> None:
    page = open_page("/", viewport=viewport)
    assert_accessible(page)
    dialog = Dialog(page).open()
    fill(dialog, http_server)
    dialog.type("no link")
    dialog.press("More options")
    dialog.press("Add a header")
    dialog.press("Try members.bin again")
    assert_accessible(page)
    for path in ("/offline-download/", "/sys/offline-download/"):
        page.goto(served.url + path)
        page.wait_for_load_state("networkidle")
        assert_accessible(page)


def assert_accessible(page: Page) -> None:
    """In the light and in the dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(f"document.body.dataset.bsTheme = '{scheme}'")
        assert accessibility_faults(page) == [], (page.url, scheme)


def test_dark_is_dark(open_page: Open) -> None:
    page = open_page("/")
    page.evaluate("document.body.dataset.bsTheme = 'dark'")
    dialog = Dialog(page).open()
    assert brightness(dialog.itself, "backgroundColor") < 80
    assert brightness(dialog.itself, "color") > 180


@pytest.mark.parametrize(
    ("locale", "button", "saved", "gone"),
    [
        ("de-DE", "Offline-Download", "Gespeichert", "404"),
        ("zh-CN", "离线下载", "已保存", "404"),
    ],
)
def test_the_readers_language_is_spoken(
    open_page: Open, http_server: HttpServer, locale: str, button: str, saved: str, gone: str
) -> None:
    page = open_page("/", locale=locale)
    page.get_by_role("button", name=button).click()
    box = page.get_by_role("dialog").get_by_role("textbox").first
    box.fill("\n".join((http_server.serve("/a.bin", File(size=9)), http_server.serve("/gone.bin", Answer(404)))))
    box.press("Control+Enter")
    rows = page.get_by_role("dialog").get_by_role("listitem")
    expect(rows.filter(has_text="a.bin")).to_contain_text(saved)
    failed = rows.filter(has_text="gone.bin")
    expect(failed).to_contain_text(gone)
    expect(failed).not_to_contain_text("there is no such file")


def test_only_changes_of_state_are_announced(open_page: Open, http_server: HttpServer) -> None:
    page = open_page("/")
    dialog = Dialog(page).open()
    page.evaluate(
        """() => {
            window.heard = [];
            const listen = () => window.heard.push(document.querySelector('.od-root [aria-live]').textContent);
            new MutationObserver(listen).observe(document.querySelector('.od-root [aria-live]'),
                {childList: true, characterData: true, subtree: true});
        }"""
    )
    dialog.add(http_server.serve("/a.bin", File(size=2 * 1024**2, rate=150_000)))
    dialog.expect_words("a.bin", "Saved")
    expect(page.locator(".od-root [aria-live]")).to_contain_text("a.bin is in the library.")
    heard = [text for text in page.evaluate("window.heard") if text]
    assert not any("MB" in text or "%" in text for text in heard)
    assert len(heard) <= 4


def test_nothing_jumps_when_progress_changes(open_page: Open, http_server: HttpServer, tmp_path: Path) -> None:
    dialog = Dialog(open_page("/")).open()
    file = File(size=3 * 512 * 1024, rate=40_000)
    dialog.add(http_server.serve("/a.bin", file), http_server.serve("/b.bin", File(size=10)))
    dialog.expect_words("a.bin", "of 1.5 MB")
    # The other one moves no more.
    dialog.expect_words("b.bin", "Saved")
    row, pause = dialog.row("a.bin"), dialog.page.get_by_role("button", name="Pause a.bin")
    words = row.locator(".od-words")
    before, text = (row.bounding_box(), pause.bounding_box()), words.inner_text()
    expect(words).not_to_have_text(text)
    assert (row.bounding_box(), pause.bounding_box()) == before
