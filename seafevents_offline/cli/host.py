"""The embedded host, or a Seafile server, as verbs use it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from ..errors import AlreadyRunning
from ..extras import NO_EXTRAS, Extras
from ..hosts.installation.server import SeafileServer
from ..hosts.standalone import EmbeddedHost
from ..hosts.wish import Wish
from ..repository import Repository
from ..settings import Settings
from ..status import Action
from ..task import Task
from ..tasks.checks import Check
from .output import complain

#: How often it is looked whether the process that serves the data folder has ended, in seconds.
_TAKE_OVER_PERIOD = 2.0


@contextlib.contextmanager
def opened(args: Namespace, *, tables: bool = True) -> Iterator[EmbeddedHost]:
    """The host that the common options name; whatever it started has ended afterwards. ``tables``: as for the host."""
    host = EmbeddedHost.open(
        data=args.data, library=args.library, config=args.config, allow=getattr(args, "allow", ()), tables=tables
    )
    try:
        yield host
    finally:
        host.close()


class Host(Protocol):
    """What verbs need of either kind of host: one person's own tasks, or everybody's as an administrator acts for them.
    What cannot be done with a task raises one of our errors."""

    @property
    def settings(self) -> Settings: ...

    @property
    def repository(self) -> Repository: ...

    @property
    def owner(self) -> str | None:
        """Whose tasks are meant where nobody is named; None: everybody's."""

    def add(self, wish: Wish) -> Task: ...

    def act(self, odr_id: int, action: Action, extras: Extras = NO_EXTRAS) -> Task:
        """``extras``: for a retry, what the link needs from now on."""

    def remove(self, odr_id: int) -> Task: ...

    def prioritise(self, odr_id: int, priority: int) -> Task: ...

    def shape(self, task: Task) -> dict[str, Any]:
        """As JSON, with as much of its link as whoever runs this may see."""

    def location(self, task: Task) -> str:
        """Where the file is, once it is stored."""

    def idleness(self) -> str:
        """Why nothing is downloaded now, in a sentence; empty where a service runs."""

    def wake(self) -> None: ...

    def checks(self) -> list[Check]: ...


@contextlib.contextmanager
def reached(args: Namespace, *, tables: bool = True) -> Iterator[Host]:
    """The Seafile server that the common options name, as whose daemon this process works from then on, else the
    embedded host as ``opened``. Raises also NoInstallation and NotItsUser."""
    named = server_of(args)
    if named is None:
        with opened(args, tables=tables) as host:
            yield host
        return
    server = SeafileServer.enter(named, os.environ)
    try:
        yield server
    finally:
        server.close()


def server_of(args: Namespace) -> Path | None:
    """The Seafile server that the common options name, by its folder or by its settings; None where they name none."""
    config: Path | None = args.config
    if args.seafile is None and config is not None and config.name == "seafevents.conf":
        conf = config.absolute().parent
        return conf if (conf / "seahub_settings.py").is_file() else None
    named: Path | None = args.seafile
    return named


def hint_if_nobody_serves(host: Host) -> None:
    """Waiting for a download that nobody does is the first mistake that everybody makes."""
    if reason := host.idleness():
        complain(reason)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Being terminated, or losing the terminal, is the same as Ctrl-C: KeyboardInterrupt in the main thread.

    What the caller ignores, as nohup does, stays ignored.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    ours = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in ours:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


class Service:
    """Sees to it that some process serves the data folder: another one while there is one, else this one.

    ``note`` gets a sentence when that is not what people expect.
    """

    def __init__(self, host: EmbeddedHost, note: Callable[[str], None]) -> None:
        self._host = host
        self._note = note
        self._next_look = 0.0
        self._is_elsewhere = False
        self.is_ours = False

    def tend(self) -> None:
        """Start here when nobody else serves. Call it often. Raises EngineUnavailable or TempDirUnusable."""
        now = time.monotonic()
        if self.is_ours or now < self._next_look:
            return
        self._next_look = now + _TAKE_OVER_PERIOD
        try:
            self._host.start()
        except AlreadyRunning:
            self._stay_out()
        else:
            self._take_over()

    def _stay_out(self) -> None:
        if not self._is_elsewhere:
            self._note(f"The service that runs on {self._host.data} does the download.")
        self._is_elsewhere = True

    def _take_over(self) -> None:
        if self._is_elsewhere:
            self._note("That service has ended; this process goes on with the download.")
        self.is_ours = True
