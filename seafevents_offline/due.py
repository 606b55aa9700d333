"""What happens at most once in so many seconds: a scan, a chore, a warning that would be said again and again."""

from __future__ import annotations

from dataclasses import dataclass

#: Seconds: a fault that stays is worth one warning in this time.
WARNING_PERIOD = 60.0


@dataclass
class Due:
    """Something that happens every ``period`` seconds; whatever was missed happens once. Not for several threads."""

    period: float
    at: float = 0.0

    def now(self, now: float) -> bool:
        """Whether its time has come; then it comes again a period after ``now``, of any one clock."""
        if now < self.at:
            return False
        self.at = now + self.period
        return True
