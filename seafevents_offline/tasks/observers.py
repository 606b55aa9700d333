"""Who is told what becomes of a task: first the log, then whoever the host has named.

A worker tells, in its own thread, once the record says so too. What one observer does, or raises, touches neither the
task nor the other observers; while it takes its time, it has this worker to itself, so whoever must wait for somebody
(another server) hands over to a thread of its own.

What happens while nobody looks is not told: what a door writes (paused, cancelled, removed), what a restart or the
chores write in one statement for many, and what a crash came between. Whoever must miss nothing keeps books in a
table, as the messenger does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..link import host_of
from ..task import Done, Gone, Outcome, Retry, Task
from ..text import escape
from ..threads import survive

#: One line a transition, which begins with the task.
logger = logging.getLogger("seafevents_offline.transitions")


@dataclass(frozen=True)
class Transition:
    """``outcome``: what came of a worker's run; None when it begins one. ``task``: as the worker has it, in the state
    that it comes from; with an outcome also with the ``stored_path`` that was recorded."""

    task: Task
    outcome: Outcome | None = None


Observer = Callable[[Transition], object]


class Observers:
    """Told in this order, after the log."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = (log, *observers)

    def tell(self, task: Task, outcome: Outcome | None = None) -> None:
        """Never raises."""
        transition = Transition(task, outcome)
        for observer in self._observers:
            survive(f"task {task.odr_id}: telling others", lambda observer=observer: observer(transition))  # type: ignore[misc]


def log(transition: Transition) -> None:
    """Nothing secret of the link: its host, and no more."""
    logger.info("task %s: %s", transition.task.odr_id, _in_words(transition.task, transition.outcome))


def _in_words(task: Task, outcome: Outcome | None) -> str:
    if outcome is None:
        return f"{task.status.state}, claim {task.claim}, for {escape(task.owner)} from {escape(host_of(task.url))}"
    if isinstance(outcome, Done):
        return f"stored, {outcome.size} bytes, as {escape(task.stored_path)}"
    if isinstance(outcome, Retry):
        return f"again in {outcome.after:.0f} s ({outcome.error.reason}: {outcome.error})"
    if isinstance(outcome, Gone):
        return "left, it is not ours any more"
    return f"failed ({outcome.error.reason}: {outcome.error})"
