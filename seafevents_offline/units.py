"""Sizes and times as people write and read them: ``800mb``, ``24h``; 1024-based, any case."""

from __future__ import annotations

import re

_SIZES = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4}
_TIMES = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", re.ASCII)


def parse_size(text: str) -> int:
    """Bytes; a number without a unit is bytes. Raises ValueError."""
    return int(_parse(text, _SIZES))


def parse_time(text: str) -> float:
    """Seconds; a number without a unit is seconds. Raises ValueError."""
    return _parse(text, _TIMES)


def format_size(size: float) -> str:
    """For people: ``0 bytes``, ``1 byte``, ``1.5 MB`` (1024-based, as Seahub counts)."""
    if size < 1024:
        return "1 byte" if size == 1 else f"{size:.0f} bytes"
    for unit in ("KB", "MB", "GB"):
        size /= 1024
        # 1023.96 would be rounded to the odd "1024.0 KB".
        if size < 1023.95:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} TB"


def format_time(seconds: float) -> str:
    """For people, two units at most: ``45 s``, ``2 min 5 s``, ``3 h 20 min``, ``4 d 2 h``."""
    left = round(seconds)
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, length)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _parse(text: str, units: dict[str, int]) -> float:
    match = _NUMBER.fullmatch(text.strip().lower())
    if match is None or match[2] not in units:
        raise ValueError(text)
    return float(match[1]) * units[match[2]]
