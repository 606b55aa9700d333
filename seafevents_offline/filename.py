"""What a file may be called in a library: hostile names are made safe, wished names are checked.

A library is synchronised to every kind of computer, so the rules are those of the strictest: Windows'
reserved names and characters, 255 bytes of UTF-8 (ext4, and seaf-server's own limit), and nothing that
shows another name than it has (control characters, bidi overrides).
"""

from __future__ import annotations

import re
import unicodedata

from .errors import NameInvalid, PathInvalid

#: Bytes of UTF-8 that a file system and seaf-server take.
MAX_NAME_BYTES = 255

#: How what is not complete yet is called in a library; nothing else is, for it would not be seen there.
HIDDEN_PREFIX = ".offline-download-"

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_RESERVED_CHARACTERS = re.compile(r'[/\\:*?"<>|]')
_RESERVED_NAMES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_END = re.compile(r"[\s.]+\Z")
# In the path of a folder that exists already only these are surely a mistake.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FALLBACK = "download"
_MOST_MARKS = 8


def safe_name(name: str) -> str:
    """A name made from what a server says, usable everywhere; never empty, never a path."""
    name = unicodedata.normalize("NFC", _UNPRINTABLE.sub("", name))
    name = _RESERVED_CHARACTERS.sub("_", name).lstrip()
    name = _shorten(_END.sub("", name), "")
    if not name.strip("._ "):
        return _FALLBACK
    # Only now: a long name may become a reserved one when it is shortened.
    is_reserved = _RESERVED_NAMES.fullmatch(name) or name.lower().startswith(HIDDEN_PREFIX)
    return _shorten(f"_{name}", "") if is_reserved else name


def check_name(name: str) -> str:
    """The wished name in Unicode's composed form; raises NameInvalid when it is not safe as it stands."""
    name = unicodedata.normalize("NFC", name.strip())
    if safe_name(name) != name:
        raise NameInvalid(name=name)
    return name


def numbered(name: str, number: int) -> str:
    """``name (1).ext``, as Seafile itself calls a second file of one name; number 0 is the name itself."""
    return _shorten(name, f" ({number})") if number else name


def check_path(path: str) -> str:
    """A folder of a library in its one form: ``/``, ``/folder/subfolder``. Raises PathInvalid."""
    if not path.startswith("/") or _CONTROLS.search(path) or "\\" in path:
        raise PathInvalid(path=path)
    parts = [part for part in unicodedata.normalize("NFC", path).split("/") if part]
    if any(part in (".", "..") or len(part.encode()) > MAX_NAME_BYTES for part in parts):
        raise PathInvalid(path=path)
    return "/" + "/".join(parts)


def _shorten(name: str, suffix: str) -> str:
    """``suffix`` goes before the extension; the stem gives way when the whole is too long."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 40:
        stem, dot, extension = name, "", ""
    tail = f"{suffix}{dot}{extension}".encode()
    room = MAX_NAME_BYTES - len(tail)
    if len(stem.encode()) > room:
        stem = _END.sub("", _cut(stem, room))
    return stem + tail.decode()


def _cut(text: str, room: int) -> str:
    """At most ``room`` bytes of it; a character loses none of its marks: it goes with them."""
    kept = text.encode()[:room].decode("utf-8", "ignore")
    end = len(kept)
    while 0 < end < len(text) and _is_mark(text[end]) and len(kept) - end < _MOST_MARKS:
        end -= 1
    # More of them are there to make trouble.
    return kept if end < len(text) and _is_mark(text[end]) else kept[:end]


def _is_mark(char: str) -> bool:
    """Whether it is drawn onto the one before it: an accent, the colour of an emoji."""
    return unicodedata.category(char).startswith("M") or "\U0001f3fb" <= char <= "\U0001f3ff"
