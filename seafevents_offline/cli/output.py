"""Printing: whatever came from outside is made harmless here, at the last moment, and nowhere else."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

from ..text import escape


def say(text: str = "") -> None:
    """One line on stdout, there at once also in a pipe."""
    print(escape(text), flush=True)


def complain(text: str) -> None:
    """One line on stderr."""
    print(escape(text), file=sys.stderr, flush=True)


def say_json(value: Any) -> None:
    """One line of JSON on stdout; JSON's own escapes (ASCII only) make it harmless."""
    print(json.dumps(value), flush=True)


def width(text: str) -> int:
    """Columns that escaped ``text`` takes on a terminal."""
    return sum(_columns(char) for char in text)


def clip(text: str, room: int) -> str:
    """Escaped ``text``, at most ``room`` columns wide; what is cut off shows as ``…``."""
    if width(text) <= room:
        return text
    kept, left = [], room - 1
    for char in text:
        left -= _columns(char)
        if left < 0:
            break
        kept.append(char)
    return "".join(kept) + "…" if room > 0 else ""


def pad(text: str, columns: int) -> str:
    """Escaped ``text``, filled up with blanks."""
    return text + " " * (columns - width(text))


def table(rows: Sequence[Sequence[str]], room: int | None) -> list[str]:
    """Lines with aligned columns; the first row is the heading. ``room``: columns of the terminal, None = no end."""
    rows = [[escape(cell) for cell in row] for row in rows]
    columns = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(pad(cell, size) for cell, size in zip(row, columns, strict=True)).rstrip() for row in rows]
    return lines if room is None else [clip(line, room) for line in lines]


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
