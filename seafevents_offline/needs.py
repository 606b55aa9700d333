"""What a task's link needs beside itself, when its run begins: opened; or found in the link, and sealed in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .extras import NO_EXTRAS, Extras, Sealed
from .task import Task
from .vault import Vault


@dataclass(frozen=True)
class Needs:
    """``cookies``: what the setting of that name says now."""

    vault: Vault
    cookies: bool = False

    def of(self, task: Task) -> tuple[str, Extras]:
        """The link without a user name and a password, and what it needs. Raises SecretsUnreadable, VaultUnavailable,
        HeaderRefused for what may not be sent any more, and what ``Extras.of_link`` raises."""
        opened = self.vault.open(task.secret, task.owner, task.url) if task.secret else NO_EXTRAS
        opened.check_allowed(self.cookies)
        return Extras.of_link(task.url, opened)

    def secure(self, task: Task, write: Callable[[str, Sealed | None], Task | None]) -> tuple[Task | None, Extras]:
        """``of``; a row that came with a password in its link, from a message or another program, loses it before
        anything else: ``write`` has the link and what was sealed from then on, or says None."""
        url, extras = self.of(task)
        return (task if url == task.url else write(url, self.vault.seal(extras, task.owner, url))), extras
