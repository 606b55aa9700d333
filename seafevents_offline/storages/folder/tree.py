"""Make a folder of several files appear at once: it is built under a hidden name and then renamed.

A half one is hidden and replaced by the task's next call; a whole one is known by its files. Renaming could hit only a
folder that somebody made in the same moment and left empty.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress

from ...task import PayloadFile
from ..layout import Layout
from ..sources import open_source
from .files import exists, open_folder, remove, rename, sync
from .publish import Place, publish, settled, tidy

_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})


def publish_tree(layout: Layout, place: Place) -> None:
    """Make a folder with all these files appear at ``place``. Raises FileExistsError when something else is there."""
    if settled_tree(layout, place):
        return
    if exists(place.folder, place.name):
        raise FileExistsError(place.name)
    try:
        _build(layout, place)
        _reveal(place)
    finally:
        tidy(place)
    sync(place.folder)


def settled_tree(layout: Layout, place: Place) -> bool:
    """Whether an earlier call put all these files there."""
    if not all(_is_settled(parts, file, place) for parts, file in layout):
        return False
    tidy(place)
    sync(place.folder)
    return True


def _is_settled(parts: tuple[str, ...], file: PayloadFile, place: Place) -> bool:
    try:
        with open_source(file) as source, open_folder((place.name, *parts[:-1]), place.folder) as parent:
            return settled(source, Place(parent, parts[-1], place.hidden))
    except (FileNotFoundError, NotADirectoryError):
        return False


def _build(layout: Layout, place: Place) -> None:
    remove(place.folder, place.hidden)
    os.mkdir(place.hidden, dir_fd=place.folder)
    for parts, file in layout:
        with open_folder((place.hidden,), place.folder) as folder:
            _make_folders(parts[:-1], folder)
            with open_source(file) as source, open_folder(parts[:-1], folder) as parent:
                publish(source, Place(parent, parts[-1], place.hidden))


def _make_folders(parts: Sequence[str], folder: int) -> None:
    for depth, name in enumerate(parts):
        with open_folder(parts[:depth], folder) as parent, suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
            sync(parent)


def _reveal(place: Place) -> None:
    if exists(place.folder, place.name):
        raise FileExistsError(place.name)
    try:
        rename(place.folder, place.hidden, place.name)
    except OSError as error:
        if error.errno in _TAKEN:
            raise FileExistsError(place.name) from error
        raise
