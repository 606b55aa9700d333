"""What the folder storage does in a process that is killed.

Not among the tests: the process imports it, and a module of tests would take longer to import than to put.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from seafevents_offline.storages.folder import FolderStorage, publish
from seafevents_offline.task import Payload, Task


def refuse_links(fd: int, place: publish.Place) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def put(root: Path, task: Task, payload: Payload, links: bool) -> None:
    if not links:
        publish._link = refuse_links
    FolderStorage(root).put(task, payload)
