"""``enable``: put the feature into a Seafile server."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from seahub_patch.settings import missing

from ...engines.aria2 import binary
from ...errors import DatabaseUnavailable, OfflineDownloadError
from ...hosts.installation import bundle, contents, daemon, switch
from ...hosts.installation.place import Installation
from ...hosts.installation.server import SeafileServer
from ...hosts.installation.wiring import command
from ...settings import SECTION, read_config
from ..output import complain, say
from ..switching import add_dry_run, carry_out, found, restart
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    place = found(args)
    brought = _bring(place, args.dry_run) if args.bundle else None
    has_changed = carry_out(args, place, partial(switch.on, brought=brought), "enable")
    if not has_changed:
        say(f"All that `enable` writes is in {place.conf} already; nothing was changed.")
    if not args.dry_run:
        _prepare(place)
        if has_changed:
            say(f"{restart(place)} Then {command('doctor', place)} says how it is.")
    return ExitCode.DONE


def _bring(place: Installation, dry_run: bool) -> Path:
    """Where the bundle is then. Raises NotChanged and whatever ``switch.on`` does."""
    bundled = contents.collect(own_engine=not _names_engine(place))
    folder = bundle.folder(place, bundled)
    # What is wrong with the settings is found before anything is brought.
    switch.on(place, folder)
    if not bundle.is_intact(folder):
        say(f"{'Would bring' if dry_run else 'Bringing'} the package and what it needs to {folder}.")
    if not dry_run:
        bundle.put(place, bundled)
    return folder


def _names_engine(place: Installation) -> bool:
    """Whether there is an aria2c that the administrator has chosen."""
    file = place.seafevents_conf
    return file.exists() and bool(read_config(file).get(SECTION, "aria2c", fallback=""))


def _prepare(place: Installation) -> None:
    """What else the next start needs; none of it can make `enable` fail."""
    if lacking := missing():
        complain(f"Python does not find {', '.join(lacking)}; `pip install seafevents-offline` brings what it needs.")
        return
    server = SeafileServer(place, daemon.find(place, os.environ))
    try:
        if server.settings.enabled:
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


def _options(parser: ArgumentParser) -> None:
    add_dry_run(parser)
    parser.add_argument(
        "--bundle",
        action="store_true",
        help="bring the package, what it needs and aria2c onto the data volume, where they outlast a container",
    )


VERB = Verb(
    _run,
    help="put the feature into a Seafile server",
    examples="""\
seafevents-offline enable --seafile /opt/seafile
seafevents-offline enable --seafile /opt/seafile --dry-run
seafevents-offline enable --seafile /opt/seafile --bundle

It asks nothing and may be repeated. `seafevents-offline disable` takes out again what it wrote.""",
    options=_options,
    on_server=True,
)
