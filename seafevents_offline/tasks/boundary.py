"""An engine behind its guard: started in this order, ended in the other, and no start without proof that it holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ..egress.canary import Canary
from ..egress.claims import CANARY
from ..egress.supervisor import Guard
from ..engines.base import DownloadEngine, Job, Transfer, TransferState
from ..errors import EgressRefused, GuardBypassed, GuardUnavailable

#: Seconds for all downloads of the test together; it takes a moment where nothing is wrong.
_TIME_LIMIT = 30.0

#: Seconds for both to end after a start that failed, and at least for the guard in any case.
_STOP_LIMIT = 5.0
_GUARD_STOP_LIMIT = 1.0

#: Traps do not wake anybody; a bypass is seen this soon, in seconds.
_LOOK_PERIOD = 0.1


def start(engine: DownloadEngine, guard: Guard, folder: Path) -> None:
    """Raises GuardUnavailable, EngineUnavailable or GuardBypassed, and then nothing was started.

    ``folder``: an empty one of the engine's.
    """
    try:
        guard.start()
        engine.start()
        prove(engine, guard, folder)
    except BaseException:
        stop(engine, guard, time.monotonic() + _STOP_LIMIT)
        raise


def stop(engine: DownloadEngine, guard: Guard, deadline: float) -> None:
    """Idempotent. In this order: what the engine still does is not for nothing, and not in the open."""
    engine.stop(deadline)
    guard.stop(max(deadline, time.monotonic() + _GUARD_STOP_LIMIT))


def prove(engine: DownloadEngine, guard: Guard, folder: Path) -> None:
    """Both are started; ``folder`` is an empty one of the engine's. Returns when the engine was kept from this machine.

    Raises GuardBypassed when it was not, GuardUnavailable when that cannot be found out.
    """
    try:
        canary = Canary(guard.policy)
    except OSError as error:
        raise GuardUnavailable(detail=f"its test cannot be run: {error.strerror or error}.") from error
    guard.door = canary.door
    try:
        _try(engine, canary, folder)
    finally:
        guard.door = 0
        canary.close()


def _try(engine: DownloadEngine, canary: Canary, folder: Path) -> None:
    woken = threading.Event()
    transfers = []
    try:
        for number, link in enumerate(canary.links, 1):
            transfers.append(engine.add(Job(CANARY, number, link, folder, f"canary-{number}"), woken.set))
        _wait(transfers, canary, woken)
        _judge(transfers, canary)
    finally:
        for transfer in transfers:
            engine.remove(transfer)


def _wait(transfers: Sequence[Transfer], canary: Canary, woken: threading.Event) -> None:
    deadline = time.monotonic() + _TIME_LIMIT
    while any(transfer.snapshot.state is TransferState.ACTIVE for transfer in transfers):
        if canary.reached() or time.monotonic() >= deadline:
            return
        woken.wait(_LOOK_PERIOD)
        woken.clear()


def _judge(transfers: Sequence[Transfer], canary: Canary) -> None:
    if address := canary.reached():
        raise GuardBypassed(address=address)
    for transfer in transfers:
        error = transfer.snapshot.error
        if not isinstance(error, EgressRefused):
            raise GuardUnavailable(detail=f"its test came to no end: {error or transfer.snapshot.state.value}")
    if not canary.has_redirected:
        raise GuardUnavailable(detail="its test came to no end: no redirect was followed.")
