"""How our children are confined: whose they are, what they may use, and nothing that they could gain back.

A child that is a program is started through ``command``; one that is Python calls ``drop`` as soon as it has imported
what it needs. Only root can start a child as somebody else; the rest holds for everybody.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from . import launcher
from .errors import EngineUnavailable, SettingsError
from .settings import SECTION

#: What root needs to start a child as somebody else, to give it its folders and to end it: <linux/capability.h>.
_NEEDED = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}

CANNOT_RUN = launcher.CANNOT_RUN
NO_PORT = launcher.NO_PORT

_ALLOWED = "a user of this machine is allowed that is neither root nor in its group, for example nobody"


@dataclass(frozen=True)
class Account:
    """An account of this machine that is not root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Confinement:
    """``account``: None leaves a child to its parent's. ``largest_file``: bytes that a file may have; 0 for any.

    ``files``: how many it may have open, if the system allows as many. ``memory``: bytes of its own that it may have; 0
    for any. ``alone``: it starts neither processes nor threads. ``port``: the only TCP port that it may connect to,
    where the kernel can see to that; 0 for any, NO_PORT for none. ``cpu``: seconds that it may work
    until it is killed; 0 for any.
    """

    account: Account | None
    largest_file: int = 0
    files: int = 1024
    memory: int = 0
    alone: bool = False
    port: int = 0
    cpu: int = 0


def account(run_as: str) -> Account | None:
    """Whom our children shall be, by the setting ``run-as``; None when we are not root and have no choice.

    Raises SettingsError for an account that will not do, EngineUnavailable when this root may not do it.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = _look_up(run_as)
    except KeyError:
        found = None
    if found is None or 0 in (found.uid, found.gid):
        raise SettingsError(section=SECTION, option="run-as", value=run_as, allowed=_ALLOWED)
    if missing := _missing_capabilities():
        raise EngineUnavailable(
            detail=f"root has not got the rights here to start it as {run_as} ({', '.join(missing)}); "
            "grant them to the container, or run the service as an ordinary user."
        )
    return found


def command(arguments: Sequence[str], confinement: Confinement) -> list[str]:
    """The command line that becomes ``arguments`` (an absolute path and what follows), confined.

    The process is the same one before and after. When it cannot become that, ``<program>: <why>`` goes to its standard
    error and its exit code is CANNOT_RUN.
    """
    uid, gid, limits, alone, port = _values(confinement)
    numbers = ",".join(f"{number}={limit}" for number, limit in limits.items())
    values = [str(uid), str(gid), str(int(alone)), str(port), numbers]
    return [sys.executable, "-I", "-S", launcher.__file__, *values, *arguments]


def drop(confinement: Confinement) -> None:
    """Confine this very process, for good; before it has a second thread. Raises OSError."""
    launcher.drop(*_values(confinement))


@contextmanager
def looking_into(pid: int) -> Iterator[None]:
    """For what /proc/<pid> shows to the owner of that process alone: root in a container is not shown it.

    Changes whom the kernel takes this thread for, so nothing else may be done meanwhile. Raises OSError.
    """
    owner = os.stat(f"/proc/{pid}")
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    libc = ctypes.CDLL(None)
    libc.setfsgid(owner.st_gid)
    libc.setfsuid(owner.st_uid)
    try:
        yield
    finally:
        libc.setfsuid(os.geteuid())
        libc.setfsgid(os.getegid())


def _look_up(run_as: str) -> Account:
    """By name or number. A number needs no entry anywhere: it is its own group then, as containers have it."""
    if not run_as.isdecimal():
        entry = pwd.getpwnam(run_as)
        return Account(run_as, entry.pw_uid, entry.pw_gid)
    number = int(run_as)
    try:
        return Account(run_as, number, pwd.getpwuid(number).pw_gid)
    except KeyError:
        return Account(run_as, number, number)


def _values(confinement: Confinement) -> tuple[int, int, dict[int, int], bool, int]:
    """What the launcher's ``drop`` takes."""
    whose = confinement.account
    uid, gid = (whose.uid, whose.gid) if whose is not None else (-1, -1)
    limits = {
        resource.RLIMIT_NOFILE: confinement.files,
        resource.RLIMIT_FSIZE: confinement.largest_file,
        resource.RLIMIT_DATA: confinement.memory,
        resource.RLIMIT_CPU: confinement.cpu,
    }
    limits = {number: limit for number, limit in limits.items() if limit}
    return uid, gid, limits, confinement.alone, confinement.port


def _missing_capabilities() -> list[str]:
    with open("/proc/thread-self/status", encoding="ascii", errors="replace") as status:
        effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    return [name for name, number in _NEEDED.items() if not effective >> number & 1]
