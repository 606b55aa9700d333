"""What ``enable`` and ``disable`` have in common: which server, and what is said of the changes."""

from __future__ import annotations

import difflib
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..hosts.installation.edit import Change, apply
from ..hosts.installation.place import Installation
from .output import say
from .verb import ExitCode

#: Where Seafile's own manual and its image put it.
_USUAL = Path("/opt/seafile")

_RESTART = (
    "Please restart the server for it: `./seafile.sh restart` and `./seahub.sh restart` in seafile-server-latest, "
    "or `docker restart` for a container."
)


def add_dry_run(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")


def found(args: Namespace) -> Installation:
    """The server that was named. Raises NoInstallation."""
    return Installation.find(args.seafile or _USUAL)


def carry_out(place: Installation, changes: Sequence[Change], *, dry_run: bool, nothing: str) -> ExitCode:
    """Make the changes, or show them, and say what was done. Raises NotChanged."""
    changes = [change for change in changes if change.is_one]
    if not changes:
        say(nothing)
    elif dry_run:
        for change in changes:
            for line in _diff(change):
                say(line)
    else:
        apply(changes)
        for change in changes:
            say(f"Changed {change.file}.")
        say(_RESTART)
    return ExitCode.DONE


def _diff(change: Change) -> Iterator[str]:
    """A unified diff without lines around it: they may hold a password."""
    old, new = (
        [] if text is None else text.decode("utf-8", "replace").splitlines() for text in (change.old, change.new)
    )
    yield from difflib.unified_diff(old, new, str(change.file), str(change.file), lineterm="", n=0)
