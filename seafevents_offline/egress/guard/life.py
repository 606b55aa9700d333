"""A task that can be ended at once for a reason, and whose phases have time limits.

asyncio's own ``wait_for`` may swallow a cancellation (before Python 3.12); then a tunnel that was cut would go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator

from .usage import Why


class Life:
    """``because``: why it was cut, if it was. The first reason counts."""

    def __init__(self) -> None:
        self.because: Why | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        self._task = asyncio.ensure_future(work)
        return self._task

    def cut(self, why: Why) -> None:
        """End it at once, wherever it waits."""
        if self.because is None and self._task is not None:
            self.because = why
            self._task.cancel()

    @contextlib.contextmanager
    def within(self, seconds: float, error: Exception) -> Iterator[None]:
        """Raises ``error`` when what is inside takes longer; only for what ``begin`` began."""
        expired: list[bool] = []
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, expired)
        try:
            yield
        except asyncio.CancelledError:
            if expired and self.because is None:
                raise error from None
            raise
        finally:
            timer.cancel()

    def _expire(self, expired: list[bool]) -> None:
        assert self._task is not None
        expired.append(True)
        self._task.cancel()
