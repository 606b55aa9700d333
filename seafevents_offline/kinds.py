"""Which files are taken by what they are: ``mime-allow`` and ``mime-deny`` held against what was downloaded.

Before it is stored, whichever way it came there; and once its beginning is there, so that 10 GB of what is not taken
need not come first.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .engines.base import Snapshot, TransferState
from .errors import KindRefused, OfflineDownloadError, PayloadLost, TempDirUnusable
from .mime import Rules
from .settings import Settings
from .sniffer import Sniffer
from .task import Payload
from .threads import offload

#: What the rest of the file may still make another type: marks at the end, tables anywhere (Microsoft's old formats).
_NOT_SURE = frozenset({"application/octet-stream", "application/cdfv2", "application/x-ole-storage"})

#: Bytes that must still be to come for an early look to be worth it.
_WORTH = 16 * 1024**2


@dataclass(frozen=True)
class Kinds:
    """Without rules every file is taken, and nothing is looked at."""

    rules: Rules = field(default_factory=Rules)
    sniffer: Sniffer = field(default_factory=Sniffer)

    @classmethod
    def from_settings(cls, settings: Settings) -> Kinds:
        return cls(Rules(settings.mime_allow, settings.mime_deny), Sniffer(settings.run_as))

    def try_out(self) -> str:
        """The program that they need, which has just been tried; empty without rules. Raises as ``Sniffer.check``."""
        return self.sniffer.check() if self.rules else ""

    def check(self, payload: Payload, pause: Callable[[], None]) -> None:
        """Raises KindRefused, and as ``Sniffer.kind``, PayloadLost and TempDirUnusable. ``pause`` may raise, too."""
        for file in payload.files if self.rules else ():
            kind = self._of(Path(file.source), pause)
            if not self.rules.permit(kind):
                raise KindRefused(kind=kind)

    def check_beginning(self, path: Path, pause: Callable[[], None]) -> None:
        """Raises KindRefused if that is already sure; whatever else is the matter shows in the end."""
        kind = ""
        with suppress(OfflineDownloadError):
            kind = self._of(path, pause)
        if kind and kind not in _NOT_SURE and not self.rules.permit(kind):
            raise KindRefused(kind=kind)

    def _of(self, path: Path, pause: Callable[[], None]) -> str:
        """What the file is; a link or anything else than a file is one that was lost."""
        fd = offload(_open, path)
        try:
            return self.sniffer.kind(fd, pause)
        finally:
            os.close(fd)


class FirstLook:
    """One for each run, as soon as the engine says that a file's beginning is there, if much is still to come."""

    def __init__(self, kinds: Kinds, pause: Callable[[], None]) -> None:
        self._kinds = kinds
        self._pause = pause
        self._is_due = bool(kinds.rules)

    def check(self, snapshot: Snapshot) -> None:
        """Raises KindRefused."""
        if not self._is_due or snapshot.begun is None or snapshot.state is not TransferState.ACTIVE:
            return
        if not snapshot.size or snapshot.size - snapshot.completed >= _WORTH:
            self._is_due = False
            self._kinds.check_beginning(snapshot.begun, self._pause)


def _open(path: Path) -> int:
    # While it runs the folder is the engine's, who may be somebody else and put anything there.
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise PayloadLost() from None
    except OSError as error:
        raise TempDirUnusable(path=str(path.parent), detail=error.strerror) from error
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise PayloadLost()
