"""One daemon with its aria2c and its guard: three processes that can be killed and frozen one by one."""

from __future__ import annotations

import contextlib
import random
import signal
from collections.abc import Iterator, Sequence

import psutil

from tests.support.daemon import CRASHES, Daemon
from tests.support.service import Service
from tests.support.waiting import eventually

#: What the command line of each has that no other's has.
ENGINE, GUARD = "--conf-path=aria2.conf", "egress.guard.main"

#: Moments (tests/support/daemon.py) while a file is being stored, and before that.
STORING = (
    "when it is complete",
    "after the place was recorded",
    "before the file appears",
    "after the file appeared",
    "between link and status write",
    "before the folder is deleted",
    "after the status write",
)
BEGINNING = tuple(moment for moment in CRASHES if moment not in STORING)

#: Seconds until the other node takes over: more than what is between two beats.
WATCH = 9.0

_SWEEP = 2.0

#: Seconds for a start, with all tries; the host tries once a minute, and so may a machine with much to do.
_START_LIMIT = 180.0


class Node:
    """``start`` and ``kill`` alternate, as a host's do that starts what has ended. ``service``, given before the first
    start, is the same node as this process sees it, and never started itself."""

    service: Service

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name = name
        self._dice = dice
        self._daemon: Daemon | None = None
        self._frozen: dict[str, list[psutil.Process]] = {}

    @property
    def node_id(self) -> str:
        return self.service.downloader.tempdir.node_id

    def start(self, crash: str | None = None, sign: signal.Signals = signal.SIGKILL) -> None:
        """Tried again where its place was not free yet, or its disk was full."""
        self._daemon = Daemon(self.service.settings, crash, sign=sign, watch=WATCH, sweep=_SWEEP)
        eventually(self._has_started, _START_LIMIT, lambda: f"node {self.name} does not start:\n{self.log()}")

    @property
    def daemon(self) -> Daemon:
        assert self._daemon is not None, "it was not started"
        return self._daemon

    def kill(self, *, engine: bool) -> None:
        self.daemon.kill(engine=engine)

    def kill_at(self, moments: Sequence[str]) -> None:
        """Begin again, and die when one of the moments comes."""
        self.kill(engine=False)
        self.start(self._dice.choice(moments))

    def freeze_at(self, moments: Sequence[str]) -> None:
        """Begin again, and stand still when one of the moments comes."""
        self.kill(engine=False)
        self.start(self._dice.choice(moments), signal.SIGSTOP)

    def thaw_or_start_again(self) -> None:
        """The moment may not have come yet; then it shall not come any more."""
        if self.daemon.is_frozen:
            self.thaw()
        else:
            self.start_again()

    def start_again(self) -> None:
        """Whether it is dead or not."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        self.daemon.freeze()

    def thaw(self) -> None:
        self.daemon.thaw()

    def jump(self, *, forward: bool) -> None:
        """Let its clock jump by an hour."""
        self.daemon.jump(forward=forward)

    def kill_child(self, words: str) -> None:
        for process in self._children(words):
            process.kill()

    def freeze_child(self, words: str) -> None:
        self._frozen[words] = list(self._children(words))
        for process in self._frozen[words]:
            process.suspend()

    def thaw_child(self, words: str) -> None:
        for process in self._frozen.pop(words):
            # It may have been given up and killed meanwhile; psutil does not mistake another one for it.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def stop(self) -> None:
        """As hosts end: by SIGKILL, whatever it does."""
        if self._daemon is not None and self._daemon.is_running():
            self.kill(engine=False)

    def log(self) -> str:
        return self.daemon.log.read_text(encoding="utf-8", errors="replace")

    def _has_started(self) -> bool:
        try:
            self.daemon.start()
        except AssertionError:
            self.daemon.wait()
            return False
        return True

    def _children(self, words: str) -> Iterator[psutil.Process]:
        for process in psutil.Process(self.daemon.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if words in " ".join(process.cmdline()):
                    yield process
