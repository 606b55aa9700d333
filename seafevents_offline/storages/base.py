"""The port to a library: where a payload goes when it is verified.

The order is always ``check``, ``choose``, (the caller records the chosen path), ``put``. Because the path is
recorded before anything is written, a crash can be told from a success by ``arrived``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..task import Payload, Task


class Storage(ABC):
    """Starts nothing when constructed. Every method may be called from any thread.

    All raise StorageUnavailable when the library cannot answer at the moment (the task then waits) and other
    errors of stage STORE when it says no for good.
    """

    @abstractmethod
    def check(self, task: Task, size: int) -> None:
        """Raise when ``task``'s owner may not put ``size`` bytes (0 = not known yet) into its folder now.

        Asked before the download, while it runs and before storing. Success promises nothing for later.
        """

    @abstractmethod
    def choose(self, task: Task, name: str) -> str:
        """A path in the library that is free now, e.g. ``/folder/name (1).ext``. Nothing is reserved."""

    @abstractmethod
    def put(self, task: Task, payload: Payload) -> None:
        """Make ``payload`` appear at ``task.stored_path``, each file whole or not at all, durable on return.

        Never overwrites: raises NameTaken when something that is not this payload is there. Idempotent file by
        file: what an earlier, interrupted call has put there is left as it is. The sources may be gone afterwards
        only after ``TempDir.delete``; until then they prove what is ours.
        """

    @abstractmethod
    def arrived(self, task: Task, payload: Payload | None) -> bool:
        """Whether an earlier ``put`` of this task to ``task.stored_path`` was complete.

        ``payload`` is None when the task folder has gone, which happens only after a complete ``put`` or a loss.
        """

    @abstractmethod
    def health(self) -> str:
        """A sentence about what is used; raises StorageUnavailable when it cannot be used."""
