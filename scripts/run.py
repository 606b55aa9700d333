"""What ``make run`` runs: from the texts URL and ARGS to an argument vector, past every shell.

Make hands both over in the environment, under names of their own, exactly as they were typed.
"""

from __future__ import annotations

import os
import shlex
import sys


def command(url: str, args: str) -> list[str]:
    """``get`` when there is a link, else ``serve``. Raises ValueError when ARGS has an open quote."""
    words = shlex.split(args)
    # After "--" nothing is an option, whatever the link begins with.
    return ["get", *words, "--", url] if url else ["serve", *words]


def main() -> None:
    url, args = (os.environ.pop(f"SEAFEVENTS_OFFLINE_{name}", "") for name in ("URL", "ARGS"))
    try:
        words = command(url, args)
    except ValueError as error:
        sys.stderr.write(f"ARGS cannot be read: {error}.\n")
        sys.exit(2)
    # Not .venv/bin/seafevents-offline: pip makes that a shell script when this folder's name has blanks, and then a
    # "$" in it is expanded.
    os.execv(sys.executable, [sys.executable, "-m", "seafevents_offline.cli", *words])  # noqa: S606 (no shell)


if __name__ == "__main__":
    main()
