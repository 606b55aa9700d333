"""Signals, as verbs get them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from seafevents_offline.cli.host import interruptible


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_ended_is_like_ctrl_c(number: signal.Signals) -> None:
    with interruptible(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_what_nohup_ignores_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with interruptible():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_handlers_are_as_before_afterwards() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with interruptible():
        assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    signal.signal(signal.SIGTERM, before)
