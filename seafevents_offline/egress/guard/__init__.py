"""The guard process: the one way out. Nothing of the daemon is imported here but the vocabulary and the policy."""

from __future__ import annotations

import sys
from pathlib import Path

import ifaddr


def argv() -> list[str]:
    """The command line of a guard; it holds nothing secret and looks like no other process of Seafile's.

    The interpreter is isolated (no environment, no site), so it is told where we and what we need are.
    """
    folders = {str(Path(__file__).parents[3]), str(Path(ifaddr.__file__).parents[1])}
    program = (
        f"import sys; sys.path += {sorted(folders)!r}; from seafevents_offline.egress.guard.main import main; main()"
    )
    return [sys.executable, "-I", "-S", "-c", program]
