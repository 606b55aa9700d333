"""One run: everything is broken and mended by the script while people use it; then it is left alone until nothing moves
any more, ended, and held to account."""

from __future__ import annotations

import logging
import re
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seafevents_offline.repository import Allowance
from tests.support.accounts import Accounts
from tests.support.mariadb import MariaDb

from .account import owe, story, visits, wrong_ends
from .book import Book
from .faults import faults
from .links import Links
from .monitor import Monitor
from .people import Person
from .script import Fault, by_name, draw
from .traffic import crowds
from .world import PER_HOST, PER_USER, WORKERS, World

logger = logging.getLogger(__name__)

#: Seconds that everything may take to come to rest when nothing is broken any more.
_REST_LIMIT = 180.0

#: Of those that are paused at the end, so many stay so.
_STAY_PAUSED = 0.25

#: Stories that are told of a run that went wrong; more say nothing more.
_STORIES = 20


@dataclass(frozen=True)
class Size:
    """So many ``faults`` within ``seconds``, while so many ``people`` add so many ``tasks`` together."""

    tasks: int
    faults: int
    people: int
    seconds: float

    @property
    def each(self) -> int:
        return -(-self.tasks // self.people)

    @property
    def allowance(self) -> Allowance:
        """Less than one wants at once, now and then."""
        return Allowance(active=max(4, self.each // 3), per_hour=100_000)


class Chaos:
    """``run`` once. ``own_server``: the database server may be killed."""

    def __init__(self, folder: Path, server: MariaDb, seed: int, size: Size, *, own_server: bool) -> None:
        self._size = size
        self._world = World(folder, server, f"chaos_{seed}", seed)
        self._acts = faults(self._world, own_server=own_server)
        self._script = draw(seed, by_name(self._acts), size.faults, size.seconds)
        self._book = Book()
        self._people: list[Person] = []
        self._wrong: list[str] = []
        self._blind: list[tuple[float, float]] = []
        self._targets: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._begun = 0.0

    def run(self) -> None:
        """AssertionError with all that went wrong, the script, and the story of each task that it concerns."""
        logger.info("%s", self._script)
        with self._world as world:
            accounts = Accounts(*(node.service for node in world.nodes), free=False)
            with self._monitored(world) as monitor, self._noted(), accounts:
                world.start_nodes()
                self._use_and_break(world)
                self._come_to_rest(world, accounts)
                world.stop_nodes()
            self._hold_to_account(world, monitor)

    # --- while it runs

    def _use_and_break(self, world: World) -> None:
        self._begun = time.monotonic()
        self._people = [self._person(world, number) for number in range(self._size.people)]
        threads = [threading.Thread(target=self._do, args=(fault,), daemon=True) for fault in self._script.faults]
        for thread in (*self._people, *threads):
            thread.start()
        for thread in threads:
            thread.join()
        self._tell("nothing is broken any more")
        self._send_home()

    def _send_home(self) -> None:
        """Who has still to add something does so first; where that is not possible, something is wrong."""
        deadline = time.monotonic() + _REST_LIMIT
        for person in self._people:
            person.leave()
        for person in self._people:
            person.join(max(0.0, deadline - time.monotonic()))
            if person.is_alive():
                self._wrong.append(f"{person.name} could not add all tasks")
                person.give_up()
                person.join()

    def _person(self, world: World, number: int) -> Person:
        name = f"person{number}@example.com"
        return Person(
            world.repository,
            self._book,
            Links(self._script.dice(f"links of {name}"), world.origin.hosts, name),
            self._script.dice(name),
            allowance=self._size.allowance,
            tasks=self._size.each,
            seconds=self._size.seconds * 0.8,
        )

    def _do(self, fault: Fault) -> None:
        breaks, mends = self._acts[fault.kind]
        pause = threading.Event()
        pause.wait(max(0.0, self._begun + fault.at - time.monotonic()))
        # What is not mended yet, because the machine has much to do, cannot be broken.
        with self._targets[fault.kind.target]:
            begun = time.monotonic()
            if self._act(fault, "is broken", breaks):
                pause.wait(fault.lasts)
                self._act(fault, "is mended", mends)
            if fault.kind.name.startswith("freeze"):
                self._blind.append((begun, time.monotonic()))

    def _act(self, fault: Fault, what: str, act: Callable[[], object]) -> bool:
        try:
            act()
        except Exception:  # noqa: BLE001 (it is told at the end)
            self._wrong.append(f"{fault}: this could not be done\n{traceback.format_exc()}")
            return False
        self._tell(f"{fault.kind.name} {fault.kind.target}: {what}")
        return True

    def _tell(self, words: str) -> None:
        logger.info("%6.1f s  %s", time.monotonic() - self._begun, words)

    def _come_to_rest(self, world: World, accounts: Accounts) -> None:
        for person in self._people:
            person.settle(_STAY_PAUSED)
        owe(accounts, world, self._book)
        accounts.settle(_REST_LIMIT)
        self._tell("nothing moves any more")

    # --- afterwards

    @contextmanager
    def _monitored(self, world: World) -> Iterator[Monitor]:
        names = {node.node_id: node.name for node in world.nodes}
        limits = {"user": PER_USER, "host": PER_HOST, "node": WORKERS, "list": self._size.allowance.active}
        monitor = Monitor(world.server, world.database, limits, names)
        monitor.start()
        try:
            yield monitor
        finally:
            monitor.stop()

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What the accounts find wrong is one thing of several."""
        try:
            yield
        except AssertionError as error:
            self._wrong.append(str(error))

    def _hold_to_account(self, world: World, monitor: Monitor) -> None:
        monitor.look_once()
        self._wrong += [f"task {odr_id} {words}" for odr_id, words in wrong_ends(world, self._book, monitor)]
        self._wrong += monitor.wrong
        if monitor.looks < self._size.seconds:
            self._wrong.append(f"the table was looked at {monitor.looks} times only")
        self._wrong += crowds(visits(world, self._book), PER_USER, self._blind)
        if self._wrong:
            raise AssertionError("\n\n".join(["\n".join(self._wrong), str(self._script), *self._stories(monitor)]))

    def _stories(self, monitor: Monitor) -> Iterator[str]:
        text = "\n".join(self._wrong)
        # By number, or by the name of their file.
        said = set(re.findall(r"(?:\btask |odr_id=|: )(\d+)\b", text)) | set(re.findall(r"/([\w-]+)", text))
        entries = self._book.entries.values()
        concerned = [entry.odr_id for entry in entries if {str(entry.odr_id), entry.link.seed} & said]
        for odr_id in sorted(concerned)[:_STORIES]:
            yield story(odr_id, self._book, monitor, self._begun)
