"""What is going to be broken, and when: drawn from a seed before anything starts."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A fault as it may be drawn: what it does, to whom, and from how many to how many seconds it lasts (0: it is over
    at once). Two of the same target are never drawn for the same time."""

    name: str
    target: str
    shortest: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True)
class Fault:
    """``at``: seconds after the start."""

    kind: Kind
    at: float
    lasts: float

    def __str__(self) -> str:
        lasts = f" for {self.lasts:.1f} s" if self.lasts else ""
        return f"{self.at:6.1f} s  {self.kind.name} {self.kind.target}{lasts}"


@dataclass(frozen=True)
class Script:
    """``seconds``: how long people go on; all faults have ended by then."""

    seed: int
    seconds: float
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        head = f"seed {self.seed}: {len(self.faults)} faults in {self.seconds:.0f} s"
        return "\n".join([head, *map(str, self.faults)])

    def dice(self, name: str) -> random.Random:
        """One for everybody who draws in a thread of its own: the same seed gives the same, whoever is faster."""
        return random.Random(f"{self.seed} {name}")


def draw(seed: int, kinds: tuple[Kind, ...], number: int, seconds: float) -> Script:
    """Each kind comes once before any comes twice; one that may take half of the time does not come. Raises ValueError
    where so many do not find room."""
    dice = random.Random(seed)
    kinds = tuple(kind for kind in kinds if kind.longest <= seconds / 2)
    drawn: list[Kind] = []
    while len(drawn) < number:
        drawn += dice.sample(kinds, min(len(kinds), number - len(drawn)))
    busy: dict[str, list[tuple[float, float]]] = {}
    # What takes long finds no room any more when it comes last.
    drawn.sort(key=lambda kind: -kind.longest)
    faults = [_place(dice, kind, seconds, busy.setdefault(kind.target, [])) for kind in drawn]
    return Script(seed, seconds, tuple(sorted(faults, key=lambda fault: fault.at)))


#: Seconds between two faults of one target: after each it shall have got somewhere.
_REST = 1.5

_TRIES = 1000


def _place(dice: random.Random, kind: Kind, seconds: float, taken: list[tuple[float, float]]) -> Fault:
    for _ in range(_TRIES):
        lasts = dice.uniform(kind.shortest, kind.longest)
        at = dice.uniform(0.5, max(0.6, seconds - lasts - 0.5))
        if all(at > end + _REST or at + lasts + _REST < begin for begin, end in taken):
            taken.append((at, at + lasts))
            return Fault(kind, at, lasts)
    raise ValueError(f"{seconds:.0f} s are too few for so many faults of {kind.target}")


def by_name(kinds: Mapping[Kind, object]) -> tuple[Kind, ...]:
    """In an order that does not depend on anything but what they are."""
    return tuple(sorted(kinds, key=lambda kind: (kind.target, kind.name)))
