"""The values that travel between the layers: all frozen, none knows where it came from.

``Task.from_row`` is the only place that knows how a row becomes a task.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Union

from .checksum import Checksum
from .errors import NO_EXPLANATION, Explanation, OfflineDownloadError
from .extras import KINDS, Sealed
from .status import OfflineDownloadStatus

#: What was downloaded and is not taken by the library is kept for this many seconds.
KEPT_FOR = 86400.0

_PERMISSION = "permission"
_CHECKSUM = "checksum"

#: What a link needs, encrypted, until the task is final; and of which kinds it is, which stays. SQL knows the first.
SEALED = "secret"
_ASKED = "asked"

_REPO_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

#: What a record's priority may be; it orders one owner's own tasks only.
PRIORITIES = range(101)


def is_repo_id(text: str) -> bool:
    """Whether a library can have this id."""
    return _REPO_ID.fullmatch(text) is not None


def active_key(owner: str, repo_id: str, path: str, url: str) -> str:
    """What makes two active tasks the same: SHA-256 (64 hex digits) of owner, library, folder and link."""
    # The separator can be in none of the four, so that no two different quadruples give one text.
    return hashlib.sha256("\0".join((owner, repo_id, path, url)).encode("utf-8", "surrogatepass")).hexdigest()


def with_permission(options: Mapping[str, Any] | None, permission: str) -> dict[str, Any]:
    """A record's options with the permission by which its file may come into the library."""
    return {**(options or {}), _PERMISSION: permission}


def with_secret(options: Mapping[str, Any] | None, sealed: Sealed) -> dict[str, Any]:
    """A record's options with what its link needs, in place of what it needed before."""
    return {**(options or {}), SEALED: sealed.text, _ASKED: list(sealed.kinds)}


@dataclass(frozen=True)
class NewTask:
    """What a door hands to ``repository.add``; links and names are checked before. ``permission`` is the library's name
    for the right that the door has found, ``checksum`` what the file must come to, ``sealed`` what the link needs."""

    repo_id: str
    path: str
    url: str
    owner: str
    name: str = ""
    priority: int = 50
    quota_subject: str = ""
    permission: str = ""
    checksum: Checksum | None = None
    sealed: Sealed | None = None

    @property
    def active_key(self) -> str:
        return active_key(self.owner, self.repo_id, self.path, self.url)

    @property
    def provisional(self) -> Task:
        """What a storage needs to know of it while it has no record yet."""
        return Task(
            odr_id=0,
            repo_id=self.repo_id,
            path=self.path,
            url=self.url,
            owner=self.owner,
            timestamp=datetime.min,
            status=OfflineDownloadStatus.WAITING,
            name=self.name,
        )

    @property
    def options(self) -> dict[str, Any] | None:
        """What the record keeps in the column of that name."""
        values = with_permission(None, self.permission) if self.permission else {}
        if self.checksum:
            values[_CHECKSUM] = str(self.checksum)
        return (with_secret(values, self.sealed) if self.sealed else values) or None


@dataclass(frozen=True)
class Task:
    """One record as it was when it was read. Times are naive UTC, sizes bytes (0 = unknown)."""

    odr_id: int
    repo_id: str
    path: str
    url: str
    owner: str
    timestamp: datetime
    status: OfflineDownloadStatus
    size: int = 0
    completed: int = 0
    speed: int = 0
    comment: str = ""
    reason: str = ""
    reason_args: Mapping[str, Any] | None = None
    name: str = ""
    stored_path: str = ""
    priority: int = 50
    attempts: int = 0
    restores: int = 0
    claim: int = 0
    claimed_by: str | None = None
    quota_subject: str = ""
    options: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    updated_at: datetime | None = None
    hidden_at: datetime | None = None
    not_before: datetime | None = None

    @property
    def permission(self) -> str:
        """The name of the permission by which a door let the owner add it; empty where no door has looked."""
        value = (self.options or {}).get(_PERMISSION)
        return value if isinstance(value, str) else ""

    @property
    def checksum(self) -> str:
        """What the file must come to, as it is written in the record; empty where anything will do."""
        value = (self.options or {}).get(_CHECKSUM)
        return "" if value is None else str(value)

    @property
    def secret(self) -> str:
        """What the link needs, as the vault sealed it; empty where there is nothing, or nothing any more."""
        value = (self.options or {}).get(SEALED)
        return value if isinstance(value, str) else ""

    @property
    def asked(self) -> tuple[str, ...]:
        """Of which kinds (``extras.KINDS``) it is, or was before the task was final."""
        found = (self.options or {}).get(_ASKED)
        return tuple(kind for kind in KINDS if kind in found) if isinstance(found, list) else ()

    @property
    def is_wiped(self) -> bool:
        """Whether the link needs what is not kept any more."""
        return bool(self.asked) and not self.secret

    def permitted(self, permission: str) -> Task:
        return replace(self, options=with_permission(self.options, permission))

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Task:
        """From a mapping of column names; a status that this version does not know becomes UNKNOWN."""
        values = {name: row[name] for name in _FIELDS}
        values["status"] = OfflineDownloadStatus.of(values["status"])
        return cls(**values)


_FIELDS = tuple(field.name for field in fields(Task))


@dataclass(frozen=True)
class Progress:
    """How far a running task is, as its worker last saw it; ``claim`` proves that it still has the task. ``anew``: it
    had to begin at 0 and is not much further than it was before."""

    odr_id: int
    claim: int
    completed: int
    size: int
    speed: int
    anew: bool = False


@dataclass(frozen=True)
class PayloadFile:
    """One downloaded file: ``name`` relative to the payload (``/`` separates), ``source`` on the local disk."""

    name: str
    source: str
    size: int


@dataclass(frozen=True)
class Payload:
    """What a download gave. One file is stored as itself, several inside a folder called ``name``."""

    name: str
    files: tuple[PayloadFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


# --- what a worker's run may come to ------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """The files are in the library; ``note`` is worth telling all the same."""

    size: int
    note: Explanation = NO_EXPLANATION


@dataclass(frozen=True)
class Retry:
    """Not now: again after ``after`` seconds, from what the folder holds."""

    after: float
    error: OfflineDownloadError


@dataclass(frozen=True)
class Failed:
    """Never by itself again; the error says why."""

    error: OfflineDownloadError


@dataclass(frozen=True)
class Gone:
    """The task is somebody else's now (cancelled, paused, removed, or claimed anew): leave the record alone."""


Outcome = Union[Done, Retry, Failed, Gone]
