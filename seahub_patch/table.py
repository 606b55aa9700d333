"""Rows as the lines of a CSV file that spreadsheets open as it is meant: as text, never as formulas."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from seafevents_offline.text import plain

#: A cell that begins with one of these is a formula, or becomes one when the table is read again. Spreadsheets take
#: the wide forms for the same.
_DANGEROUS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

#: Lines that are made before they are sent.
_TOGETHER = 200


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """UTF-8 with the mark at its beginning that spreadsheets know it by, some lines at a time."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(cell, header))
    yield codecs.BOM_UTF8
    for number, row in enumerate(rows, start=1):
        writer.writerow(map(cell, row))
        if number % _TOGETHER == 0:
            yield _taken(text)
    yield _taken(text)


def cell(value: object) -> str:
    """The value as one line that is nothing but text: an apostrophe stands before what a spreadsheet would work out."""
    text = "" if value is None else str(value)
    return plain(f"'{text}" if text.startswith(_DANGEROUS) else text)


def _taken(text: io.StringIO) -> bytes:
    found = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return found
