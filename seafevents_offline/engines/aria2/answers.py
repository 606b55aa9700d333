"""What aria2c says of its downloads, and what becomes of each: on its way, complete, once more, or failed and why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import EngineFault, NetworkUnavailable, OfflineDownloadError
from ...mime import BEGINNING
from ...text import escape
from ...threads import offload
from ..base import Egress, EngineFile, Snapshot, TransferState
from . import faults, folder
from .book import Book
from .entry import Entry
from .rpc import Refused

logger = logging.getLogger(__name__)


class Answers:
    """Each method takes the answer to one call of a round. ``max_size``: bytes of a file at most, 0 for any."""

    def __init__(self, book: Book, egress: Egress, max_size: int) -> None:
        self._book = book
        self._egress = egress
        self._max_size = max_size

    def added(self, entry: Entry, answer: Any) -> None:
        if isinstance(answer, Refused):
            logger.warning("task %s: aria2 refuses the download: %s", entry.transfer.job.odr_id, escape(answer.message))
            self.fail(entry, EngineFault(code="refused"))

    def ending(self, entry: Entry, answer: Any) -> None:
        if isinstance(answer, Refused):
            # It ended by itself a moment ago.
            self._book.look(entry.gid)

    def active(self, expected: dict[str, Entry], answer: list[Mapping[str, Any]]) -> None:
        for status in answer:
            entry = expected.pop(status["gid"], None)
            if entry is not None:
                entry.saved = entry.saved or offload(folder.mark_saved, entry.transfer.job.folder)
                self._progress(entry, status)

    def _progress(self, entry: Entry, status: Mapping[str, Any]) -> None:
        # Without a way out it is suspended, however much aria2c still believes in it.
        if self._egress.is_up:
            job = entry.transfer.job
            received = self._egress.received(job.odr_id, job.claim)
            begun = self._begun(entry, status)
            entry.saw(replace(_snapshot(TransferState.ACTIVE, status), received=received, begun=begun))

    def _begun(self, entry: Entry, status: Mapping[str, Any]) -> Path | None:
        if not _has_beginning(status):
            return None
        # Looked for once: a folder is read for it.
        return entry.transfer.snapshot.begun or offload(folder.only_file, entry.transfer.job.folder)

    def waiting(self, expected: dict[str, Entry], answer: list[Mapping[str, Any]]) -> None:
        for status in answer:
            expected.pop(status["gid"], None)
        for gid in expected:
            # Neither active nor waiting: it has ended, and the notification was missed or is on its way.
            self._book.look(gid)

    def seen(self, entry: Entry, answer: Any) -> None:
        status = {"status": "lost"} if isinstance(answer, Refused) else answer
        if status["status"] in ("active", "waiting", "paused"):
            self._progress(entry, status)
        elif status["status"] == "complete" and entry.resumed and not int(status["totalLength"]):
            # Given a range without the length of the whole, aria2 empties the file and calls it complete.
            self._begin_again(entry)
        elif status["status"] == "complete":
            offload(folder.mark_finished, entry.transfer.job.folder)
            # What it says is relative to where it began, as what it was told.
            files = _files(status, entry.transfer.job.folder.parent)
            self._settle(entry, replace(_snapshot(TransferState.COMPLETE, status), files=files))
        elif status["status"] == "error":
            self._failed(entry, status)
        else:
            self.fail(entry, EngineFault(code=status["status"]))

    def _failed(self, entry: Entry, status: Mapping[str, Any]) -> None:
        job, message = entry.transfer.job, status.get("errorMessage", "")
        code = faults.code_of(status, job)
        refusal = self._egress.refusal(job.odr_id, job.claim)
        if refusal is not None and not refusal.retryable:
            # A decision about the link is the reason, whatever became of its other connections.
            self.fail(entry, refusal, status)
        elif entry.cuts != self._egress.deaths() or not self._egress.is_up:
            self._cut(entry, status)
        elif entry.resumed and faults.part_is_useless(code, message):
            self._begin_again(entry)
        elif refusal is not None and faults.is_of_the_way_out(message):
            self.fail(entry, refusal, status)
        else:
            error = faults.to_error(code, message, job, int(status["totalLength"]), self._max_size)
            if isinstance(refusal, NetworkUnavailable) and faults.is_of_reach(error):
                error = refusal
            self.fail(entry, error, status)

    def _begin_again(self, entry: Entry) -> None:
        logger.info("task %s: its part cannot be continued; beginning again", entry.transfer.job.odr_id)
        entry.part_is_useless = True
        self._book.again(entry)

    def _cut(self, entry: Entry, status: Mapping[str, Any]) -> None:
        """The way out broke under it, which is not its fault; unless it is the one that breaks it."""
        entry.transfer.update(replace(_snapshot(TransferState.ACTIVE, status), speed=0, suspended=True))
        if entry.died():
            logger.warning("task %s: the guard ended too often while it was downloaded", entry.transfer.job.odr_id)
            self.fail(entry, EngineFault(code="crash"), status)
        else:
            self._book.again(entry)

    def fail(self, entry: Entry, error: OfflineDownloadError, status: Mapping[str, Any] | None = None) -> None:
        self._settle(entry, _snapshot(TransferState.FAILED, status or {}, error))

    def _settle(self, entry: Entry, snapshot: Snapshot) -> None:
        # In this order: whoever is woken may add the same job again at once.
        self._book.settle(entry)
        if not entry.ending:
            entry.transfer.update(snapshot)


def _snapshot(state: TransferState, status: Mapping[str, Any], error: OfflineDownloadError | None = None) -> Snapshot:
    return Snapshot(
        state,
        completed=int(status.get("completedLength", 0)),
        size=int(status.get("totalLength", 0)),
        speed=int(status.get("downloadSpeed", 0)) if state is TransferState.ACTIVE else 0,
        error=error,
    )


def _has_beginning(status: Mapping[str, Any]) -> bool:
    """Whether the first mebibyte is there. Several connections leave gaps, one that does not know the length none."""
    if int(status.get("totalLength", 0)):
        is_there = status.get("bitfield", "0")[0] >= "8"
        return is_there and int(status.get("pieceLength", 0)) >= BEGINNING
    return int(status.get("completedLength", 0)) >= BEGINNING


def _files(status: Mapping[str, Any], home: Path) -> tuple[EngineFile, ...]:
    return tuple(
        EngineFile(home / file["path"], int(file["length"]), int(file["completedLength"])) for file in status["files"]
    )
