"""Signals, as the programs that tests start inherit them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

#: What shells and nohup let a background job ignore, and what handles it instead: any handler of ours is the default
#: again in a program that we start. The terminal that is closed still does not end us.
_INSTEAD = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: lambda *_: None}


@pytest.fixture(scope="session", autouse=True)
def signals_are_not_ignored() -> Iterator[None]:
    """A program ignores what its parent ignores: ours would not end by Ctrl-C in a run that is in the background."""
    ignored = [number for number in _INSTEAD if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, _INSTEAD[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
