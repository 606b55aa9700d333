"""Switching the feature on and off in an installation: which files become what, and what is worth saying of them."""

from __future__ import annotations

import os
import site
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...settings import SECTION
from . import block, bundle, marks, section
from .daemon import LIBRARIES
from .edit import BACKUP, Change, read
from .place import Installation
from .refusal import NoInstallation, NotChanged

#: From this version on variables say where the database is. Before that seafevents.conf does, and neither Seahub nor
#: the daemon starts with one that does not (``create_engine_from_conf`` of 11 and 12).
_DATABASE_IN_VARIABLES = 13


@dataclass(frozen=True)
class Plan:
    """``changes``: of both files, also where nothing is to be done. ``remarks``: sentences for the administrator."""

    changes: Sequence[Change]
    remarks: Sequence[str]


def on(place: Installation, brought: Path | None = None) -> Plan:
    """What `enable` does. ``brought``: the bundle that there will be by then; else the one that is in use counts.

    Raises NoInstallation, NotChanged; SettingsError when the section that is there is bad.
    """
    file, old = place.seafevents_conf, read(place.seafevents_conf)
    if old is None and not _may_make(place):
        raise NotChanged(f"There is no {file}: this server runs without its event daemon, which downloads.")
    new = section.put(file, old, section.lines(place.tempdir))
    remarks = section.remarks(file) if new == old else []
    if old is None:
        remarks.append(f"There was no {file}; with it the server starts its event daemon, and Seahub asks that one.")
    settings = _settings(place)
    brought = brought or bundle.appended(place)
    body = block.lines(place, brought or _source(), bundle.command(place) if brought else None)
    # The section first: without the block nothing reads it.
    return Plan(
        (
            _change(place, file, old, new),
            _change(place, place.seahub_settings, settings, block.put(place.seahub_settings, settings, body)),
        ),
        remarks,
    )


def off(place: Installation) -> Plan:
    """What `disable` does. Raises NoInstallation, NotChanged."""
    file, old = place.seafevents_conf, read(place.seafevents_conf)
    new = section.take(old) if old is not None else None
    settings = _settings(place)
    remarks = []
    found = marks.find(settings)
    is_edited = found is not None and not found.is_intact
    if is_edited:
        remarks.append(f"The block had been edited; the file as it was is {place.seahub_settings}{BACKUP}.")
    if new is not None and section.is_in(new):
        remarks.append(f"The section [{SECTION}] in {file} is not what `enable` wrote, so it stays.")
    return Plan(
        (
            _change(
                place, place.seahub_settings, settings, block.take(place.seahub_settings, settings), keeps=is_edited
            ),
            _change(place, file, old, new),
        ),
        remarks,
    )


def _may_make(place: Installation) -> bool:
    """seafevents.conf. Seahub 11 to 14 imports the daemon's package where there is one, and does not start without the
    package (``seahub.utils``); a server that was built without it lives on as long as there is none."""
    if place.server is None:
        return True
    has_daemon = any((place.server / folder / "seafevents").is_dir() for folder in LIBRARIES)
    return has_daemon and not 0 < place.major < _DATABASE_IN_VARIABLES


def _settings(place: Installation) -> bytes:
    data = read(place.seahub_settings)
    if data is None:
        raise NoInstallation(f"{place.seahub_settings} is not there any more.")
    return data


def _change(place: Installation, file: Path, old: bytes | None, new: bytes | None, keeps: bool = False) -> Change:
    found = marks.find(new or b"") or marks.find(old or b"")
    mode = place.seahub_settings.stat().st_mode & 0o666
    part = found.whole if found else b""
    return Change(file, old, new, part=part, owner=place.owner, mode=mode, keeps=keeps)


def _source() -> Path | None:
    """Where this package is, when Python does not look there by itself."""
    folder = Path(__file__).resolve().parents[3]
    return None if folder in map(Path, map(os.path.realpath, site.getsitepackages())) else folder
