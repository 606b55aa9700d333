"""Showing tasks while they run: redrawn lines on a terminal, plain lines or JSON lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from ..shape import percent
from ..status import ACTIVE, FINAL, OfflineDownloadStatus
from ..task import Task
from ..text import escape
from .output import clip, pad, say, say_json, width
from .words import situation, title, utc_now

#: Nothing happens to these any more unless somebody acts.
AT_REST = FINAL | {OfflineDownloadStatus.UNKNOWN}

#: Something happens to these without anybody's doing, as long as a service runs.
MOVING = ACTIVE - {OfflineDownloadStatus.PAUSED}

#: Elsewhere than on a terminal, a line is worth printing after this much progress, or this long.
_STEP_PERCENT = 10
_STEP_SECONDS = 10.0

_LONGEST_BAR = 30


class Display:
    """Shows nothing, for scripts that want the outcome only; the others show more.

    ``show`` is called several times a second with all tasks that are watched, always in the same order.
    """

    def show(self, tasks: Sequence[Task]) -> None:
        """How they stand now."""

    def note(self, text: str) -> None:
        """A line about something else than one task's progress."""

    def close(self) -> None:
        """Leave everything tidy for what is printed next; idempotent."""


class JsonLines(Display):
    """A line whenever something about a task changed."""

    def __init__(self, to_json: Callable[[Task], object]) -> None:
        self._to_json = to_json
        self._shown: dict[int, object] = {}

    def show(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            value = self._to_json(task)
            if self._shown.get(task.odr_id) != value:
                self._shown[task.odr_id] = value
                say_json(value)


class Lines(Display):
    """A line when a task's state changes and after every tenth of it, or every 10 s while it moves."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: dict[int, tuple[Task, float]] = {}

    def show(self, tasks: Sequence[Task]) -> None:
        now = self._clock()
        for task in tasks:
            shown = self._shown.get(task.odr_id)
            if shown is None or _is_news(task, shown[0], now - shown[1]):
                self._shown[task.odr_id] = (task, now)
                self.note(f"task {task.odr_id}, {title(task)}: {situation(task, utc_now())}")

    def note(self, text: str) -> None:
        say(text)


def _is_news(task: Task, before: Task, seconds: float) -> bool:
    if (task.status, task.comment) != (before.status, before.comment):
        return True
    if task.status is not OfflineDownloadStatus.DOWNLOADING or task.completed == before.completed:
        return False
    steps = [(percent(one) or 0) // _STEP_PERCENT for one in (task, before)]
    return steps[0] != steps[1] or seconds >= _STEP_SECONDS


class Terminal(Display):
    """One line a task, redrawn in place; what has ended stays above as it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: list[str] = []
        self._ended: set[int] = set()
        self._full, self._empty = ("━", "─") if _can_print("━─…", stream) else ("#", "-")

    def show(self, tasks: Sequence[Task]) -> None:
        columns, height = _size(self._stream)
        ended = [task for task in tasks if task.status in AT_REST and task.odr_id not in self._ended]
        self._ended.update(task.odr_id for task in ended)
        running = [self._row(task, columns) for task in tasks if task.odr_id not in self._ended]
        # What has left the screen at its top cannot be redrawn.
        if len(running) > height - 2:
            hidden = len(running) - (height - 3)
            running[-hidden:] = [f"… and {hidden} more"]
        self._draw([self._row(task, columns) for task in ended], running)

    def note(self, text: str) -> None:
        self._draw([escape(text)], self._drawn)

    def close(self) -> None:
        # The last lines stay; what comes next begins below them.
        self._drawn = []

    def _draw(self, lasting: Sequence[str], changing: list[str]) -> None:
        """Over the lines drawn before; the cursor is left at the beginning of the line below."""
        if not lasting and changing == self._drawn:
            return
        up = f"\x1b[{len(self._drawn)}A" if self._drawn else ""
        lines = "".join(f"{line}\x1b[K\n" for line in (*lasting, *changing))
        self._stream.write(f"\r{up}{lines}\x1b[J")
        self._stream.flush()
        self._drawn = changing

    def _row(self, task: Task, columns: int) -> str:
        """Number, name, bar and words. Their places depend on the terminal alone, so that nothing jumps."""
        room = columns - 1
        words = escape(situation(task, utc_now()))
        name = clip(escape(f"{task.odr_id:>3} {title(task)}"), room // 4)
        parts = [pad(name, room // 4), self._bar(task, min(room // 8, _LONGEST_BAR)), words]
        if sum(width(part) + 2 for part in parts) > room + 2:
            # Words say more than a bar.
            del parts[1]
        return clip("  ".join(filter(None, parts)), room)

    def _bar(self, task: Task, length: int) -> str:
        done = percent(task)
        if done is None or task.status is not OfflineDownloadStatus.DOWNLOADING:
            return ""
        filled = length * done // 100
        return self._full * filled + self._empty * (length - filled)


def on_stdout() -> Display:
    """The best that stdout can show."""
    stream = sys.stdout
    return Terminal(stream) if stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" else Lines()


def _size(stream: TextIO) -> tuple[int, int]:
    """Columns and lines; some terminals do not know theirs and say 0."""
    size = os.get_terminal_size(stream.fileno())
    return size.columns or 80, max(size.lines or 24, 4)


def _can_print(text: str, stream: TextIO) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True
