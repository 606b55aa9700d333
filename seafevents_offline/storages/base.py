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
    errors of stage STORE when it says no for good. Paths begin at the library's root: ``/folder/name``.
    """

    @abstractmethod
    def check(self, task: Task, size: int) -> Task:
        """Raise when ``task``'s owner may not put ``size`` bytes (0 = not known yet) into its folder now.

        Asked before the download, while it runs and before storing. Success promises nothing for later. What comes
        back is the task as it was admitted, which the next check is to be asked with.
        """

    @abstractmethod
    def choose(self, task: Task, name: str) -> str:
        """A path in the library that is free now, e.g. ``/folder/name (1).ext``. Nothing is reserved.

        In the task's folder; or, where the storage can, in the nearest one above it when that one has gone.
        """

    @abstractmethod
    def put(self, task: Task, payload: Payload) -> str:
        """Make ``payload`` appear at ``task.stored_path``, each file whole or not at all, durable on return.

        Never overwrites: raises NameTaken when something that is not this payload is there, FolderGone when the
        folder is not; ``choose`` then finds another place. Gives the path where it is, which is another one only
        when somebody took the name in the very moment. Idempotent file by file: what an earlier, interrupted call
        has put there is left as it is, where ``arrived`` was asked first. The sources may be gone afterwards only
        after ``TempDir.delete``; until then they prove what is ours.
        """

    @abstractmethod
    def arrived(self, task: Task, payload: Payload | None) -> str | None:
        """Where an earlier ``put`` of this task to ``task.stored_path`` was complete; None when none was.

        ``payload`` is None when the task folder has gone, which happens only after a complete ``put`` or a loss.
        """

    @abstractmethod
    def knows(self, owner: str) -> bool:
        """Whether there is such a person, who may sign in or not. False is certain."""

    @abstractmethod
    def health(self) -> str:
        """A sentence about what is used; raises StorageUnavailable when it cannot be used."""
