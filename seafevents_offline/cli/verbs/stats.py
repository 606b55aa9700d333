"""``stats``: how many tasks there are in each state."""

from __future__ import annotations

from argparse import Namespace

from ...units import format_size
from ..host import reached
from ..options import add_owner
from ..output import say, say_json, table
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        counts = host.repository.stats(args.owner or host.owner).by_status
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
seafevents-offline stats --json
seafevents-offline stats --seafile /opt/seafile --owner ada@example.com""",
    options=add_owner,
    json=True,
    on_server=True,
)
