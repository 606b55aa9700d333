"""The daemon of an installation as a process: the one that runs, else the one that the next start would make.

What it is run by, as whom and with which environment decides what works there, whoever asks: ``become`` makes a command
of ours the same, so that what it tries is tried as the daemon would, and what it makes belongs to the daemon.

Launched (host 11 to 14-dev) by ``python3 -m seafevents.main --config-file <conf>/seafevents.conf …``, and on the
background node of a cluster by ``seafevents.background_tasks``; environment and module path as seafile.sh makes them.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from configparser import Error as ConfigError
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import InputError, OfflineDownloadError
from .place import Installation

_MAIN, _BACKGROUND = "seafevents.main", "seafevents.background_tasks"

#: Where the server's modules are, below seafile-server-X.Y.Z/, in the order of seafile.sh.
LIBRARIES = (
    "seafile/lib/python3/site-packages",
    "seafile/lib64/python3/site-packages",
    "seahub",
    "seahub/thirdpart",
    "pro/python",
)


class NotItsUser(InputError):
    """Who runs this command is neither the user of the Seafile server nor root."""

    sentence = "The Seafile server is run by {user}; please run this as that user, or as root."


class NotReadable(OfflineDownloadError):
    """What this command is made of is nothing for the user of the Seafile server."""

    sentence = (
        "The Seafile server is run by {user}, who may not read {path}: please install seafevents-offline where "
        "everybody may read it, for example into the server's own Python ({python})."
    )


@dataclass(frozen=True)
class Daemon:
    """``pid`` and ``started`` (seconds since 1970) are 0 when none runs. ``python``: the program that runs it, empty
    when there is none. ``downloads``: whether it runs background tasks, as all but the nodes of a cluster that only
    serve pages do."""

    pid: int
    started: float
    uid: int
    gid: int
    python: str
    downloads: bool
    environ: Mapping[str, str] = field(repr=False)

    def _check_readable(self) -> None:
        for path in (sys.executable, os.__file__, __file__):
            if not os.access(path, os.R_OK):
                raise NotReadable(user=name_of(self.uid), path=path, python=self.python or "python3")

    @property
    def module_path(self) -> list[str]:
        return [folder for folder in self.environ.get("PYTHONPATH", "").split(os.pathsep) if folder]

    def become(self) -> None:
        """From now on and for good this process has the daemon's user, environment and, behind its own, modules.

        Raises NotItsUser when it may not, NotReadable when it could not go on so.
        """
        if os.geteuid() != self.uid:
            try:
                _change_user(self.uid, self.gid)
            except OSError:
                raise NotItsUser(user=name_of(self.uid)) from None
            self._check_readable()
        os.environ.update({name: value for name, value in self.environ.items() if name != "PYTHONPATH"})
        sys.path.extend(folder for folder in self.module_path if folder not in sys.path)


def find(place: Installation, environ: Mapping[str, str], proc: Path = Path("/proc")) -> Daemon:
    """``environ``: that of a shell on the server (or of ``docker exec``), for what no running daemon tells."""
    for process, module, program in _running(place, proc):
        owner = process.stat()
        its = _environment_of(process) or _expected(place, environ)
        return Daemon(
            pid=int(process.name),
            started=_started(process),
            uid=owner.st_uid,
            gid=owner.st_gid,
            python=_python(program, its),
            downloads=_downloads(place, module, its),
            environ=its,
        )
    uid, gid = place.owner
    expected = _expected(place, environ)
    return Daemon(0, 0.0, uid, gid, _python("", expected), _downloads(place, _MAIN, expected), expected)


def name_of(uid: int) -> str:
    """The user's name; ``user 8000`` where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _change_user(uid: int, gid: int) -> None:
    try:
        os.initgroups(pwd.getpwuid(uid).pw_name, gid)
    except KeyError:
        os.setgroups([gid])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


# --- the one that runs --------------------------------------------------------------------------------


