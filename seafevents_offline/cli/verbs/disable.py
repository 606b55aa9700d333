"""``disable``: take the feature out of a Seafile server."""

from __future__ import annotations

from argparse import Namespace

from ...hosts.installation import bundle, switch
from ..output import complain, say
from ..switching import add_dry_run, carry_out, found, restart
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    place = found(args)
    if not carry_out(args, place, switch.off, "disable"):
        say(f"Nothing that `enable` wrote is in {place.conf}; nothing was changed.")
    elif not args.dry_run:
        say(restart(place))
    if not args.dry_run:
        # Last: this may run from there.
        for folder in bundle.remove(place):
            complain(f"{folder} was changed since it was brought, so it stays.")
    return ExitCode.DONE


VERB = Verb(
    _run,
    help="take the feature out of a Seafile server",
    examples="""\
seafevents-offline disable --seafile /opt/seafile
seafevents-offline disable --seafile /opt/seafile --dry-run

The tables and what was downloaded stay. What `enable --bundle` has brought goes.""",
    options=add_dry_run,
    on_server=True,
)
