"""What people were promised: each task that was accepted, what was done to it since, and how it may end."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from seafevents_offline.status import Action, OfflineDownloadStatus
from seafevents_offline.task import Task

from .links import Link

_S = OfflineDownloadStatus


@dataclass
class Entry:
    """``ends``: the states in which it may be when nothing moves any more. ``story``: what was done to it."""

    odr_id: int
    owner: str
    link: Link
    ends: set[OfflineDownloadStatus]
    is_removed: bool = False
    story: list[tuple[float, str]] = field(default_factory=list)

    @property
    def runs_to(self) -> set[OfflineDownloadStatus]:
        """How it ends when it is left alone."""
        return {_S.ERROR} if self.link.reasons else {_S.OK}

    def note(self, words: str) -> None:
        self.story.append((time.monotonic(), words))


class Book:
    """``tried``: links whose adding was not answered; they may be in the table or not."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.tried: dict[str, tuple[str, Link]] = {}
        self._guard = threading.Lock()

    def accepted(self, task: Task, link: Link) -> Entry:
        with self._guard:
            entry = self.entries[task.odr_id] = Entry(task.odr_id, task.owner, link, set())
        entry.ends = set(entry.runs_to)
        entry.note(f"was accepted: {link.kind}, {link.size} bytes")
        return entry

    def unanswered(self, owner: str, link: Link) -> None:
        with self._guard:
            self.tried[link.url] = owner, link

    def done(self, entry: Entry, action: Action, task: Task) -> None:
        """It was done; the answer was ``task``."""
        entry.ends = set(_leads_to(entry, action))
        entry.note(f"{action.value}: done, {task.status.state}")

    def maybe_done(self, entry: Entry, action: Action) -> None:
        """Nobody knows: the answer got lost."""
        entry.ends |= _leads_to(entry, action)
        entry.note(f"{action.value}: no answer")

    def removed(self, entry: Entry, task: Task) -> None:
        """Taken out of the list; cancelled if that was still possible."""
        if task.status is _S.CANCELLED:
            entry.ends = {_S.CANCELLED}
        entry.is_removed = True
        entry.note(f"remove: done, {task.status.state}")

    def maybe_removed(self, entry: Entry) -> None:
        entry.ends.add(_S.CANCELLED)
        entry.is_removed = True
        entry.note("remove: no answer")


def _leads_to(entry: Entry, action: Action) -> set[OfflineDownloadStatus]:
    return entry.runs_to if action.target is _S.WAITING else {action.target}
