"""What a file must come to: a checksum as people write it and as it is kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from .errors import ChecksumInvalid

#: Letters and digits of each kind: all differ, so that the length tells the kind.
_LENGTHS = {"md5": 32, "sha-1": 40, "sha-256": 64, "sha-512": 128}

_KINDS = {kind.replace("-", ""): kind for kind in _LENGTHS}
_BY_LENGTH = {length: kind for kind, length in _LENGTHS.items()}

_WRITTEN = re.compile(r"(?:(md5|sha-?1|sha-?256|sha-?512)\s*[=:]\s*)?([0-9a-f]{32,128})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Checksum:
    """``kind``: ``md5``, ``sha-1``, ``sha-256`` or ``sha-512``; ``digest``: lower-case hexadecimal."""

    kind: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Checksum:
        """``sha-256=…``, ``SHA256:…`` or the digest alone, in any case. Raises ChecksumInvalid."""
        written = _WRITTEN.fullmatch(text.strip())
        if written is None:
            raise ChecksumInvalid()
        name, digest = (written[1] or "").lower().replace("-", ""), written[2].lower()
        kind = _KINDS[name] if name else _BY_LENGTH.get(len(digest), "")
        if _LENGTHS.get(kind) != len(digest):
            raise ChecksumInvalid()
        return cls(kind, digest)

    def hasher(self) -> Any:
        """A new hash object of this kind, as hashlib has them."""
        # It is compared with what somebody published, no secret depends on it: a strict system must not forbid MD5.
        return hashlib.new(self.kind.replace("-", ""), usedforsecurity=False)

    def __str__(self) -> str:
        """The one form that is kept, shown and told to engines: ``sha-256=…``."""
        return f"{self.kind}={self.digest}"
