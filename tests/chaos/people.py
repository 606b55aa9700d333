"""People: each adds links and then cannot leave them alone. Everything goes through the repository, as it does from
every page, and everything that is answered goes into the book."""

from __future__ import annotations

import contextlib
import random
import threading
import time

from seafevents_offline.errors import InfrastructureError, InputError, TooManyTasks
from seafevents_offline.repository import Allowance, Repository
from seafevents_offline.status import Action
from seafevents_offline.task import NewTask
from tests.support.service import REPO_ID

from .book import Book, Entry
from .links import Links

#: How often each is done, of all that is done to tasks.
_DEEDS = {"pause": 30, "resume": 30, "cancel": 8, "retry": 12, "remove": 6, "prioritise": 14}

#: How often something is asked for that should be answered by now.
_TRIES = 10


class Person(threading.Thread):
    """``tasks``: how many it adds, evenly over ``seconds``; it goes on until told to ``leave``."""

    def __init__(
        self,
        repository: Repository,
        book: Book,
        links: Links,
        dice: random.Random,
        *,
        allowance: Allowance,
        tasks: int,
        seconds: float,
    ) -> None:
        super().__init__(name=links.owner, daemon=True)
        self._repository = repository
        self._book = book
        self._links = links
        self._dice = dice
        self._allowance = allowance
        self._left = tasks
        self._pause = seconds / tasks
        self._own: list[Entry] = []
        self._leaving, self._giving_up = threading.Event(), threading.Event()

    def leave(self) -> None:
        """But it first adds what it has still to add."""
        self._leaving.set()

    def give_up(self) -> None:
        """Whatever it has still to add."""
        self._giving_up.set()

    def run(self) -> None:
        begun, number, breath = time.monotonic(), self._left, threading.Event()
        while not self._giving_up.is_set() and (self._left or not self._leaving.is_set()):
            due = begun + (number - self._left) * self._pause
            if self._left and time.monotonic() >= due:
                self._add()
            elif self._own:
                self._act(self._dice.choice(self._own))
            breath.wait(self._dice.uniform(0, self._pause))

    def settle(self, keep: float) -> None:
        """Let what is paused go on, but for such a share."""
        for entry in self._own:
            if self._dice.random() >= keep:
                any(self._try(entry, Action.RESUME) for _ in range(_TRIES))

    def _add(self) -> None:
        link = self._links.draw()
        new = NewTask(REPO_ID, "/", link.url, self._links.owner, name=link.name, checksum=link.checksum)
        try:
            task = self._repository.add(new, self._allowance)
        except TooManyTasks:
            # What is paused counts, too.
            for entry in self._own:
                self._try(entry, Action.RESUME)
        except InfrastructureError:
            self._book.unanswered(self._links.owner, link)
        else:
            self._own.append(self._book.accepted(task, link))
            self._left -= 1

    def _act(self, entry: Entry) -> None:
        if entry.is_removed:
            return
        (deed,) = self._dice.choices(list(_DEEDS), list(_DEEDS.values()))
        if deed == "remove":
            self._remove(entry)
        elif deed == "prioritise":
            self._prioritise(entry)
        else:
            self._try(entry, Action(deed))

    def _try(self, entry: Entry, action: Action) -> bool:
        """Whether there was an answer."""
        try:
            task = self._repository.act(entry.odr_id, action, self._links.owner, allowance=self._allowance)
        except InputError:
            return True
        except InfrastructureError:
            self._book.maybe_done(entry, action)
            return False
        self._book.done(entry, action, task)
        return True

    def _remove(self, entry: Entry) -> None:
        try:
            self._book.removed(entry, self._repository.remove(entry.odr_id, self._links.owner))
        except InputError:
            pass
        except InfrastructureError:
            self._book.maybe_removed(entry)

    def _prioritise(self, entry: Entry) -> None:
        # It changes an order, nothing that anybody was promised.
        with contextlib.suppress(InputError, InfrastructureError):
            self._repository.prioritise(entry.odr_id, self._dice.randint(0, 100), self._links.owner)
