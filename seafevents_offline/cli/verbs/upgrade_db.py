"""``upgrade-db``: bring the tables up to date."""

from __future__ import annotations

from argparse import Namespace

from ..host import reached
from ..output import say
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        # Opening the embedded host has just done it already.
        host.repository.upgrade()
    say("The tables are up to date.")
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="make the tables, or bring them up to date; may be repeated",
    examples="""\
seafevents-offline upgrade-db
seafevents-offline upgrade-db --data /srv/offline
seafevents-offline upgrade-db --seafile /opt/seafile""",
    on_server=True,
)
