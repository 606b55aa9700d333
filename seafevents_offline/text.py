"""Text from outside, made harmless for the lines that people read: sentences, logs, tables, terminals."""

from __future__ import annotations

import logging
import re
import traceback
import unicodedata
from typing import Any

#: Control characters, line ends, marks of writing direction, and halves of characters.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

#: How a line begins that belongs to the one above it.
_CONTINUED = "\n    "


def plain(text: str) -> str:
    """``text`` as a part of one line, in the order in which it stands: what would break or turn it appears as ``\\n``
    or ``\\u202e``. Blanks and joiners stay: names in many scripts need them."""
    return _STEERING.sub(lambda found: _spelt_out(found[0]), text)


def escape(text: str) -> str:
    """``text`` for a terminal or a log, where it shall show everything that is in it: invisible characters appear as
    ``\\u200b``, too."""
    return "".join(char if _is_visible(char) else _spelt_out(char) for char in text)


def traceback_of(error: BaseException) -> str:
    """To be put behind a message: further lines, all indented, so that nothing in them looks like a line of the log,
    whatever the error quotes."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "".join(f"{_CONTINUED}{escape(line)}" for line in lines)


def escape_lines(message: str) -> str:
    """A message of a log with what ``traceback_of`` may have put behind it: each line for itself."""
    return _CONTINUED.join(escape(line) for line in message.split(_CONTINUED))


class LineFormatter(logging.Formatter):
    """Messages hold names and sentences of servers; they shall not make lines or colours of their own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return escape_lines(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's name)
        return traceback_of(ei[1]).lstrip("\n")


def _is_visible(char: str) -> bool:
    # "Zs" are blanks of many widths, which names in some scripts need.
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _spelt_out(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
