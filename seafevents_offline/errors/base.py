"""What every error has: its stage, its stable reason code, its sentence and what it costs; and who can be to blame."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from ..text import plain

#: Characters that a value in a sentence may have.
LONGEST_VALUE = 1000


class Stage(str, Enum):
    """Where in a task's life an error belongs."""

    SETTINGS = "settings"
    INPUT = "input"
    DATABASE = "database"
    DOWNLOAD = "download"
    VERIFY = "verify"
    STORE = "store"


@dataclass(frozen=True)
class Explanation:
    """Why a task is where it is: a stable code with its values, and the English sentence."""

    reason: str = ""
    comment: str = ""
    reason_args: dict[str, Any] = field(default_factory=dict)


#: Nothing to explain: all is as it should be.
NO_EXPLANATION = Explanation()


class OfflineDownloadError(Exception):
    """The root of everything that this package raises on purpose.

    ``retryable``: trying again later may help. ``costs_attempt``: it is the link's fault, so the try counts
    against ``max-attempts``; a fault of ours or of the infrastructure never does. ``keeps_folder``: it is final, and
    yet what was downloaded is kept for a while, because a person can mend it and retry. ``makes_room``: it is tried
    again, and yet what was downloaded is deleted, because there is no room for it.
    """

    stage: ClassVar[Stage] = Stage.DOWNLOAD
    reason: ClassVar[str] = "internal_error"
    sentence: ClassVar[str] = "Something went wrong inside the download service. Please tell your administrator."
    retryable: ClassVar[bool] = False
    costs_attempt: ClassVar[bool] = True
    keeps_folder: ClassVar[bool] = False
    makes_room: ClassVar[bool] = False

    def __init__(self, **reason_args: Any) -> None:
        # Folders and hosts may be called whatever people and servers like; a sentence is one line all the same.
        self.reason_args = {name: in_line(value) for name, value in reason_args.items()}
        super().__init__(plain(self.sentence.format(**reason_args)))

    def explain(self) -> Explanation:
        """The three columns that a record keeps of this error."""
        return Explanation(self.reason, str(self), dict(self.reason_args))


class InputError(OfflineDownloadError):
    """Something that a person gave is not usable; nothing was changed."""

    stage = Stage.INPUT


class LinkError(OfflineDownloadError):
    """The link, or the server behind it, does not give what was asked for."""


class InfrastructureError(OfflineDownloadError):
    """Not the link's fault: the task waits until the cause is gone, and no attempt is lost."""

    retryable = True
    costs_attempt = False


def in_line(value: Any) -> Any:
    """A value as sentences and records show it."""
    return plain(value)[:LONGEST_VALUE] if isinstance(value, str) else value
