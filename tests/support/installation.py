"""Seafile installations as folders, with nothing in them that runs."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = b'SECRET_KEY = "a secret"\nTIME_ZONE = "Europe/Berlin"\n'

#: Nobody listens there, so that nothing waits for an answer.
EVENTS = b"""\
[DATABASE]
type = mysql
host = 127.0.0.1
port = 1
username = seafile
password = geheim
name = seahub_db
"""

#: Its event daemon, among a server's programs.
DAEMON = "pro/python/seafevents"

#: The user of containers with NON_ROOT.
SEAFILE = 8000


@dataclass(frozen=True)
class Fake:
    """``top`` is what is given to --seafile."""

    top: Path

    @property
    def conf(self) -> Path:
        return self.top / "conf"

    @property
    def settings(self) -> Path:
        return self.conf / "seahub_settings.py"

    @property
    def events(self) -> Path:
        return self.conf / "seafevents.conf"

    def owned_by(self, uid: int) -> Fake:
        for path in (self.top, *self.top.rglob("*")):
            os.chown(path, uid, uid, follow_symlinks=False)
        return self


def binary(top: Path, version: str = "12.0.14", settings: bytes = SETTINGS, events: bytes | None = EVENTS) -> Fake:
    """As unpacked by hand."""
    server = top / f"seafile-server-{version}"
    for folder in (top / "conf", top / "logs", top / "seafile-data", server / "seahub", server / DAEMON):
        folder.mkdir(parents=True)
    (top / "seafile-server-latest").symlink_to(server.name)
    return _filled(Fake(top), settings, events)


def docker(folder: Path, version: str = "13.0.11", settings: bytes = SETTINGS, events: bytes | None = EVENTS) -> Fake:
    """As in the image: what shall stay is on a volume, and links lead there."""
    top, volume = folder / "opt" / "seafile", folder / "shared" / "seafile"
    for part in ("seahub", DAEMON):
        (top / f"seafile-server-{version}" / part).mkdir(parents=True)
    (top / "seafile-server-latest").symlink_to(f"seafile-server-{version}")
    for name in ("conf", "logs", "seafile-data"):
        (volume / name).mkdir(parents=True)
        (top / name).symlink_to(volume / name)
    return _filled(Fake(top), settings, events)


def _filled(fake: Fake, settings: bytes, events: bytes | None) -> Fake:
    fake.settings.write_bytes(settings)
    if events is not None:
        fake.events.write_bytes(events)
    return fake


def snapshot(folder: Path) -> dict[str, Any]:
    """Everything below it: content, owner, mode, where links lead."""
    return {str(path.relative_to(folder)): _seen(path) for path in sorted(folder.rglob("*"))}


def _seen(path: Path) -> tuple[Any, ...]:
    found = path.lstat()
    owner = (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
    if path.is_symlink():
        return (*owner, os.readlink(path))
    return (*owner, path.read_bytes() if path.is_file() else None)
