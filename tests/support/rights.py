"""Accounts and rights for tests that root runs, and what /proc says about a process."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from seafevents_offline.confine import Account

NOBODY = Account("nobody", 65534, 65534)

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a process as somebody else")

#: A Python that every user may run; that of a virtual environment often lies in somebody's home.
PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable

#: The capabilities that Docker leaves to root, <linux/capability.h>.
DOCKER = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)

#: For scripts of a process of their own: ``keep(*numbers)`` leaves root with these capabilities, ``become(uid)`` makes
#: an ordinary user of it, whose children may run.
PREAMBLE = f"""
import ctypes, os, sys

def keep(*numbers):
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(41):
        if number not in numbers:
            libc.prctl(24, number, 0, 0, 0)
    low, high = (sum(1 << n % 32 for n in numbers if n // 32 == word) for word in (0, 1))
    assert libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)) == 0

def become(uid):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    sys.executable = {PYTHON!r}
"""


def status(pid: int | str) -> dict[str, str]:
    """/proc/<pid>/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def limits(pid: int | str) -> dict[str, tuple[str, str]]:
    """/proc/<pid>/limits: soft and hard."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()[1:]
    return {line[:26].strip(): (line[26:47].strip(), line[47:68].strip()) for line in lines}


def assert_powerless(pid: int, account: Account = NOBODY) -> None:
    """It belongs to ``account`` in every way, and has nothing to become more with."""
    found = status(pid)
    assert set(found["Uid"].split()) == {str(account.uid)}
    assert set(found["Gid"].split()) == {str(account.gid)}
    assert found["Groups"] == ""
    assert {found[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert found["NoNewPrivs"] == "1"
    assert limits(pid)["Max core file size"] == ("0", "0")
