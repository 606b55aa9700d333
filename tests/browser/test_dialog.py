"""A link in the dialog, from the keyboard to the file in the folder: real Chromium, real aria2c, a real service."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import Served
from tests.support.dialog import Dialog
from tests.support.http_files import Answer, File
from tests.support.http_server import HttpServer, content

Open = Callable[..., Page]

SIZE = 3 * 512 * 1024
HALT = 512 * 1024


@pytest.fixture
def slow(http_server: HttpServer) -> File:
    """A file that stops in the middle until the test lets it go on."""
    file = File(size=SIZE, seed=1, stall_after=HALT)
    http_server.serve("/slow.bin", file)
    return file


def folder_of(page: Page) -> list[str]:
    """What the page behind the dialog lists."""
    return page.locator("main tbody tr").all_inner_texts()


def test_a_link_becomes_a_file_in_the_folder_on_screen(
    open_page: Open, served: Served, http_server: HttpServer, slow: File
) -> None:
    (served.library / "reports").mkdir()
    page = open_page("/")
    page.get_by_role("link", name="reports").click()
    expect(page).to_have_url(re.compile("/reports$"))
    dialog = Dialog(page).open()
    expect(dialog.itself).to_contain_text("Saves to library / reports")
    dialog.add(http_server.url("/slow.bin"))
    dialog.expect_words("slow.bin", "512 kB of 1.5 MB")
    bar = dialog.row("slow.bin").get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "33")
    slow.stall.set()
    dialog.expect_words("slow.bin", "Saved · 1.5 MB")
    expect(bar).to_have_count(0)
    # Nobody reloads the page: the list behind the dialog shows the file by itself.
    expect(page.locator("main tbody")).to_contain_text("slow.bin")
    assert (served.library / "reports" / "slow.bin").read_bytes() == content(1, SIZE)
    dialog.close()
    expect(page.get_by_role("button", name="Offline download")).to_be_focused()


def test_the_name_of_a_finished_one_leads_to_the_file(open_page: Open, http_server: HttpServer) -> None:
    page = open_page("/")
    dialog = Dialog(page).open()
    dialog.add(http_server.serve("/a.txt", File(data=b"hello")))
    link = dialog.row("a.txt").get_by_role("link", name="a.txt")
    assert link.get_attribute("href") is not None
    answer = page.request.get(link.evaluate("element => element.href"))
    assert answer.body() == b"hello"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_file_that_is_not_there_fails_with_its_reason_and_can_be_tried_again(
    open_page: Open, http_server: HttpServer
) -> None:
    dialog = Dialog(open_page("/")).open()
    dialog.add(http_server.serve("/gone.bin", Answer(404)))
    dialog.expect_words("gone.bin", "there is no such file (404 not found). Please check the link.")
    page = dialog.page
    page.get_by_role("tab", name="Failed").click()
    expect(page.get_by_role("tab", name="Failed 1")).to_be_visible()
    http_server.serve("/gone.bin", File(size=1000))
    dialog.press("Try gone.bin again")
    page.get_by_role("tab", name="All").click()
    dialog.expect_words("gone.bin", "Saved")


def test_pause_and_resume_go_on_where_it_was(open_page: Open, http_server: HttpServer, slow: File) -> None:
    dialog = Dialog(open_page("/")).open()
    dialog.add(http_server.url("/slow.bin"))
    dialog.expect_words("slow.bin", "512 kB of 1.5 MB")
    dialog.press("Pause slow.bin")
    dialog.expect_words("slow.bin", "Paused · 512 kB of 1.5 MB")
    http_server.wait_for(lambda requests: not requests[0].open)
    dialog.page.get_by_label("Priority of slow.bin").select_option("High")
    dialog.expect_words("slow.bin", "Paused · 512 kB of 1.5 MB · high priority")
    slow.stall.set()
    dialog.press("Resume slow.bin")
    dialog.expect_words("slow.bin", "Saved")
    assert any(request.range for request in http_server.requests)


def test_cancel_retry_and_remove(open_page: Open, served: Served, http_server: HttpServer, slow: File) -> None:
    dialog = Dialog(open_page("/")).open()
    dialog.add(http_server.url("/slow.bin"))
    dialog.expect_words("slow.bin", "512 kB of 1.5 MB")
    dialog.press("Cancel slow.bin")
    dialog.expect_words("slow.bin", "Cancelled")
    slow.stall.set()
    dialog.press("Try slow.bin again")
    dialog.expect_words("slow.bin", "Saved")
    dialog.press("Remove slow.bin from the list")
    expect(dialog.rows()).to_have_count(0)
    # It left the list, not the library.
    assert (served.library / "slow.bin").exists()


def test_ten_links_are_pasted_at_once(open_page: Open, served: Served, http_server: HttpServer) -> None:
    links = [http_server.serve(f"/{number}.bin", File(size=1000 + number, seed=number)) for number in range(10)]
    dialog = Dialog(open_page("/")).open()
    dialog.type(*links)
    expect(dialog.submit).to_have_text("Download 10 files")
    dialog.submit.click()
    expect(dialog.page.get_by_text("Saved · ")).to_have_count(10)
    assert {path.name for path in served.library.iterdir()} >= {f"{number}.bin" for number in range(10)}
    dialog.press("Clear finished")
    expect(dialog.rows()).to_have_count(0)


def test_what_is_no_link_stays_in_the_box_with_its_reason(open_page: Open, http_server: HttpServer) -> None:
    dialog = Dialog(open_page("/")).open()
    good = http_server.serve("/good.bin", File(size=10))
    dialog.type(good, "ftp://example.com/a.zip", "no link", good)
    dialog.box.press("End")
    dialog.box.press("Enter")
    expect(dialog.itself).to_contain_text("ftp://example.com/a.zip")
    dialog.submit.click()
    dialog.expect_words("good.bin", "Saved")
    # The list may know of it before the answer is there.
    expect(dialog.box).not_to_have_value(re.compile(re.escape(good)))
    assert "no link" in dialog.box.input_value()
    assert http_server.url("/good.bin") not in dialog.box.input_value().splitlines()[0]


def test_a_wished_name_is_used(open_page: Open, served: Served, http_server: HttpServer) -> None:
    page = open_page("/")
    dialog = Dialog(page).open()
    dialog.type(http_server.serve("/x?token=secret", File(data=b"report")))
    dialog.press("More options")
    page.get_by_label("Save under the name").fill("Bericht – Größe 😀.txt".replace("😀", "é"))
    dialog.submit.click()
    dialog.expect_words("Bericht – Größe é.txt", "Saved")
    assert (served.library / "Bericht – Größe é.txt").read_bytes() == b"report"


def test_a_file_that_does_not_match_its_checksum_says_so(
    open_page: Open, served: Served, http_server: HttpServer
) -> None:
    page = open_page("/")
    dialog = Dialog(page).open()
    dialog.type(http_server.serve("/setup.exe", File(data=b"something else")))
    dialog.press("More options")
    page.get_by_label("Checksum").fill("SHA256:" + "a" * 64)
    dialog.submit.click()
    dialog.expect_words("setup.exe", "does not match its checksum")
    assert list(served.library.iterdir()) == []


def test_a_login_in_a_pasted_link_reaches_the_server_and_is_kept_nowhere(
    open_page: Open, http_server: HttpServer
) -> None:
    page = open_page("/")
    dialog = Dialog(page).open()
    link = http_server.serve("/members.bin", File(size=1000, login="ada:s3cret"))
    dialog.type(link.replace("://", "://ada:s3cret@"))
    expect(dialog.box).to_have_value(link)
    username, password = page.get_by_label("User name", exact=True), page.get_by_label("Password", exact=True)
    expect(username).to_have_value("ada")
    expect(password).to_have_value("s3cret")
    expect(password).to_have_attribute("type", "password")
    dialog.press("Add a header")
    page.get_by_label("Name of the header").select_option("X-Api-Key")
    page.get_by_label("Value of X-Api-Key").fill("k3y")
    dialog.submit.click()
    expect(dialog.box).to_have_value("")
    dialog.expect_words("members.bin", "Saved")
    assert http_server.requests[-1].headers["x-api-key"] == "k3y"
    dialog.press("More options")
    expect(username).to_have_value("")
    expect(password).to_have_value("")
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}]) + document.documentElement.outerHTML"
    )
    assert "s3cret" not in kept
    assert "k3y" not in kept


def test_a_password_that_was_wrong_is_asked_for_again_in_the_row(open_page: Open, http_server: HttpServer) -> None:
    page = open_page("/offline-download/")
    dialog = Dialog(page)
    dialog.add(http_server.serve("/members.bin", File(size=1000, login="ada:s3cret")).replace("://", "://ada:wrong@"))
    row = dialog.row("members.bin")
    dialog.expect_words("members.bin", "The server wants a user name and password")
    expect(row.get_by_role("img", name="With a user name and password")).to_be_visible()
    dialog.press("Try members.bin again")
    expect(row.get_by_label("User name", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(row.get_by_role("form")).to_have_count(0)
    expect(page.get_by_role("button", name="Try members.bin again")).to_be_focused()
    page.keyboard.press("Enter")
    row.get_by_role("button", name="Try again", exact=True).click()
    expect(row.get_by_role("alert")).to_contain_text("Please enter them again.")
    row.get_by_label("User name", exact=True).fill("ada")
    row.get_by_label("Password", exact=True).fill("s3cret")
    page.keyboard.press("Enter")
    dialog.expect_words("members.bin", "Saved")


def test_the_keyboard_alone_is_enough(open_page: Open, http_server: HttpServer, slow: File) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Offline download").focus()
    page.keyboard.press("Enter")
    dialog = Dialog(page)
    expect(dialog.box).to_be_focused()
    page.keyboard.type(http_server.url("/slow.bin"))
    page.keyboard.press("Control+Enter")
    dialog.expect_words("slow.bin", "512 kB of 1.5 MB")
    tab_to(page, "Pause slow.bin")
    page.keyboard.press("Enter")
    dialog.expect_words("slow.bin", "Paused")
    slow.stall.set()
    tab_to(page, "Resume slow.bin")
    page.keyboard.press(" ")
    dialog.expect_words("slow.bin", "Saved")
    page.keyboard.press("Escape")
    expect(dialog.itself).to_be_hidden()
    expect(page.get_by_role("button", name="Offline download")).to_be_focused()


def test_the_focus_stays_in_the_dialog(open_page: Open) -> None:
    page = open_page("/")
    Dialog(page).open()
    for _ in range(40):
        page.keyboard.press("Tab")
        outside = page.evaluate("!document.activeElement.closest('dialog') && document.activeElement !== document.body")
        assert not outside


def test_a_server_that_stops_and_starts_again(
    open_page: Open, served: Served, http_server: HttpServer, slow: File
) -> None:
    dialog = Dialog(open_page("/")).open()
    dialog.add(http_server.url("/slow.bin"))
    dialog.expect_words("slow.bin", "512 kB of 1.5 MB")
    served.stop()
    expect(dialog.itself).to_contain_text("The server does not answer.")
    slow.stall.set()
    served.start()
    # Without anybody's help: the countdown ends, or somebody is impatient.
    dialog.expect_words("slow.bin", "Saved")
    expect(dialog.itself).not_to_contain_text("The server does not answer.")


def test_what_is_written_survives_closing(open_page: Open) -> None:
    dialog = Dialog(open_page("/")).open()
    dialog.type("https://example.com/half-writ")
    dialog.close()
    dialog.open()
    expect(dialog.box).to_have_value("https://example.com/half-writ")


def test_a_hostile_name_is_shown_as_it_is(open_page: Open, http_server: HttpServer) -> None:
    name = "<img src=x onerror=alert(1)>.txt"
    dialog = Dialog(open_page("/")).open()
    dialog.add(http_server.serve("/x", File(data=b"x", disposition=f'attachment; filename="{name}"')))
    expect(dialog.rows().first).to_contain_text("Saved")
    assert dialog.page.locator("img[src=x]").count() == 0


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the focus is there, as a person would."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
            return
    raise AssertionError(f"the keyboard does not get to {label!r}")
