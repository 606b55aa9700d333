"""Ways out for engines under test: the real guard, one for all tests of a process, and none at all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from seafevents_offline.egress.policy import Policy
from seafevents_offline.egress.supervisor import Guard
from seafevents_offline.errors import OfflineDownloadError
from seafevents_offline.pin import Pin
from seafevents_offline.settings import Settings

from .ports import ALLOWED


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """A real one that lets through what tests may reach, for all engines of this process: nobody may harm it."""
    settings = Settings(max_size=0, connections=16, workers=64, allow_addresses=ALLOWED)
    guard = Guard(settings, Policy.from_settings(settings))
    guard.start()
    yield guard
    guard.stop(time.monotonic() + 10)


class Open:
    """In place of a guard: the engine connects to whatever it likes. Says what the test puts into it."""

    proxy = ""

    def __init__(self) -> None:
        self.is_up = True
        self.cuts = 0
        self.refusals: dict[tuple[int, int], OfflineDownloadError] = {}
        self.admitted: list[tuple[int, int, str]] = []
        self.only: list[Pin | None] = []
        self.closed: list[tuple[int, int]] = []

    def admit(self, odr_id: int, claim: int, owner: str, only: Pin | None = None) -> tuple[str, str]:
        self.admitted.append((odr_id, claim, owner))
        self.only.append(only)
        return f"{odr_id}.{claim}", "password"

    def refusal(self, odr_id: int, claim: int) -> OfflineDownloadError | None:
        return self.refusals.get((odr_id, claim))

    def received(self, odr_id: int, claim: int) -> int:
        return 0

    def deaths(self) -> int:
        return self.cuts

    def close(self, odr_id: int, claim: int) -> None:
        self.closed.append((odr_id, claim))
