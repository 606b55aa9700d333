"""Where the parts of a Seafile installation are.

    <top>/conf                        in Docker a link onto the volume: /opt/seafile/conf -> /shared/seafile/conf
    <top>/seafile-data                the same
    <top>/logs
    <top>/seafile-server-latest       a link to seafile-server-<version>, which holds seahub

True of 11 to 14, installed by hand or in Docker.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .refusal import NoInstallation

#: What an installation is known by.
_KNOWN_BY = Path("conf", "seahub_settings.py")

#: What our folder on the data volume is called.
_OURS = "offline-download"

_SERVER = re.compile(r"seafile-(?:pro-)?server-(\d[\w.-]*)", re.ASCII)


@dataclass(frozen=True)
class Installation:
    """``top`` is the folder that conf/ and seafile-server-latest are in, as it was named."""

    top: Path

    @classmethod
    def find(cls, named: Path) -> Installation:
        """The installation that ``named`` is, or whose conf/ or seafile-server-latest it is. Raises NoInstallation."""
        # Not resolved: in Docker what conf/ leads to has no server beside it.
        path = Path(os.path.abspath(named))
        try:
            for top in _candidates(path):
                if (top / _KNOWN_BY).is_file():
                    return cls(top)
        except OSError as error:
            raise NoInstallation(f"{path} cannot be looked into: {error.strerror}.") from None
        raise NoInstallation(f"There is no Seafile server in {path}: it has no {_KNOWN_BY}.")

    @property
    def conf(self) -> Path:
        return self.top / "conf"

    @property
    def seahub_settings(self) -> Path:
        return self.top / _KNOWN_BY

    @property
    def seafevents_conf(self) -> Path:
        return self.conf / "seafevents.conf"

    @property
    def env_file(self) -> Path:
        """Variables of the host, from 12 on; need not be there."""
        return self.conf / ".env"

    @property
    def logs(self) -> Path:
        return self.top / "logs"

    @property
    def server(self) -> Path | None:
        """seafile-server-<version>; None where the server's programs are not beside conf/."""
        latest = self.top / "seafile-server-latest"
        return latest.resolve() if latest.is_dir() else None

    @property
    def version(self) -> str:
        """As ``12.0.14``; empty when it is not known."""
        found = _SERVER.fullmatch(self.server.name) if self.server else None
        return found[1] if found else ""

    @property
    def major(self) -> int:
        """As 12; 0 when it is not known."""
        return int(self.version.partition(".")[0]) if self.version else 0

    @property
    def owner(self) -> tuple[int, int]:
        """User and group of conf/: what is made for this installation belongs to them."""
        found = self.conf.stat()
        return found.st_uid, found.st_gid

    @property
    def volume(self) -> Path:
        """Our folder where the data is: it outlives an upgrade and, in Docker, the container. It need not exist.

        Beside seafile-data; in it, where beside it is another disk or its user may make nothing.
        """
        data = self.top / "seafile-data"
        data = data.resolve() if data.is_dir() else self.conf.resolve().with_name("seafile-data")
        beside, inside = data.parent / _OURS, data / _OURS
        if beside.is_dir() or inside.is_dir():
            return beside if beside.is_dir() else inside
        return inside if data.is_dir() and not _is_one_place(data, data.parent) else beside

    @property
    def tempdir(self) -> Path:
        """Where unfinished downloads go unless a setting says otherwise; the daemon makes it."""
        return self.volume / "tmp"


def _is_one_place(data: Path, beside: Path) -> bool:
    """Whether they are on one disk, and the user whose ``data`` it is, the daemon's, may make folders ``beside`` it."""
    here, there = data.stat(), beside.stat()
    if here.st_dev != there.st_dev:
        return False
    bit = stat.S_IWUSR if here.st_uid == there.st_uid else stat.S_IWGRP if here.st_gid == there.st_gid else stat.S_IWOTH
    return here.st_uid == 0 or bool(there.st_mode & bit)


def _candidates(path: Path) -> Iterator[Path]:
    yield path
    if path.name == "conf" or _SERVER.fullmatch(path.name) or path.name == "seafile-server-latest":
        yield path.parent
