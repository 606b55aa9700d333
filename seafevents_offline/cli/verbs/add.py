"""``add``: put a link into the list and return at once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace

from .. import wish
from ..host import hint_if_nobody_serves, reached
from ..options import person, priority
from ..output import say, say_json
from ..verb import ExitCode, Verb


def _options(parser: ArgumentParser) -> None:
    wish.add_wish(parser)
    parser.add_argument(
        "--priority", metavar="0-100", type=priority, default=50, help="higher goes first (default: 50)"
    )

    whose = parser.add_argument_group("on a Seafile server")
    whose.add_argument("--owner", metavar="NAME", type=person, help="whose it is, and who uploads the file")
    whose.add_argument(
        "--repo", metavar="ID", default="", help="the library, by the long number in the address of its page"
    )


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        wanted = wish.of(args, host.settings.cookies)
        task = host.add(replace(wanted, priority=args.priority, owner=args.owner or "", repo_id=args.repo))
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
seafevents-offline add https://example.com/file.zip --header-file token.txt
seafevents-offline add https://example.com/file.zip --seafile /opt/seafile --owner ada@example.com \\
    --repo 12345678-1234-4123-8123-123456789abc --to /reports""",
    options=_options,
    json=True,
    on_server=True,
)
