"""Which process is it: a name for a process that does not come back when its number does."""

from __future__ import annotations

from pathlib import Path

_PF_EXITING = 0x4


def identity(pid: int) -> str:
    """``<pid>:<start time in clock ticks since boot>`` of a living process (proc(5), field 22); empty if gone."""
    fields = _fields(pid)
    # A zombie (state Z) has ended; its number is only not collected yet.
    return "" if not fields or fields[0] in "ZX" else f"{pid}:{fields[19]}"


def is_ending(pid: int) -> bool:
    """Whether the process has begun to end, or has ended: what it had open is closed only after this can be seen.

    PF_EXITING of proc(5), field 9, is set before the kernel closes anything.
    """
    fields = _fields(pid)
    return not fields or fields[0] in "ZX" or bool(int(fields[6]) & _PF_EXITING)


def alive(name: str) -> bool:
    """Whether the process that ``identity`` named still runs; False for anything that is no such name."""
    pid = name.partition(":")[0]
    return pid.isascii() and pid.isdigit() and identity(int(pid)) == name


def _fields(pid: int) -> list[str]:
    """What /proc/<pid>/stat says from the third field on; empty if there is no such process."""
    try:
        # The second field is the program's name in brackets and may itself hold blanks and brackets.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
