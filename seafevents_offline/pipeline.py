"""The use case: one task from its link to its file, or to the reason why not.

    admit ── download ── verify ── store          each step raises one of our errors; `run` turns it
      │          │                   │            into an Outcome, the only thing that leaves here
      │          └ engine            └ storage
      └ what an interrupted run left: a complete payload goes straight to verify,
        a task that was being stored goes straight to store

No threads and no SQL: the worker's Context is the only line to the outside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from . import payloads
from .bounds import Limits, Room, check_size
from .checksum import Checksum
from .disk import Disk
from .egress.admission import admitted
from .egress.policy import Policy
from .engines.base import DownloadEngine, Job, Snapshot, Transfer, TransferState
from .errors import (
    GOT_WEB_PAGE,
    NO_EXPLANATION,
    DatabaseUnavailable,
    Explanation,
    FolderGone,
    NameRefused,
    NameTaken,
    OfflineDownloadError,
    PayloadLost,
    StorageUnavailable,
    stored_above,
)
from .extras import Extras, Sealed
from .filename import check_name, check_path, safe_name
from .kinds import FirstLook, Kinds
from .needs import Needs
from .settings import Settings
from .status import OfflineDownloadStatus
from .storages.base import Storage
from .task import Done, Failed, Gone, Outcome, Payload, Retry, Task
from .tempdir import TempDir
from .threads import offload
from .vault import Vault

logger = logging.getLogger(__name__)

#: ``retry-delay`` doubles with each attempt up to this many seconds.
MAX_RETRY_DELAY = 600.0

#: A fault of the infrastructure is not tried again sooner, in seconds, whatever ``retry-delay`` is.
MIN_FAULT_DELAY = 1.0

#: How often a running task is asked again whether its owner may still store it, in seconds.
CHECK_PERIOD = 60.0

#: A worker looks at its transfer at least this often, in seconds, even when nothing wakes it.
_LOOK_PERIOD = 1.0

#: How often a free name is chosen anew when others keep taking it.
_NAME_TRIES = 20


class Context(Protocol):
    """What the pipeline may ask of and tell to its worker. One event wakes it, whatever happened."""

    @property
    def gone(self) -> bool:
        """The task is not this worker's any more, or the service stops: leave at once."""

    def wake(self) -> None:
        """Something changed; may be called from any thread."""

    def wait(self, timeout: float) -> None:
        """Until ``wake`` was called since the last wait, at most ``timeout`` seconds."""

    def report(self, snapshot: Snapshot) -> None:
        """How far it is; costs nothing, is written by others at most once a second."""

    def secure(self, task: Task, *, url: str, sealed: Sealed | None) -> Task | None:
        """Write the link anew, and what was taken out of it; None when the task is not ours any more."""

    def storing(self, task: Task, *, name: str, size: int, stored_path: str) -> Task | None:
        """Record where it will be before anything is written there; None when the task is not ours any more."""


class _NotOurs(Exception):
    """Leaves the pipeline from any depth; becomes the outcome Gone."""


