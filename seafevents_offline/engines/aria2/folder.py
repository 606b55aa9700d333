"""What a download left in its folder, and whether aria2 may go on from there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_CONTROL = ".aria2"

#: Our own mark: the control file has been there. aria2 deletes it when it has finished and never else, so from then
#: on no control file means a whole file; before its first save it means nothing.
_SAVED = ".offline-download-saved"

#: aria2 writes the new control file beside the old one first; a kill leaves it there.
_DRAFT = ".aria2__temp"


def payload(folder: Path) -> Path | None:
    """The partial file that can be continued: alone in ``folder`` with its control file.

    Without a control file a partial file of several connections looks whole and is not.
    """
    try:
        with os.scandir(folder) as entries:
            sizes = {entry.name: _regular_size(entry) for entry in entries if not _is_draft_or_mark(entry.name)}
    except OSError:
        return None
    controls = [name for name in sizes if name.endswith(_CONTROL)]
    if len(sizes) != 2 or len(controls) != 1 or sizes[controls[0]] < 1:
        return None
    name = controls[0].removesuffix(_CONTROL)
    return folder / name if sizes.get(name, -1) >= 0 else None


def only_file(folder: Path) -> Path | None:
    """The file that is being written, if there is one alone."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not _is_draft_or_mark(entry.name)]
    except OSError:
        return None
    found = [name for name in names if not name.endswith(_CONTROL)]
    return folder / found[0] if len(found) == 1 else None


def mark_saved(folder: Path) -> bool:
    """Leave the mark if the time for it has come: the control file is there."""
    return payload(folder) is not None and mark_finished(folder)


def mark_finished(folder: Path) -> bool:
    """Leave the mark: aria2 says that it has finished."""
    try:
        # aria2c, who may be another user, can leave a link of that name, even one that leads out of the folder.
        with suppress(FileExistsError):
            os.close(os.open(folder / _SAVED, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        # Without the mark a whole file is downloaded once more: a pity, not a fault.
        return False
    return True


def finished(folder: Path) -> tuple[Path, ...]:
    """What aria2 is known to have finished here, by the mark and the missing control file."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return ()
    if _SAVED not in names or any(name.endswith((_CONTROL, _DRAFT)) for name in names):
        return ()
    return tuple(folder / name for name in names if name != _SAVED)


def _is_draft_or_mark(name: str) -> bool:
    return name == _SAVED or name.endswith(_DRAFT)


def _regular_size(entry: os.DirEntry[str]) -> int:
    """-1 for anything but a regular file."""
    found = entry.stat(follow_symlinks=False)
    return found.st_size if stat.S_ISREG(found.st_mode) else -1
