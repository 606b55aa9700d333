"""``enable``: put the feature into a Seafile server."""

from __future__ import annotations

from argparse import Namespace

from ...hosts.installation import switch
from ..switching import add_dry_run, carry_out, found
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    place = found(args)
    return carry_out(place, switch.on(place), dry_run=args.dry_run, nothing="Offline download is enabled already.")


VERB = Verb(
    _run,
    help="put the feature into a Seafile server",
    examples="""\
seafevents-offline enable --seafile /opt/seafile
seafevents-offline enable --seafile /opt/seafile --dry-run""",
    options=add_dry_run,
    on_server=True,
)