@dataclass(frozen=True)
class Pipeline:
    """Stateless; one instance serves all workers."""

    settings: Settings
    engine: DownloadEngine
    storage: Storage
    tempdir: TempDir
    policy: Policy
    disk: Disk
    clock: Callable[[], float] = time.monotonic
    kinds: Kinds = field(default_factory=Kinds)
    needs: Needs = field(default_factory=lambda: Needs(Vault(b"")))

    def run(self, task: Task, context: Context) -> Outcome:
        """All that happens to a claimed task, and what came of it. Blocks; raises only what is a bug."""
        try:
            if task.status is OfflineDownloadStatus.STORING:
                return self._store_again(_admitted(task, self.policy), context)
            task, extras = self._secured(task, context)
            task = _admitted(task, self.policy)
            payload = self._leftover(task)
            if payload is not None and not _is_expected(task, payload, context):
                # A disk that failed, or parts of two files. What comes in one go is the server's own, and final.
                self.tempdir.delete(task.odr_id)
                payload = None
            if payload is None:
                task = self.storage.check(task, task.size)
                payload = self._download(task, extras, context)
            return self._store(task, payload, context)
        except _NotOurs:
            return Gone()
        except OfflineDownloadError as error:
            logger.debug("task %s: %s", task.odr_id, error, exc_info=True)
            outcome = verdict(task, error, self.settings)
            if isinstance(outcome, Retry):
                self._drop_if_stale(task)
            return outcome

    # --- download -------------------------------------------------------------------------------------

    def _secured(self, task: Task, context: Context) -> tuple[Task, Extras]:
        secured, extras = self.needs.secure(task, lambda url, sealed: context.secure(task, url=url, sealed=sealed))
        if secured is None:
            raise _NotOurs
        return secured, extras

    def _download(self, task: Task, extras: Extras, context: Context) -> Payload:
        held, folder = self.tempdir.held(task.odr_id), self.tempdir.make(task.odr_id)
        out, checksum = payloads.fitting_name(task.url), _checksum(task)
        job = Job(task.odr_id, task.claim, task.url, folder, out, task.owner, checksum, extras)
        with self.disk.share(task.odr_id) as share:
            room = Room(share, task, held)
            try:
                snapshot = self._fetch(task, job, context, room)
            except NameRefused:
                # The server's own name cannot be written: any name of ours does, the link is not to blame.
                snapshot = self._fetch(task, replace(job, out=safe_name("")), context, room)
            return offload(payloads.verified, folder, snapshot)

    def _fetch(self, task: Task, job: Job, context: Context, room: Room) -> Snapshot:
        if context.gone:
            # Asking the library may have taken its time.
            raise _NotOurs
        transfer = self.engine.add(job, context.wake)
        try:
            return self._watch(task, transfer, context, room)
        finally:
            self.engine.remove(transfer)

    def _watch(self, task: Task, transfer: Transfer, context: Context, room: Room) -> Snapshot:
        limits, first_look = Limits(self.settings, self.clock()), FirstLook(self.kinds, _leaving(context))
        next_check = self.clock() + CHECK_PERIOD
        known_size = 0
        while True:
            snapshot = transfer.snapshot
            if context.gone:
                raise _NotOurs
            context.report(snapshot)
            if snapshot.error is not None:
                raise snapshot.error
            limits.check(snapshot, self.clock())
            if snapshot.state is TransferState.COMPLETE:
                # Whether it may be stored is asked right before that.
                return snapshot
            if snapshot.size > known_size or self.clock() >= next_check:
                known_size, next_check = snapshot.size, self.clock() + CHECK_PERIOD
                self._check_while_running(task, max(snapshot.size, snapshot.completed))
            room.check(snapshot)
            first_look.check(snapshot)
            context.wait(_LOOK_PERIOD)

    def _check_while_running(self, task: Task, size: int) -> None:
        try:
            self.storage.check(task, size)
        except (StorageUnavailable, DatabaseUnavailable) as error:
            # No answer is no refusal; it is asked again before storing.
            logger.debug("task %s: %s", task.odr_id, error)

    # --- store ----------------------------------------------------------------------------------------

    def _store(self, task: Task, payload: Payload, context: Context) -> Outcome:
        task = replace(task, name=task.name or safe_name(payload.name), size=payload.size)
        if (done := self._stored_before(task, payload, context)) is not None:
            return done
        check_size(self.settings, payload.size)
        self.kinds.check(payload, _leaving(context))
        task = before = self.storage.check(task, payload.size)
        for _ in range(_NAME_TRIES):
            chosen = self.storage.choose(task, task.name)
            # A node that was thought dead may have put it there just now; it is not given up for another place.
            if chosen != before.stored_path and (done := self._stored_before(before, payload, context)) is not None:
                return done
            task = _record(task, context, chosen)
            try:
                path = self.storage.put(task, payload)
            except (NameTaken, FolderGone) as lost:
                # Between the choice and now; if there is no other place, the next choice says so.
                logger.debug("task %s: %s", task.odr_id, lost)
            else:
                task = task if path == task.stored_path else _record(task, context, path)
                return Done(payload.size, _note(task, payload))
        raise NameTaken(stored_path=task.stored_path)

    def _stored_before(self, task: Task, payload: Payload, context: Context) -> Done | None:
        """Where an earlier run has recorded a place, and the file is there."""
        path = self.storage.arrived(task, payload) if task.stored_path else None
        return None if path is None else Done(payload.size, _note(_record(task, context, path), payload))

    def _leftover(self, task: Task) -> Payload | None:
        return offload(payloads.leftover, task, self.tempdir.folder(task.odr_id), self.engine)

    def _drop_if_stale(self, task: Task) -> None:
        """What a library does not take for a day is downloaded again when it does: it must not fill our disk."""
        with suppress(OfflineDownloadError):
            payload = self._leftover(task)
            if payload is not None and payloads.is_stale(payload):
                logger.info("task %s: its payload has waited too long and is deleted", task.odr_id)
                self.tempdir.delete(task.odr_id)

    def _store_again(self, task: Task, context: Context) -> Outcome:
        """A crash interrupted the storing: look first, so that nothing is stored twice."""
        payload = self._leftover(task)
        if path := self.storage.arrived(task, payload):
            task = task if path == task.stored_path else _record(task, context, path)
            return Done(task.size, _note(task, payload))
        if payload is None or not _is_expected(task, payload, context):
            raise PayloadLost()
        return self._store(task, payload, context)


