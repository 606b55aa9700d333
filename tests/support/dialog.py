"""The dialog as a person uses it: found by what is written on things, never by how they are made."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class Dialog:
    """``open`` presses the button in the toolbar; texts are English."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_role("textbox", name="Links")
        self.itself = page.get_by_role("dialog", name="Offline download")

    def open(self) -> Dialog:
        self.page.get_by_role("button", name="Offline download").click()
        expect(self.box).to_be_visible()
        return self

    def close(self) -> None:
        self.itself.get_by_role("button", name="Close").click()
        expect(self.itself).to_be_hidden()

    def type(self, *links: str) -> None:
        self.box.fill("\n".join(links))

    def add(self, *links: str) -> None:
        """Type the links and press the one primary button; returns when they have left the box."""
        self.type(*links)
        self.submit.click()
        expect(self.box).to_have_value("")

    @property
    def submit(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile(r"^Download( \d+ files)?$"))

    def rows(self) -> Locator:
        return self.page.get_by_role("region", name="Downloads").get_by_role("listitem")

    def row(self, name: str) -> Locator:
        """The task that is called so."""
        return self.rows().filter(has=self.page.get_by_text(name, exact=True))

    def press(self, label: str) -> None:
        """A button by its whole label, e.g. ``Pause a.bin``."""
        self.page.get_by_role("button", name=label, exact=True).click()

    def expect_words(self, name: str, words: str) -> None:
        """What the task's line says, sooner or later."""
        expect(self.row(name)).to_contain_text(words)
