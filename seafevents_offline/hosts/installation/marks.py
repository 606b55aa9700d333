"""A part of a text file that is ours, between two comment lines, and taken out again byte for byte.

The last line says what the file was like before, and a digest of what is in between, so that every version knows what
any other one wrote.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

BEGIN = "# >>> seafevents-offline >>> written by `seafevents-offline enable`; `seafevents-offline disable` takes it out"
END = "# <<< seafevents-offline <<<"

#: What the last line says of the file before.
_NO_NEWLINE = "no-newline"
_NEW_FILE = "new-file"

_PART = re.compile(
    rb"^# >>> seafevents-offline >>>[^\r\n]*(?P<newline>\r?\n)"
    rb"(?P<body>.*?)"
    rb"^# <<< seafevents-offline <<<(?P<notes>[^\r\n]*)(?:\r?\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Part:
    """Our part of a file and what is around it. ``whole``: with its first and last line. ``is_intact``: what is in it
    is still what was written. ``made_file``: there was no file before."""

    before: bytes
    whole: bytes
    body: bytes
    after: bytes
    is_intact: bool
    made_file: bool

    @property
    def without(self) -> bytes:
        """The file without our part: as it was before, if nothing else was changed."""
        return self.before + self.after


def append(data: bytes | None, body: str) -> bytes:
    """The file with ``body`` (lines of ASCII or UTF-8) marked at its end; ``data`` is None when there is no file."""
    newline = _newline(data or b"")
    lines = body.replace("\n", newline).encode()
    notes = [_digest(lines)]
    glue = newline.encode() if data else b""
    if data is None:
        notes.append(_NEW_FILE)
    elif data and not data.endswith(b"\n"):
        notes.append(_NO_NEWLINE)
        glue += newline.encode()
    first, last = (line.encode() for line in (f"{BEGIN}{newline}", f"{END} {' '.join(notes)}{newline}"))
    return (data or b"") + glue + first + lines + last


def find(data: bytes) -> Part | None:
    """Our part of the file, if there is one."""
    found = _PART.search(data)
    if not found:
        return None
    notes, newline = found["notes"].decode("ascii", "replace").split(), found["newline"]
    after = data[found.end() :]
    return Part(
        _without_glue(data[: found.start()], newline, _NO_NEWLINE in notes and not after),
        found[0],
        found["body"],
        after,
        _digest(found["body"]) in notes,
        _NEW_FILE in notes,
    )


def text_of(body: bytes) -> str:
    """What is between the lines, as ``append`` got it."""
    return body.decode("utf-8", "replace").replace("\r\n", "\n")


def has_half(data: bytes) -> bool:
    """Whether one of the two lines has lost the other."""
    rest = _PART.sub(b"", data)
    return any(re.search(rb"^" + re.escape(mark[:28].encode()), rest, re.MULTILINE) for mark in (BEGIN, END))


def _without_glue(before: bytes, newline: bytes, had_no_newline: bool) -> bytes:
    if had_no_newline:
        return before.removesuffix(newline).removesuffix(newline)
    shorter = before.removesuffix(newline)
    # Somebody may have taken the empty line out.
    return shorter if shorter.endswith(b"\n") else before


def _newline(data: bytes) -> str:
    """How the last line that has an end ends."""
    return "\r\n" if data[: data.rfind(b"\n") + 1].endswith(b"\r\n") else "\n"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:16]
