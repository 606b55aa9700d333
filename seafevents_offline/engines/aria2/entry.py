"""One download under aria2's name for it, and what its lives in one aria2c after the other have shown."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from ..base import Snapshot, Transfer

#: A download during which aria2c dies this often without getting further may be what kills it.
_MAX_DEATHS = 10


@dataclass(eq=False)
class Entry:
    """One transfer under aria2's name for it. ``released``: aria2c writes nothing more for it.

    ``part_is_useless``: it must begin at 0, whatever its folder holds. ``resumed``: it continues a part.
    ``saved``: its folder has the mark that a control file has been there. ``cuts``: how often the way out had broken
    when it was sent; None while it never was. ``begun``: since it was sent, aria2c has borne the beginning of the
    server's answer. ``fatal``: how often aria2c died before. ``guilty``: it is certain that it died of this.
    """

    gid: str
    transfer: Transfer
    sent: bool = False
    sent_at: float = 0.0
    ending: bool = False
    resumed: bool = False
    part_is_useless: bool = False
    saved: bool = False
    begun: bool = False
    guilty: bool = False
    cuts: int | None = None
    fatal: int = 0
    deaths: int = 0
    reached: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def is_open(self) -> bool:
        """Whether aria2c has it now."""
        return self.sent and not self.released.is_set()

    def saw(self, snapshot: Snapshot) -> None:
        """This is how aria2c says that it stands."""
        self.begun = self.begun or snapshot.is_known
        self.transfer.update(snapshot)

    def died(self) -> bool:
        """Count a death of aria2c, or of the way out; whether there were too many."""
        completed = self.transfer.snapshot.completed
        self.deaths = 1 if completed > self.reached else self.deaths + 1
        self.reached = max(self.reached, completed)
        return self.deaths >= _MAX_DEATHS
