"""The port's verbs; the work is the monitor's."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from ...confine import Account, Confinement, account
from ...custody import take_back
from ...errors import PayloadUnusable
from ...settings import Settings
from ...threads import offload
from ..base import DownloadEngine, Egress, EngineInfo, Job, Transfer
from . import binary, folder, options, orphan, process, trust
from .book import Book
from .entry import Entry
from .monitor import Monitor

logger = logging.getLogger(__name__)

#: More than 512 workers with 16 connections each need.
_FILES = 16384

#: Bytes of memory: what a server makes it keep (a head that has no end, a table of pieces) shall end aria2c rather than
#: the machine. Far more than it needs otherwise: a hundred downloads take 40 MB.
_MEMORY = 512 * 1024**2
_MEMORY_PER_CONNECTION = 256 * 1024

#: Bytes.
_LEAST_FILE = 2 * 1024**2

#: Seconds for the aria2c of an earlier run to end.
_OLD_LIMIT = 5.0

#: Seconds for aria2c to let go of a download: longer than a hanging aria2c is borne with.
_RELEASE_LIMIT = 15.0

_LINE_BREAK = re.compile("[\r\n]")


class Aria2Engine(DownloadEngine):
    """A private aria2c child, kept alive, that connects to nothing but ``egress``.

    ``home``: an existing directory of ours alone, for aria2c's own files; the folders of its jobs are in it.
    ``lock_fd``: a locked file that the child inherits, so that the lock is free only when it has ended, too.
    """

    def __init__(self, settings: Settings, home: Path, egress: Egress, lock_fd: int | None = None) -> None:
        self._settings = settings
        self._home = home.absolute()
        self._egress = egress
        self._lock_fd = lock_fd
        self._account: Account | None = None
        self._book = Book()
        self._monitor = Monitor(self._book, self._launch, egress, settings.max_size)

    def start(self) -> None:
        self._account = account(self._settings.run_as)
        orphan.end_old_engine(self._home, time.monotonic() + _OLD_LIMIT)
        self._monitor.start()

    def stop(self, deadline: float) -> None:
        self._monitor.stop(deadline)

    def add(self, job: Job, wake: Callable[[], None]) -> Transfer:
        if "/" in job.out or job.out in (".", ".."):
            # aria2 would follow it out of the folder.
            raise ValueError(f"not a base name: {job.out!r}")
        if job.folder.parent != self._home:
            # It would begin elsewhere.
            raise ValueError(f"not in {self._home}: {job.folder}")
        if any(_LINE_BREAK.search("".join(value)) for value in options.said(job).values()):
            # Whoever made these extras has not had them checked.
            raise ValueError("a line break in what the server is told")
        transfer = Transfer(job, wake)
        self._book.add(Entry(options.gid(job), transfer))
        return transfer

    def remove(self, transfer: Transfer) -> None:
        entry = self._book.end(options.gid(transfer.job), transfer)
        # Now, whatever aria2c is doing: not a byte more comes for it.
        self._egress.close(transfer.job.odr_id, transfer.job.claim)
        if entry is not None and not entry.released.wait(_RELEASE_LIMIT):
            logger.warning("task %s: aria2c does not let go of its download; ending it", transfer.job.odr_id)
            self._monitor.kill()
        # What waits now is out of reach of what other downloads may make of aria2c. Where it fails, the next look into
        # the folder tries again, and says why.
        with suppress(OSError, PayloadUnusable):
            offload(take_back, transfer.job.folder)

    def limit(self, speed: int) -> None:
        self._monitor.limit(speed)

    def renew(self) -> None:
        # It works in the directory that it was started in, though that has no name any more.
        self._monitor.kill()

    def resumable(self, folder_: Path) -> bool:
        return folder.payload(folder_) is not None

    def finished(self, folder_: Path) -> tuple[Path, ...]:
        return folder.finished(folder_)

    def info(self) -> EngineInfo:
        return binary.find(self._settings.aria2c, account(self._settings.run_as)).info

    def _launch(self) -> process.Aria2Process:
        found = binary.find(self._settings.aria2c, self._account)
        bundle = offload(self._bundle)
        orders = process.Orders(
            found.path,
            options.way_out(self._egress.proxy),
            options.configuration(self._settings, bundle, os.getpid()),
            self._confinement(),
            self._lock_fd,
        )
        return process.launch(orders, self._home)

    def _bundle(self) -> Path:
        bundle = trust.find_bundle(self._settings.ca_certificate)
        return bundle if self._account is None else trust.lend(bundle, self._home)

    def _confinement(self) -> Confinement:
        connections = self._settings.workers * self._settings.connections
        memory = _MEMORY + connections * _MEMORY_PER_CONNECTION
        port = urlsplit(self._egress.proxy).port or 0
        return Confinement(self._account, _largest_file(self._settings), _FILES, memory, alone=True, port=port)


def _largest_file(settings: Settings) -> int:
    """The last resort: what the pipeline would see a moment too late. Never less than a log and a control file need."""
    return max(settings.max_size, _LEAST_FILE) if settings.max_size else 0
