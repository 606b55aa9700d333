"""Which process is it: a name for a process that does not come back when its number does."""

from __future__ import annotations

from pathlib import Path


def identity(pid: int) -> str:
    """``<pid>:<start time in clock ticks since boot>`` of a living process (proc(5), field 22); empty if gone."""
    try:
        # The second field is the program's name in brackets and may itself hold blanks and brackets.
        after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie (state Z) has ended; its number is only not collected yet.
    return "" if after_name[0] in "ZX" else f"{pid}:{after_name[19]}"


def alive(name: str) -> bool:
    """Whether the process that ``identity`` named still runs; False for anything that is no such name."""
    pid = name.partition(":")[0]
    return pid.isascii() and pid.isdigit() and identity(int(pid)) == name
