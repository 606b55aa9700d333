"""``purge``: delete all that there is of one person."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...tasks.purge import Purge
from ...tempdir import TempDir
from ..host import Host, reached
from ..options import person
from ..output import complain, say, say_json
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        purge = Purge(host.repository, TempDir(Path(host.settings.tempdir)), args.owner, host.wake)
        return _show(args, purge) if args.dry_run else _carry_out(args, purge, host)


def _show(args: Namespace, purge: Purge) -> ExitCode:
    found = purge.look()
    if args.json:
        _say_json(args, found.active, found.records, len(found.folders), found.messages)
    else:
        say(f"Would cancel {_count(found.active, 'download')} of {args.owner}.")
        say(f"Would delete {_count(found.records, 'record')} and {_count(len(found.folders), 'temporary folder')}.")
        if found.messages:
            say(f"Would delete {_count(found.messages, 'message')} that another server has not taken yet.")
        say("Files in libraries and lines in logs stay.")
    return ExitCode.DONE


def _carry_out(args: Namespace, purge: Purge, host: Host) -> ExitCode:
    done = purge.carry_out()
    if args.json:
        _say_json(args, done.cancelled, done.records, done.folders, done.messages)
    else:
        say(f"Cancelled {_count(done.cancelled, 'download')} of {args.owner}.")
        say(f"Deleted {_count(done.records, 'record')} and {_count(done.folders, 'temporary folder')}.")
        if done.messages:
            say(f"Deleted {_count(done.messages, 'message')} that another server had not taken yet.")
    if not done.left:
        return ExitCode.DONE
    folders = ", ".join(map(str, sorted(done.left)))
    complain(f"The service has not let go of these folders in {host.settings.tempdir} yet: {folders}.")
    return ExitCode.FAILED


def _say_json(args: Namespace, cancelled: int, records: int, folders: int, messages: int) -> None:
    say_json(
        {
            "owner": args.owner,
            "dry_run": args.dry_run,
            "cancelled": cancelled,
            "records": records,
            "folders": folders,
            "messages": messages,
        }
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--owner",
        metavar="NAME",
        type=person,
        required=True,
        help="whose, as the administrators' page shows it (the embedded host has me@localhost)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and change nothing")


VERB = Verb(
    _run,
    help="delete all records of one person, and what was downloaded so far",
    examples="""\
seafevents-offline purge --owner ada@example.com --seafile /opt/seafile --dry-run
seafevents-offline purge --owner ada@example.com --seafile /opt/seafile
seafevents-offline purge --owner me@localhost --json

It asks nothing and may be repeated. What waits, runs or is paused is cancelled first. Files in libraries stay, and so
do lines in logs.""",
    options=_options,
    json=True,
    on_server=True,
)
