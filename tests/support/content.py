"""Bytes invented from a seed and an offset: any range of any file, without storing any of it.

Each 64 KiB block is a stamp (a digest of seed and block number) and a window into one random megabyte, chosen by
the same digest. So a block that landed in the wrong place, or in the wrong file, is never right by chance.
"""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache
from typing import Union

Seed = Union[int, str]

_BLOCK = 64 * 1024
_WINDOWS = 1024 * 1024
_STAMP = 16


@lru_cache(maxsize=1)
def _base() -> bytes:
    return random.Random(0).randbytes(_WINDOWS + _BLOCK)


def content(seed: Seed, size: int, offset: int = 0) -> bytes:
    """``size`` bytes of the file called ``seed``, beginning at ``offset``."""
    first, last = offset // _BLOCK, (offset + size - 1) // _BLOCK
    base = _base()
    pieces: list[bytes] = []
    for index in range(first, last + 1):
        stamp = hashlib.blake2b(f"{seed}:{index}".encode(), digest_size=_STAMP).digest()
        start = int.from_bytes(stamp[:4], "big") % _WINDOWS
        pieces += (stamp, base[start : start + _BLOCK - _STAMP])
    skipped = offset - first * _BLOCK
    return b"".join(pieces)[skipped : skipped + size]


@lru_cache(maxsize=64)
def sha256_of(seed: Seed, size: int) -> str:
    """The SHA-256 (hex) of the first ``size`` bytes of the file called ``seed``."""
    digest = hashlib.sha256()
    for offset in range(0, size, _WINDOWS):
        digest.update(content(seed, min(_WINDOWS, size - offset), offset))
    return digest.hexdigest()
