"""What ``enable`` and ``disable`` have in common: which server, and what is said of the changes."""

from __future__ import annotations

import difflib
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

from ..hosts.installation.edit import Change, alone, apply
from ..hosts.installation.place import Installation
from ..hosts.installation.refusal import NotChanged
from ..hosts.installation.switch import Plan
from .output import complain, say

#: Where Seafile's manual and its image put it.
_USUAL = Path("/opt/seafile")

#: What Docker and Podman put into a container.
_CONTAINER = ("/.dockerenv", "/run/.containerenv")


def add_dry_run(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")


def found(args: Namespace) -> Installation:
    """The server that was named. Raises NoInstallation."""
    return Installation.find(args.seafile or _USUAL)


def carry_out(args: Namespace, place: Installation, make: Callable[[Installation], Plan], verb: str) -> bool:
    """Make the changes, or show them, and say what was done; whether anything was changed, or would be.

    Raises NotChanged and whatever ``make`` does.
    """
    with alone(place.conf):
        plan = make(place)
        if args.dry_run:
            _show(plan)
        else:
            _apply(plan, verb)
    for remark in plan.remarks:
        complain(remark)
    return any(change.is_needed for change in plan.changes)


def restart(place: Installation) -> str:
    """How to make the server read its settings again."""
    if place.server is None or any(map(os.path.exists, _CONTAINER)):
        return "Please restart the container for it: `docker restart` and its name."
    latest = f"{place.top}/seafile-server-latest"
    return f"Please restart the server for it: `{latest}/seafile.sh restart` and `{latest}/seahub.sh restart`."


def _apply(plan: Plan, verb: str) -> None:
    try:
        apply(plan.changes)
    except NotChanged as error:
        if error.by_hand:
            for change in _needed(plan):
                _explain(change, verb)
        raise
    for change in _needed(plan):
        say(_done(change))


def _needed(plan: Plan) -> list[Change]:
    return [change for change in plan.changes if change.is_needed]


def _done(change: Change) -> str:
    if change.old is None:
        return f"Made {change.file}."
    if change.new is None:
        return f"Removed {change.file}, which had nothing else in it."
    kept = change.backup
    return f"Changed {change.file}" + (
        f"; as it was, it is in {kept}." if kept.exists() else "; it is as it was before."
    )


def _explain(change: Change, verb: str) -> None:
    what = "put this at the end of" if verb == "enable" else "take this out of"
    say(f"To do it by hand, {what} {change.file}:")
    for line in ["", *change.part.decode("utf-8", "replace").splitlines(), ""]:
        say(line)


def _show(plan: Plan) -> None:
    for change in _needed(plan):
        for line in _diff(change):
            say(line)


def _diff(change: Change) -> Iterator[str]:
    """A unified diff without other lines around it: they may hold a password. So may the last one, which is not shown
    either when all that happens to it is that its line end comes or goes."""
    old, new = ((text or b"").decode("utf-8", "replace").splitlines() for text in (change.old, change.new))
    before, after = ("/dev/null" if text is None else str(change.file) for text in (change.old, change.new))
    yield from difflib.unified_diff(old, new, before, after, lineterm="", n=0)
