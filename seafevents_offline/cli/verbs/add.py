"""``add``: put a link into the list and return at once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from .. import needs
from ..host import hint_if_nobody_serves, opened
from ..options import add_new_task, priority
from ..output import say, say_json
from ..verb import ExitCode, Verb


def _options(parser: ArgumentParser) -> None:
    add_new_task(parser)
    needs.add_needs(parser)
    parser.add_argument(
        "--priority", metavar="0-100", type=priority, default=50, help="higher goes first (default: 50)"
    )


def _run(args: Namespace) -> ExitCode:
    with opened(args) as host:
        task = host.add(
            args.url,
            name=args.name,
            path=args.to,
            priority=args.priority,
            checksum=args.checksum,
            extras=needs.of(args, host.settings.cookies),
        )
        if args.json:
            say_json(host.shape(task))
        else:
            say(str(task.odr_id))
        hint_if_nobody_serves(host)
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="put a link into the list; prints its number",
    examples="""\
seafevents-offline add https://example.com/file.zip
seafevents-offline add https://example.com/file.zip --name report.zip --to /reports --priority 90
seafevents-offline add https://example.com/file.zip --user ada
seafevents-offline add https://example.com/file.zip --header-file token.txt""",
    options=_options,
    json=True,
)
