"""The states of a task, the moves between them, and who may make which move.

Numbers are public (pages and other programs read them from the table) and never change meaning.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class OfflineDownloadStatus(IntEnum):
    """Where a task stands; ``sentence`` says it in words."""

    sentence: str

    def __new__(cls, number: int, sentence: str) -> OfflineDownloadStatus:
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member

    UNKNOWN = 0, "Its state is not known to this version; nothing will touch it."
    WAITING = 1, "It waits for its turn."
    DOWNLOADING = 2, "It is being downloaded."
    OK = 3, "The file is in the library."
    ERROR = 4, "It failed; the comment says why."
    STORING = 5, "It is complete and being put into the library."
    PAUSED = 6, "It is paused and keeps what it has."
    CANCELLED = 7, "It was cancelled."

    @classmethod
    def of(cls, number: int) -> OfflineDownloadStatus:
        """The status with this number; UNKNOWN for one that this version does not know."""
        return next((status for status in cls if status == number), cls.UNKNOWN)

    @property
    def state(self) -> str:
        """The name as pages and scripts show it, e.g. ``downloading``."""
        return self.name.lower()


_S = OfflineDownloadStatus

#: Every legal move. A write outside this table is a bug, whoever makes it.
TRANSITIONS: dict[OfflineDownloadStatus, frozenset[OfflineDownloadStatus]] = {
    _S.UNKNOWN: frozenset(),
    _S.WAITING: frozenset({_S.DOWNLOADING, _S.ERROR, _S.PAUSED, _S.CANCELLED}),
    _S.DOWNLOADING: frozenset({_S.STORING, _S.WAITING, _S.ERROR, _S.PAUSED, _S.CANCELLED}),
    _S.OK: frozenset(),
    _S.ERROR: frozenset({_S.WAITING}),
    _S.STORING: frozenset({_S.OK, _S.WAITING, _S.ERROR}),
    _S.PAUSED: frozenset({_S.WAITING, _S.CANCELLED}),
    _S.CANCELLED: frozenset({_S.WAITING}),
}

#: A task in one of these has an active key: the same link in the same folder is not taken twice.
ACTIVE = frozenset({_S.WAITING, _S.DOWNLOADING, _S.STORING, _S.PAUSED})

#: Nothing happens to these any more unless their owner asks for it.
FINAL = frozenset({_S.OK, _S.ERROR, _S.CANCELLED})

#: A worker has these.
RUNNING = frozenset({_S.DOWNLOADING, _S.STORING})


class Action(Enum):
    """What a task's owner may ask for: the states it starts from and the state it leads to."""

    sources: frozenset[OfflineDownloadStatus]
    target: OfflineDownloadStatus

    def __new__(cls, verb: str, sources: frozenset[OfflineDownloadStatus], target: OfflineDownloadStatus) -> Action:
        member = object.__new__(cls)
        member._value_ = verb
        member.sources = sources
        member.target = target
        return member

    PAUSE = "pause", frozenset({_S.WAITING, _S.DOWNLOADING}), _S.PAUSED
    RESUME = "resume", frozenset({_S.PAUSED}), _S.WAITING
    CANCEL = "cancel", frozenset({_S.WAITING, _S.DOWNLOADING, _S.PAUSED}), _S.CANCELLED
    RETRY = "retry", frozenset({_S.ERROR, _S.CANCELLED}), _S.WAITING