def verdict(task: Task, error: OfflineDownloadError, settings: Settings) -> Outcome:
    """What an error means for a task: a fault of ours waits, a fault of the link has ``max-attempts``."""
    last = error.costs_attempt and task.attempts + 1 >= settings.max_attempts
    if last or not error.retryable:
        return Failed(error)
    if not error.costs_attempt:
        # Nothing bounds these but time.
        return Retry(max(settings.retry_delay, MIN_FAULT_DELAY), error)
    return Retry(min(settings.retry_delay * 2 ** min(task.attempts, 20), MAX_RETRY_DELAY), error)


def _checksum(task: Task) -> Checksum | None:
    return Checksum.parse(task.checksum) if task.checksum else None


def _is_expected(task: Task, payload: Payload, context: Context) -> bool:
    """Whether what an earlier run left comes to the task's checksum: the engine does not see it again."""
    checksum = _checksum(task)
    return checksum is None or payloads.matches(payload, checksum, _leaving(context))


def _leaving(context: Context) -> Callable[[], None]:
    """To be called now and then by what takes long: leaves the pipeline when there is nothing to do here any more."""

    def leave() -> None:
        if context.gone:
            raise _NotOurs

    return leave


def _note(task: Task, payload: Payload | None) -> Explanation:
    """What is worth telling of a task that was stored."""
    folder = task.stored_path.rpartition("/")[0] or "/"
    if folder != task.path:
        return stored_above(task.path, folder)
    is_page = payload is not None and offload(payloads.is_unexpected_page, task.url, payload)
    return GOT_WEB_PAGE if is_page else NO_EXPLANATION


def _admitted(task: Task, policy: Policy) -> Task:
    """Rows that came by message or SQL are checked, and brought into form, as a door would have done it."""
    return replace(
        task,
        url=admitted(task.url, policy),
        path=check_path(task.path),
        name=check_name(task.name) if task.name else "",
    )


def _record(task: Task, context: Context, stored_path: str) -> Task:
    recorded = context.storing(task, name=task.name, size=task.size, stored_path=stored_path)
    if recorded is None:
        raise _NotOurs
    return recorded
