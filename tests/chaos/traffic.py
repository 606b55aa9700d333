"""How many tasks of one owner and of one host the server saw at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

#: Seconds that a download which is not wanted any more may go on.
_GRACE = 4.0


@dataclass(frozen=True)
class Visit:
    """One request: of which task, from when to when (None: until now)."""

    odr_id: int
    owner: str
    begun: float
    ended: float | None


def crowds(visits: Sequence[Visit], allowed: int, blind: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Where more tasks of one owner were served at once than allowed. In the times that are ``blind`` something was
    frozen, and could not end what it had begun."""
    of_owner: defaultdict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        of_owner[visit.owner].append(visit)
    blind = list(blind)
    for owner, own in of_owner.items():
        for moment in sorted({visit.begun for visit in own}):
            if any(begin - _GRACE <= moment <= end + _GRACE for begin, end in blind):
                continue
            tasks = {visit.odr_id for visit in own if visit.begun <= moment and _is_open(visit, moment)}
            if len(tasks) > allowed:
                yield f"the server saw {len(tasks)} tasks of {owner} at once: {sorted(tasks)} (at {moment:.1f})"


def _is_open(visit: Visit, moment: float) -> bool:
    """Also shortly afterwards, when it began just now."""
    return visit.ended is None or visit.ended - _GRACE > moment or visit.begun == moment
