"""What the files of a payload are called inside its folder."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from ..filename import numbered, safe_name
from ..task import PayloadFile

#: Where each file of a payload goes inside its folder.
Layout = Sequence[tuple[tuple[str, ...], PayloadFile]]


def layout_of(files: Sequence[PayloadFile], safe: Callable[[str], str] = safe_name) -> Layout:
    """Safe names for what the engine wrote; the same names every time, and no two the same."""
    folders: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
    taken: set[tuple[str, ...]] = set()
    layout = []
    for file in files:
        *parents, name = file.name.split("/")
        for depth, folder in enumerate(parents):
            path = tuple(parents[: depth + 1])
            if path not in folders:
                folders[path] = _unique(folders[path[:-1]], safe(folder), taken)
        layout.append((_unique(folders[tuple(parents)], safe(name), taken), file))
    return layout


def _unique(parent: tuple[str, ...], name: str, taken: set[tuple[str, ...]]) -> tuple[str, ...]:
    paths = ((*parent, numbered(name, number)) for number in itertools.count())
    path = next(path for path in paths if path not in taken)
    taken.add(path)
    return path
