"""``stats``: how many tasks there are in each state."""

from __future__ import annotations

from argparse import Namespace

from ...hosts.standalone import OWNER
from ...units import format_size
from ..host import opened
from ..output import say, say_json, table
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    with opened(args) as host:
        counts = host.repository.stats(OWNER).by_status
    if args.json:
        say_json({status.state: vars(count) for status, count in counts.items()})
        return ExitCode.DONE
    rows = [
        (status.state, str(count.tasks), format_size(count.completed), format_size(count.size))
        for status, count in counts.items()
        if count.tasks
    ]
    for line in table([("STATE", "TASKS", "DOWNLOADED", "OF"), *rows], None):
        say(line)
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="show how many tasks and bytes there are in each state",
    examples="""\
seafevents-offline stats
seafevents-offline stats --json""",
    json=True,
)
