"""``enable``: put the feature into a Seafile server."""

from __future__ import annotations

import os
from argparse import Namespace

from seahub_patch.settings import missing

from ...engines.aria2 import binary
from ...errors import DatabaseUnavailable, OfflineDownloadError
from ...hosts.installation import daemon, switch
from ...hosts.installation.place import Installation
from ...hosts.installation.server import SeafileServer
from ..output import complain, say
from ..switching import add_dry_run, carry_out, found, restart
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    place = found(args)
    has_changed = carry_out(args, place, switch.on, "enable")
    if not has_changed:
        say(f"All that `enable` writes is in {place.conf} already; nothing was changed.")
    if not args.dry_run:
        _prepare(place)
        if has_changed:
            say(f"{restart(place)} Then `seafevents-offline doctor --seafile {place.top}` says how it is.")
    return ExitCode.DONE


def _prepare(place: Installation) -> None:
    """What else the next start needs; none of it can make `enable` fail."""
    if lacking := missing():
        complain(f"Python does not find {', '.join(lacking)}; `pip install seafevents-offline` brings what it needs.")
    server = SeafileServer(place, daemon.find(place, os.environ))
    try:
        _make_tables(server)
        binary.find(server.settings.aria2c)
    except OfflineDownloadError as error:
        complain(str(error))
    finally:
        server.close()


def _make_tables(server: SeafileServer) -> None:
    if not server.settings.database.startswith("mysql"):
        # A file of SQLite's must not be made by root, nor wherever this is run.
        return
    try:
        server.repository.upgrade()
    except DatabaseUnavailable as error:
        complain(f"{error} The tables will be made when the server starts.")


VERB = Verb(
    _run,
    help="put the feature into a Seafile server",
    examples="""\
seafevents-offline enable --seafile /opt/seafile
seafevents-offline enable --seafile /opt/seafile --dry-run

It asks nothing and may be repeated. `seafevents-offline disable` takes out again what it wrote.""",
    options=add_dry_run,
    on_server=True,
)
