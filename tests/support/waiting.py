"""Waiting for something to become true, with an end; tests sleep nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

_T = TypeVar("_T")

_PAUSE = 0.02


def eventually(predicate: Callable[[], _T], timeout: float = 60.0, describe: Callable[[], str] | None = None) -> _T:
    """The first true value that ``predicate`` gives; AssertionError after ``timeout`` seconds.

    ``describe`` says for the failure how things stand.
    """
    deadline = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > deadline:
            state = describe() if describe else f"last seen: {value!r}"
            raise AssertionError(f"this did not happen within {timeout:g} s; {state}")
        # An Event that nobody sets: a pause that Ctrl-C interrupts at once.
        Event().wait(_PAUSE)
    return value
