"""What a file may be called in a library: what every Seahub takes, so that people can rename and share it later."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from ...filename import numbered, safe_name

# Seahub 11 to 13 refuse U+1F300 to U+1FAD6, Seahub 14 all of these; each with what only changes how it looks.
_EMOJI = re.compile("[\u2600-\u27bf\U0001f1e0-\U0001f1ff\U0001f300-\U0001faff]+[\ufe0e\ufe0f]*")

# seaf-server refuses a name of two dots, Seahub 14 two dots anywhere in one.
_DOTS = re.compile(r"\.{2,}")


def final_name(name: str) -> str:
    """A safe name without emoji; never empty, ``.`` or ``..``, which seaf-server itself would take in part."""
    return safe_name(_DOTS.sub(".", _EMOJI.sub("_", safe_name(name))))


def candidates(name: str) -> Iterator[str]:
    """The name, then the same with numbers."""
    final = final_name(name)
    return (numbered(final, number) for number in itertools.count())


def is_variant(name: str, of: str) -> bool:
    """Whether the server may have made the one name of the other, which was taken: ``a (1).b``, or
    ``a (SFConflict …).b`` where an older one merged two changes."""
    stem, dot, ending = of.rpartition(".") if "." in of else (of, "", "")
    return name.startswith(f"{stem} (") and name.endswith(f"){dot}{ending}")


def split(path: str) -> tuple[str, str]:
    """Folder and name; the name is empty where there is none."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def join(folder: str, name: str) -> str:
    return f"{folder.rstrip('/')}/{name}"
