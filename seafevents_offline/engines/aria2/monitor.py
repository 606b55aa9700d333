"""The only thread that talks to aria2c: rounds of RPC, and a new aria2c when the old one is dead or hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ...confine import Account
from ...custody import clear, hand_over
from ...due import WARNING_PERIOD, Due
from ...errors import EngineFault, EngineUnavailable, InterruptedTooOften
from ...threads import offload, survive
from ..base import Egress
from . import folder, options
from .answers import Answers
from .book import Book
from .entry import Entry
from .notifications import Notifications
from .process import KILL_LIMIT, Aria2Process
from .rpc import Call, EngineSilent, RpcClient

logger = logging.getLogger(__name__)

_NAME = "offline-engine-monitor"

#: How often the progress of what runs is asked for, in seconds.
_POLL_PERIOD = 1.0

#: Without downloads there is nothing to ask; death is told by the broken line of notifications.
_IDLE_PERIOD = 60.0

#: The pause between two starts of aria2c.
_START_PERIOD = 2.0

#: The last part of the time to stop, in which aria2c is killed if need be.
_KILL_TIME = 0.5

#: Seconds between the first sign of aria2c's death and the end of its process.
_DYING_TIME = 0.2

_PROGRESS = ["gid", "status", "totalLength", "completedLength", "downloadSpeed", "bitfield", "pieceLength"]
_STATUS = [*_PROGRESS, "errorCode", "errorMessage", "files"]


class Monitor:
    """``launch`` makes a new aria2c or raises EngineUnavailable. ``max_size``: bytes of a file at most, 0 for any."""

    def __init__(self, book: Book, launch: Callable[[], Aria2Process], egress: Egress, max_size: int = 0) -> None:
        self._book = book
        self._launch = launch
        self._egress = egress
        self._answers = Answers(book, egress, max_size)
        self._notifications = Notifications(book.look, book.poke)
        self._stopping = threading.Event()
        self._deadline = 0.0
        self._process: Aria2Process | None = None
        self._account: Account | None = None
        self._client: RpcClient | None = None
        # None: what aria2c was started with.
        self._wanted_limit: int | None = None
        self._told_limit: int | None = None
        self._is_dying = False
        self._next_poll = self._next_start = 0.0
        self._warning = Due(WARNING_PERIOD)
        self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)

    def start(self) -> None:
        """Raises EngineUnavailable, and then nothing was started."""
        self._adopt(self._launch())
        self._notifications.start()
        self._thread.start()

    def stop(self, deadline: float) -> None:
        self._deadline = deadline - _KILL_TIME
        self._stopping.set()
        self._book.poke()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, self._deadline - time.monotonic()))
            # Only a hanging aria2c is still there: its death releases the monitor from the call that it waits in.
            self.kill(max(0.0, deadline - time.monotonic()))
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self._notifications.stop(max(deadline, time.monotonic() + _KILL_TIME))

    def kill(self, limit: float = KILL_LIMIT) -> None:
        """End aria2c at once; a new one begins unless this is the end. Idempotent. ``limit``: as for the process."""
        process = self._process
        if process is not None:
            process.kill(limit)
            self._book.poke()

    def limit(self, speed: int) -> None:
        """Bytes a second of all downloads, 0 for any; the next aria2c is told as well. Any thread."""
        self._wanted_limit = speed
        self._book.poke()

    # --- the loop -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._process is None or self._is_dying:
                self._stopping.wait(self._next_start - time.monotonic())
                everything = True
            else:
                everything = self._book.wait(self._next_time())
            if not self._stopping.is_set() and not survive("a round with aria2c", partial(self.turn, everything)):
                # What that round had in hand may be lost; a new aria2c begins with everything that is open.
                survive("replacing aria2c", partial(self._bury, "has been spoken to in vain"))
        self._shut_down()

    def _next_time(self) -> float:
        return time.monotonic() + _IDLE_PERIOD if self._book.idle() else self._next_poll

    def turn(self, everything: bool) -> None:
        """One time around the loop. ``everything``: do not wait for the next poll, something may have been missed."""
        if self._process is not None and (self._is_dying or not self._process.running()):
            self._bury("has died")
        if self._is_dying or (self._process is None and not self._revive()):
            self._suspend()
            return
        try:
            self._round(everything or time.monotonic() >= self._next_poll)
        except EngineSilent as silent:
            # The line breaks a moment before the process is seen dead.
            dead = self._process is None or self._process.wait(time.monotonic() + _DYING_TIME)
            self._bury("has died" if dead else f"does not answer ({silent})")

    def _suspend(self) -> None:
        for entry in self._book.everything():
            entry.transfer.update(replace(entry.transfer.snapshot, speed=0, suspended=True))

    # --- one round ------------------------------------------------------------------------------------

    def _round(self, poll: bool) -> None:
        answers, has_way_out = self._answers, self._egress.is_up
        if not has_way_out:
            self._suspend()
        work = self._book.take(hold=not has_way_out)
        calls = [Call(RpcClient.REMOVE_DOWNLOAD_RESULT, (gid,), _ignore) for gid in work.forgets]
        calls += self._limit_calls()
        calls += [call for entry in work.news if (call := self._add_call(entry)) is not None]
        calls += [Call(RpcClient.FORCE_REMOVE, (entry.gid,), partial(answers.ending, entry)) for entry in work.ends]
        calls += [
            Call(RpcClient.TELL_STATUS, (entry.gid, _STATUS), partial(answers.seen, entry)) for entry in work.looks
        ]
        if poll:
            calls += self._poll_calls()
            self._next_poll = time.monotonic() + _POLL_PERIOD
        if self._client is not None:
            self._client.round(calls)
        if poll and self._process is not None:
            self._process.trim_log()

    def _add_call(self, entry: Entry) -> Call | None:
        job = entry.transfer.job
        try:
            part = offload(_prepare, job.folder, self._account, entry.part_is_useless)
        except OSError as error:
            self._answers.fail(entry, EngineUnavailable(detail=f"its temporary folder: {error.strerror}."))
            return None
        entry.resumed, entry.saved = part is not None, False
        login = self._admitted(entry)
        # A part goes on under its present name, whatever the server calls it today: a second name is a second file.
        download = options.download(job, part.name if part else job.out, entry.resumed, login)
        return Call(RpcClient.ADD_URI, ([job.url], download), partial(self._answers.added, entry))

    def _admitted(self, entry: Entry) -> tuple[str, str]:
        """Its credentials for the way out, where nothing is left of an earlier try."""
        job = entry.transfer.job
        if entry.cuts is not None:
            self._egress.close(job.odr_id, job.claim)
        # Before aria2c can connect: a break after this moment is one of its own.
        entry.cuts = self._egress.deaths()
        return self._egress.admit(job.odr_id, job.claim, job.owner, job.only)

    def _limit_calls(self) -> list[Call]:
        limit = self._wanted_limit
        if limit is None or limit == self._told_limit:
            return []
        self._told_limit = limit
        options_ = {"max-overall-download-limit": str(limit)}
        return [Call(RpcClient.CHANGE_GLOBAL_OPTION, (options_,), _ignore)]

    def _poll_calls(self) -> list[Call]:
        expected = self._book.sent()
        if not expected:
            return []
        return [
            Call(RpcClient.TELL_ACTIVE, (_PROGRESS,), partial(self._answers.active, expected)),
            Call(RpcClient.TELL_WAITING, (0, len(expected), ["gid"]), partial(self._answers.waiting, expected)),
        ]

    # --- birth and death ------------------------------------------------------------------------------

    def _adopt(self, process: Aria2Process) -> None:
        self._process, self._account = process, process.account
        self._told_limit = None
        self._client = RpcClient(process.port, process.secret)
        self._notifications.follow(process.port)

    def _bury(self, why: str) -> None:
        process = self._process
        if process is None:
            return
        if not self._is_dying:
            logger.warning("aria2c %s; starting a new one", why)
            self._hang_up()
        self._is_dying = not process.kill()
        if self._is_dying:
            # Never two that write into one folder: the new one waits.
            self._next_start = time.monotonic() + _START_PERIOD
            self._warn("aria2c (process %s) does not end although it was killed; its disk may be broken.", process.pid)
            return
        self._process = None
        for entry in self._book.renew():
            logger.warning("task %s: aria2c died too often while it was downloaded", entry.transfer.job.odr_id)
            self._answers.fail(entry, InterruptedTooOften() if entry.guilty else EngineFault(code="crash"))

    def _hang_up(self) -> None:
        self._notifications.follow(0)
        if self._client is not None:
            self._client.close()
        self._client = None

    def _revive(self) -> bool:
        now = time.monotonic()
        if now < self._next_start:
            return False
        self._next_start = now + _START_PERIOD
        try:
            self._adopt(self._launch())
        except EngineUnavailable as error:
            self._warn("%s Trying again every %g seconds.", error, _START_PERIOD)
            return False
        return True

    def _warn(self, message: str, *values: object) -> None:
        """What may be the same every two seconds is said once a minute."""
        if self._warning.now(time.monotonic()):
            logger.warning(message, *values)

    def _shut_down(self) -> None:
        process = self._process
        if process is not None:
            if not self._book.idle():
                # It saves the control files; without downloads it would only take its time.
                process.terminate()
                process.wait(self._deadline)
            process.kill(_KILL_TIME)
            self._hang_up()
            self._process = None
        self._book.renew()


def _prepare(place: Path, account: Account | None, part_is_useless: bool) -> Path | None:
    """Make a job's folder the engine's. Gives the part in it that is to be continued; else nothing is left there."""
    part = None if part_is_useless else folder.payload(place)
    if part is None:
        clear(place)
    hand_over(place, account)
    return part


def _ignore(_: Any) -> None:
    """The answer does not matter."""
