"""``priority``: change a task's place among its owner's own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ..host import reached
from ..options import priority, task_id
from ..output import say
from ..verb import ExitCode, Verb


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("odr_id", metavar="ID", type=task_id, help="the number of a task, as `list` shows it")
    parser.add_argument("priority", metavar="PRIORITY", type=priority, help="0 to 100, higher goes first")


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        task = host.prioritise(args.odr_id, args.priority)
    say(f"Task {task.odr_id} has priority {task.priority} now.")
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="let a task begin before or after others of the same person",
    examples="""\
seafevents-offline priority 3 90
seafevents-offline priority 3 90 --seafile /opt/seafile

Tasks of other people are not affected: they take turns.""",
    options=_options,
    on_server=True,
)
