"""What a download left in its folder, and whether aria2 may go on from there."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

_CONTROL = ".aria2"

#: aria2 writes the new control file beside the old one first; a kill leaves it there.
_DRAFT = ".aria2__temp"


def payload(folder: Path) -> Path | None:
    """The partial file that can be continued: alone in ``folder`` with its control file.

    Without a control file a partial file of several connections looks whole and is not.
    """
    try:
        with os.scandir(folder) as entries:
            sizes = {entry.name: _regular_size(entry) for entry in entries if not entry.name.endswith(_DRAFT)}
    except OSError:
        return None
    controls = [name for name in sizes if name.endswith(_CONTROL)]
    if len(sizes) != 2 or len(controls) != 1 or sizes[controls[0]] < 1:
        return None
    name = controls[0].removesuffix(_CONTROL)
    return folder / name if sizes.get(name, -1) >= 0 else None


def clear(folder: Path) -> None:
    """Delete everything in ``folder``. Raises OSError."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)


def _regular_size(entry: os.DirEntry[str]) -> int:
    """-1 for anything but a regular file."""
    found = entry.stat(follow_symlinks=False)
    return found.st_size if stat.S_ISREG(found.st_mode) else -1
