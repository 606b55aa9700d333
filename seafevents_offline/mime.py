"""What ``mime-allow`` and ``mime-deny`` may hold, and what they say of a type.

Patterns are globs over a whole type, in lower case: ``application/pdf``, ``image/*``, ``*/x-empty``, ``image/[gp]*``,
or ``*`` for any. What must not come has an option of its own, so a pattern never begins with ``!``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

#: Bytes at a file's beginning by which it is judged: what libmagic reads by default differs between its versions.
BEGINNING = 1024**2

#: The names of RFC 6838 with ``*``, ``?`` and ``[abc]`` in them. fnmatch also takes what nobody means: ``[]a]`` has no
#: second bracket for its first one, ``[z-a]`` holds nothing.
_NAME = r"(?:[a-z0-9*?]|\[!?[a-z0-9.+_]+\])(?:[a-z0-9*?.+_-]|\[!?[a-z0-9.+_]+\])*"
_PATTERN = re.compile(rf"\*|{_NAME}/{_NAME}", re.ASCII)


def parse_pattern(text: str) -> str:
    """As it is compared. Raises ValueError for what is no pattern."""
    pattern = text.lower()
    if not _PATTERN.fullmatch(pattern):
        raise ValueError(text)
    return pattern


@dataclass(frozen=True)
class Rules:
    """``allow``: a file must be one of these, whichever; empty for any. ``deny``: it must be none of these, even if it
    is allowed. Falsy when everything may come."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.deny)

    def permit(self, kind: str) -> bool:
        """``kind``: a type in lower case, like ``image/png``."""
        if any(fnmatchcase(kind, pattern) for pattern in self.deny):
            return False
        return not self.allow or any(fnmatchcase(kind, pattern) for pattern in self.allow)