def _running(place: Installation, proc: Path) -> list[tuple[Path, str, str]]:
    """Its folder in /proc, module and program of each daemon of this installation; who downloads comes first."""
    config = os.path.realpath(place.seafevents_conf)
    found = []
    for process in proc.iterdir():
        arguments = _arguments(process) if process.name.isdigit() else []
        module = next((word for word in arguments if word in (_MAIN, _BACKGROUND)), "")
        if module and os.path.realpath(_value_of("--config-file", arguments)) == config:
            found.append((process, module, arguments[0]))
    return sorted(found, key=lambda one: one[1] != _BACKGROUND)


def _arguments(process: Path) -> list[str]:
    try:
        return [os.fsdecode(word) for word in (process / "cmdline").read_bytes().split(b"\0")[:-1]]
    except OSError:
        # It has ended.
        return []


def _value_of(option: str, arguments: Sequence[str]) -> str:
    following = arguments[arguments.index(option) + 1 :] if option in arguments else []
    return following[0] if following else ""


def _environment_of(process: Path) -> dict[str, str]:
    """Empty where it is not ours to read."""
    try:
        words = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return {}
    return dict(os.fsdecode(word).split("=", 1) for word in words if b"=" in word)


def _started(process: Path) -> float:
    """proc(5): field 22 counts ticks since the machine began, which /proc/stat says in seconds since 1970."""
    try:
        ticks = int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[19])
        lines = (process.parent / "stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError, IndexError):
        return 0.0
    began = next((float(line.split()[1]) for line in lines if line.startswith("btime ")), 0.0)
    return began + ticks / os.sysconf("SC_CLK_TCK")


# --- the one that would be ----------------------------------------------------------------------------


def _expected(place: Installation, environ: Mapping[str, str]) -> dict[str, str]:
    """As seafile.sh makes it."""
    found = dict(environ)
    if not found.get("JWT_PRIVATE_KEY"):
        # Then, from 12 on, it reads this file.
        found.update(_variables_in(place.env_file))
    found.update(
        {
            "CCNET_CONF_DIR": str(place.top / "ccnet"),
            "SEAFILE_CONF_DIR": str(place.top / "seafile-data"),
            "SEAFILE_DATA_DIR": str(place.top / "seafile-data"),
            "SEAFILE_CENTRAL_CONF_DIR": str(place.conf),
        }
    )
    if place.server is not None:
        inherited = environ.get("PYTHONPATH", "")
        folders = [*(str(place.server / name) for name in LIBRARIES), str(place.conf), inherited]
        found["SEAHUB_DIR"] = str(place.server / "seahub")
        found["SEAFILE_RPC_PIPE_PATH"] = str(place.server / "runtime")
        found["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    return found


def _variables_in(path: Path) -> dict[str, str]:
    """What a shell makes of ``NAME=value`` lines; nothing is expanded."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.isidentifier():
            try:
                found[name] = "".join(shlex.split(value, comments=True)[:1])
            except ValueError:
                found[name] = value
    return found


def _python(program: str, environ: Mapping[str, str]) -> str:
    """Its full path: of the program that runs, else of the one that seafile.sh would take."""
    named = program or environ.get("PYTHON") or "python3"
    return shutil.which(named, path=environ.get("PATH", os.defpath)) or ""


def _downloads(place: Installation, module: str, environ: Mapping[str, str]) -> bool:
    """As the daemon decides it (``main`` and ``is_cluster_enabled`` of 11 to 14)."""
    if module == _BACKGROUND or environ.get("CLUSTER_MODE") == "backend":
        return True
    return environ.get("CLUSTER_SERVER") != "true" and not _is_cluster(place.conf / "seafile.conf")


def _is_cluster(path: Path) -> bool:
    config = RawConfigParser(strict=False, inline_comment_prefixes=("#", ";"))
    try:
        config.read(path, encoding="utf-8")
        return config.getboolean("cluster", "enabled", fallback=False)
    except (ConfigError, ValueError, OSError):
        return False
