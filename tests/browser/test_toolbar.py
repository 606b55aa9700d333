"""The button's place in Seahub 11 to 14: pages of our own with the toolbar of each family, in a real browser.

Each page in ``toolbar/`` says at which address it stands; the script gets what the server of that address would say.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.support.browser import Pages
from tests.support.tree import ROOT

FIXTURES = Path(__file__).parent / "toolbar"
BUILD = ROOT / "seahub_patch" / "static" / "offline_download"
SEAHUB = "http://seahub.test"

CONFIG = {
    "page": "library",
    "siteRoot": "/",
    "lang": "en",
    "csrfToken": "x",
    "username": "ada@example.com",
    "catalogUrl": None,
}
SERVICE = {
    "enabled": True,
    "running": True,
    "message": "",
    "can_add": True,
    "schemes": ["http", "https"],
    "max_size": 0,
    "max_urls": 100,
    "max_link_length": 4096,
    "tasks_per_user": 100,
    "adds_per_hour": 300,
    "reasons": {},
}
LIST = {"data": [], "total_count": 0, "page": 1, "per_page": 10, "has_next_page": False}

#: On these the user may upload into the folder on screen.
SHOWN = ["11", "11-phone", "12", "13", "14", "14-phone"]
MENUS = ["14-menu-plus", "14-menu-new"]
HIDDEN = sorted({path.stem for path in FIXTURES.glob("*.html")} - {*SHOWN, *MENUS, "14-menu-other"})


def show(pages: Pages, name: str) -> Page:
    """The page as Seahub would give it, with our script."""
    text = (FIXTURES / f"{name}.html").read_text(encoding="utf-8")
    found = re.search(r'name="address" content="([^"]+)"', text)
    assert found is not None
    script = f'<script type="application/json" id="offline-download-config">{json.dumps(CONFIG)}</script>'
    script += '<link rel="stylesheet" href="/od.css"><script src="/od.js" defer></script>'
    text = text.replace("</body>", f"{script}</body>")
    page = pages.open("about:blank", viewport={"width": 360 if "phone" in name else 1300, "height": 700})
    page.route(f"{SEAHUB}/**", lambda route: answer(route, text))
    page.goto(SEAHUB + found[1].replace("&amp;", "&"))
    return page


def answer(route: Route, page: str) -> None:
    path = urlsplit(route.request.url).path
    if path == "/od.js":
        route.fulfill(path=BUILD / "offline-download.js")
    elif path == "/od.css":
        route.fulfill(path=BUILD / "offline-download.css")
    elif path.endswith("toolbar.css"):
        route.fulfill(path=FIXTURES / "toolbar.css")
    elif "/api/v2.2/" in path:
        route.fulfill(json=SERVICE if "config" in path else {"by_status": {}} if "stats" in path else LIST)
    elif "/api/" in path:
        route.fulfill(json={"user_perm": "rw", "dirent_list": []})
    else:
        route.fulfill(body=page, content_type="text/html; charset=utf-8")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Offline download")


@pytest.mark.parametrize("name", SHOWN)
def test_the_button_stands_beside_upload_and_opens_the_dialog(pages: Pages, name: str) -> None:
    page = show(pages, name)
    expect(button(page)).to_have_count(1)
    expect(button(page)).to_be_visible()
    before = page.evaluate("document.querySelector('.od-toolbar-button').previousElementSibling.textContent")
    assert "Upload" in before or name != "11"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the toolbar has grown too wide"
    button(page).click()
    dialog = page.get_by_role("dialog", name="Offline download")
    expect(dialog).to_contain_text("Saves to My library / reports / 2026 #1")


@pytest.mark.parametrize("name", HIDDEN)
def test_elsewhere_there_is_no_button(pages: Pages, name: str) -> None:
    page = show(pages, name)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(button(page)).to_have_count(0)


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_there_once_however_often_the_toolbar_is_drawn_again(pages: Pages, name: str) -> None:
    page = show(pages, name)
    expect(button(page)).to_have_count(1)
    page.evaluate(
        """() => {
            const toolbar = document.querySelector('.dir-operation'), parent = toolbar.parentNode;
            const fresh = toolbar.cloneNode(true);
            fresh.querySelector('.od-toolbar-button').remove();
            for (let i = 0; i < 100; i++)
                parent.replaceChild(fresh.cloneNode(true), document.querySelector('.dir-operation'));
        }"""
    )
    expect(button(page)).to_have_count(1)
    # Seahub's own navigation to a folder that may only be read.
    page.evaluate("document.querySelector('.dir-operation').replaceChildren()")
    expect(button(page)).to_have_count(0)


@pytest.mark.parametrize("name", MENUS)
def test_in_14_the_menus_have_it_too_behind_upload_folder(pages: Pages, name: str) -> None:
    page = show(pages, name)
    item = page.get_by_role("menuitem", name="Offline download")
    expect(item).to_have_count(1)
    labels = page.get_by_role("menu").get_by_role("menuitem").all_inner_texts()
    assert labels.index("Offline download") == labels.index("Upload Folder") + 1
    item.click()
    expect(page.get_by_role("dialog", name="Offline download")).to_be_visible()


def test_other_menus_are_left_alone(pages: Pages) -> None:
    page = show(pages, "14-menu-other")
    expect(button(page)).to_have_count(1)
    expect(page.get_by_role("menuitem", name="Offline download")).to_have_count(0)
