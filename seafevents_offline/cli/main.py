"""The entry point: parse, dispatch, and turn what went wrong into a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Any, NoReturn, TextIO

from .. import __version__
from ..errors import (
    AlreadyActive,
    FolderMissing,
    InputError,
    NotPossible,
    OfflineDownloadError,
    SecretsWanted,
    TaskNotFound,
)
from . import log
from .host import interruptible
from .options import add_common
from .output import complain
from .verb import ExitCode, Verb
from .verbs import act, add, disable, doctor, enable, get, priority, purge, serve, show, stats, upgrade_db, watch
from .verbs import list as list_

VERBS: dict[str, Verb] = {
    "serve": serve.VERB,
    "get": get.VERB,
    "add": add.VERB,
    "list": list_.VERB,
    "show": show.VERB,
    "watch": watch.VERB,
    "pause": act.PAUSE,
    "resume": act.RESUME,
    "cancel": act.CANCEL,
    "retry": act.RETRY,
    "priority": priority.VERB,
    "remove": act.REMOVE,
    "purge": purge.VERB,
    "stats": stats.VERB,
    "enable": enable.VERB,
    "disable": disable.VERB,
    "doctor": doctor.VERB,
    "upgrade-db": upgrade_db.VERB,
}

_PROGRAM = "seafevents-offline"
_EPILOG = f"""\
examples:
  {_PROGRAM} get https://example.com/file.zip     download it into ./library and wait for it
  {_PROGRAM} serve                                a web page, and downloading what is put into the list
  {_PROGRAM} enable --seafile /opt/seafile        put it into a Seafile server
  {_PROGRAM} VERB --help                          all about one verb

exit codes: 0 done, 1 the task or check failed (the reason is on stderr), 2 wrong usage"""


#: Rightly typed, but not possible at the moment: not the usage is wrong.
_NOT_NOW = (TaskNotFound, NotPossible, AlreadyActive, FolderMissing, SecretsWanted)


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence instead of the whole usage."""
        complain(f"{message} (see `{self.prog} --help`)")
        sys.exit(ExitCode.WRONG_USAGE)


def build_parser() -> ArgumentParser:
    """Common options may stand before and after the verb."""
    shape: dict[str, Any] = {"allow_abbrev": False, "formatter_class": RawDescriptionHelpFormatter}
    parser = _Parser(
        prog=_PROGRAM,
        description="Offline download for Seafile: in a Seafile server, or without one.",
        epilog=_EPILOG,
        **shape,
    )
    parser.add_argument("--version", action="version", version=f"{_PROGRAM} {__version__}")
    add_common(parser, json=True, again=False)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        child = verbs.add_parser(
            name, help=verb.help, description=f"{verb.help[0].upper()}{verb.help[1:]}.", epilog=_examples(verb), **shape
        )
        verb.options(child)
        add_common(child, json=verb.json, again=True)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code; argparse leaves by SystemExit for wrong usage and --help."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read our output has gone and wants no more; Python would complain of it once again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.FAILED
    return code


def _run(argv: Sequence[str] | None) -> ExitCode:
    parser = build_parser()
    args = parser.parse_args(argv)
    verb = VERBS[args.verb]
    if args.json and not verb.json:
        parser.error(f"{args.verb} prints no JSON")
    if args.seafile and not verb.on_server:
        parser.error(f"{args.verb} works on the embedded host only, so --seafile means nothing here")
    log.warnings_to_stderr()
    try:
        with interruptible():
            return verb.run(args)
    except OfflineDownloadError as error:
        complain(str(error))
        is_usage = isinstance(error, InputError) and not isinstance(error, _NOT_NOW)
        return ExitCode.WRONG_USAGE if is_usage else ExitCode.FAILED
    except KeyboardInterrupt:
        complain("Stopped.")
        return ExitCode.FAILED


def _examples(verb: Verb) -> str:
    return "examples:\n" + "\n".join(f"  {line}".rstrip() for line in verb.examples.splitlines())


def _never_fail_to_encode(stream: TextIO) -> None:
    """A terminal that knows no umlauts gets ``\\xe4``, not a traceback."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
