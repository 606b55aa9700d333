"""Watching tasks until all are at rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..task import Task
from .live import AT_REST, Display

#: How often it is looked, in seconds.
PERIOD = 0.25


class TimeIsUp(Exception):
    """The tasks were not at rest in time; they go on all the same."""


def follow(
    read: Callable[[], Sequence[Task]],
    display: Display,
    *,
    timeout: float | None = None,
    each_time: Callable[[], None] = lambda: None,
) -> Sequence[Task]:
    """Show what ``read`` gives until nothing of it moves any more, and return that.

    ``each_time`` is called between two looks. Raises TimeIsUp after ``timeout`` seconds.
    """
    pause = threading.Event()
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        while True:
            tasks = read()
            display.show(tasks)
            if all(task.status in AT_REST for task in tasks):
                return tasks
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeIsUp
            each_time()
            pause.wait(PERIOD)
    finally:
        display.close()
