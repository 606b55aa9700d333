"""The embedded host's own part of its pages: folders without loading a page, menus, a new folder, the theme."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Served, accessibility_faults
from tests.support.waiting import eventually

OpenPage = Callable[..., Page]

BUTTON = "Offline download"


def mark(page: Page) -> None:
    """What a page that is loaded anew does not have."""
    page.evaluate("window.marked = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.marked === true"))


def path_of(page: Page) -> str:
    return str(page.evaluate("decodeURIComponent(location.pathname).split('/library')[2]"))


def names(page: Page) -> list[str]:
    return page.locator("#folder-list tbody a").all_text_contents()


def test_a_folder_opens_without_loading_the_page_and_the_way_back_too(served: Served, open_page: OpenPage) -> None:
    (served.library / "a & b" / "50% <c>").mkdir(parents=True)
    page = open_page()
    mark(page)
    page.get_by_role("link", name="a & b").click()
    page.get_by_role("link", name="50% <c>").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("50% <c>")
    assert path_of(page) == "/a & b/50% <c>"
    expect(page.locator(".dir-operation").get_by_role("button", name=BUTTON)).to_have_count(1)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("a & b")
    page.get_by_role("navigation", name="Path").get_by_role("link", name="library").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("library")
    assert path_of(page) == "/"
    assert is_marked(page)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("library")


def test_popstate_with_a_path_reads_the_list_anew_and_nothing_else(served: Served, open_page: OpenPage) -> None:
    page = open_page()
    mark(page)
    page.evaluate("document.querySelector('.dir-operation').dataset.mark = 'same'")
    (served.library / "new.bin").write_bytes(b"x" * 2048)
    address = page.url
    page.evaluate("window.dispatchEvent(new PopStateEvent('popstate', {state: {path: '/'}}))")
    expect(page.get_by_role("link", name="new.bin")).to_be_visible()
    expect(page.locator("#folder-list")).to_contain_text("now")
    assert (page.url, is_marked(page)) == (address, True)
    assert page.evaluate("document.querySelector('.dir-operation').dataset.mark") == "same"


def test_a_folder_is_made_by_keyboard_alone(served: Served, open_page: OpenPage) -> None:
    page = open_page()
    toggle = page.locator(".more-dropdown-toggle")
    toggle.focus()
    page.keyboard.press("Enter")
    item = page.get_by_role("menuitem", name="New Folder")
    expect(item).to_be_focused()
    page.keyboard.press("Escape")
    expect(item).to_have_count(0)
    expect(toggle).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("März 2026")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="März 2026")).to_be_visible()
    assert (served.library / "März 2026").is_dir()
    expect(toggle).to_be_focused()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a/b", "A folder cannot have this name."),
        ("", "A folder cannot have this name."),
        ("..", "A folder cannot have this name."),
        ("taken", "There is something of this name already."),
    ],
)
def test_a_name_that_cannot_be_is_told_where_it_was_typed(
    served: Served, open_page: OpenPage, name: str, sentence: str
) -> None:
    (served.library / "taken").mkdir()
    page = open_page()
    page.locator(".more-dropdown-toggle").click()
    page.get_by_role("menuitem", name="New Folder").click()
    box = page.get_by_role("textbox", name="Name")
    box.fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(sentence)
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [path.name for path in served.library.iterdir()] == ["taken"]


def test_the_theme_follows_the_system_until_somebody_chooses(open_page: OpenPage) -> None:
    page = open_page(color_scheme="dark")
    body = page.locator("body")
    expect(body).to_have_attribute("data-bs-theme", "dark")
    toggle = page.get_by_role("button", name="Dark mode")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    expect(body).to_have_attribute("data-bs-theme", "light")
    page.reload()
    expect(body).to_have_attribute("data-bs-theme", "light")


def test_a_language_is_chosen_on_the_page(open_page: OpenPage) -> None:
    page = open_page("/offline-download/")
    page.get_by_role("button", name="Language").click()
    page.get_by_role("menuitemradio", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_role("link", name="Verwaltung")).to_be_visible()
    assert page.url.endswith("/offline-download/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1300, 360])
def test_the_library_page_is_for_everybody(served: Served, open_page: OpenPage, scheme: str, width: int) -> None:
    (served.library / "reports" / ("long-name-" * 20)).mkdir(parents=True)
    (served.library / ("file-with-a-very-long-name-" * 8 + ".bin")).write_bytes(b"x")
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 640})
    assert accessibility_faults(page) == []
    page.get_by_role("link", name="reports", exact=True).click()
    page.get_by_role("link", name=re.compile("^long-name-")).click()
    expect(page.locator(".empty-folder")).to_be_visible()
    page.locator(".more-dropdown-toggle").click()
    assert accessibility_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    toggle, button = page.locator(".more-dropdown-toggle"), page.locator(".dir-operation > button")
    for tool in (toggle, button):
        box = tool.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width


def test_a_service_that_is_away_is_told_and_the_list_stays(served: Served, open_page: OpenPage) -> None:
    (served.library / "folder").mkdir()
    page = open_page()
    served.stop()
    page.get_by_role("link", name="folder").click()
    expect(page.locator("#folder-error")).to_have_text("The service does not answer. Is it still running?")
    assert names(page) == ["folder"]
    served.start()
    page.get_by_role("link", name="folder").click()
    expect(page.locator(".empty-folder")).to_be_visible()
    eventually(lambda: path_of(page) == "/folder")


def test_a_folder_that_went_away_is_told(served: Served, open_page: OpenPage) -> None:
    (served.library / "folder").mkdir()
    page = open_page()
    (served.library / "folder").rmdir()
    page.get_by_role("link", name="folder").click()
    expect(page.locator("#folder-error")).to_have_text("There is nothing at this address.")
    assert path_of(page) == "/"
