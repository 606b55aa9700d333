"""``serve``: download what is in the list until stopped."""

from __future__ import annotations

import threading
from argparse import ArgumentParser, Namespace

from .. import log
from ..host import opened
from ..options import add_allow, port
from ..output import say
from ..verb import ExitCode, Verb


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("--port", metavar="PORT", type=port, default=8470, help="1 to 65535 (default: 8470)")
    add_allow(parser)


def _run(args: Namespace) -> ExitCode:
    with opened(args) as host:
        log.service_to_file_and_stderr(host.data)
        host.start()
        say(f"Serving {host.data}; files go to {host.library}. Ctrl-C ends it; what runs goes on next time.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            say("Stopping.")
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="download what is in the list until stopped",
    examples="""\
seafevents-offline serve
seafevents-offline serve --data /srv/offline --library /srv/files --allow 192.168.1.5:8080""",
    options=_options,
)
