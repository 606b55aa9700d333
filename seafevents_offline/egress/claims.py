"""Who may connect, and what came of it: the daemon's memory of the claims that are under way."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..errors import OfflineDownloadError, from_reason
from .messages import Ended, Failed, Received, Refused

logger = logging.getLogger(__name__)

#: One line for each connection that ended.
audit = logging.getLogger("seafevents_offline.audit")

#: The task whose connections are a test of the guard itself; no record has this number.
CANARY = 0


@dataclass
class _Claim:
    """``serial``: of its credentials. ``received``: bytes. ``refusal``: what was held against its connections."""

    serial: int
    received: int = 0
    refusal: OfflineDownloadError | None = None

    def hear(self, error: OfflineDownloadError) -> None:
        """A decision stays; what failed is forgotten for what fails later."""
        if self.refusal is None or self.refusal.retryable:
            self.refusal = error


class Claims:
    """Not for several threads at once."""

    def __init__(self) -> None:
        self._serial = 0
        self._claims: dict[tuple[int, int], _Claim] = {}

    def begin(self, odr_id: int, claim: int) -> int:
        """The serial of its new credentials; what was before is forgotten."""
        self._serial += 1
        self._claims[odr_id, claim] = _Claim(self._serial)
        return self._serial

    def end(self, odr_id: int, claim: int) -> int:
        """The serial of its credentials; 0 when it had none."""
        found = self._claims.pop((odr_id, claim), None)
        return found.serial if found is not None else 0

    def refusal(self, odr_id: int, claim: int) -> OfflineDownloadError | None:
        found = self._claims.get((odr_id, claim))
        return found.refusal if found is not None else None

    def received(self, odr_id: int, claim: int) -> int:
        found = self._claims.get((odr_id, claim))
        return found.received if found is not None else 0

    def hear(self, event: Refused | Failed | Received | Ended) -> None:
        """Keep what engines will ask for, and write down what administrators may ask for."""
        found = self._claims.get((event.odr_id, event.claim))
        if isinstance(event, Ended):
            audit.log(_level(event), "%s", in_words(event))
        elif isinstance(event, Received):
            if found is not None and found.serial == event.serial:
                found.received = event.received
        else:
            error = from_reason(event.reason, event.args)
            logger.log(_level(event), "task %s: not to %s:%s: %s", event.odr_id, event.host, event.port, error)
            if found is not None:
                found.hear(error)


def _level(event: Refused | Failed | Ended) -> int:
    """That the canary is turned away is no news."""
    return logging.DEBUG if event.odr_id == CANARY else logging.INFO


def in_words(event: Ended) -> str:
    """The line of the audit. Only the owner may hold anything but harmless letters; with a blank it would look like
    two fields."""
    owner = event.owner.encode("unicode_escape").decode("ascii").replace(" ", r"\x20")
    return (
        f"task {event.odr_id}: {owner} {event.host}:{event.port} at {event.address}: "
        f"{event.received} bytes received, {event.sent} sent in {event.seconds:.1f} s, {event.why}"
    )
