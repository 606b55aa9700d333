"""What ``doctor`` says of a Seafile server, part by part; each part is really tried, and says what to do.

What concerns downloads on any host is in ``tasks/checks.py``; here is what concerns this host.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ...disk import space, used
from ...errors import OfflineDownloadError, SchemaOutdated
from ...repository import utc_now
from ...settings import SECTION, Settings, unknown_options
from ...tasks import checks as common
from ...tasks.checks import Check, NotWell, check
from ...tempdir import TempDir
from ...units import format_size
from . import disk, probe, service, wiring
from .daemon import name_of
from .place import Installation
from .wiring import command

if TYPE_CHECKING:
    from .server import SeafileServer

#: The parts that cannot be looked at without settings.
_LATER = ("database", "temporary folder", "download program", "guard", "library", "download service")


def checks(server: SeafileServer) -> list[Check]:
    """Nothing is made in the installation, and a service that is running is not disturbed."""
    place, python = server.place, server.daemon.python
    answer = _once(lambda: probe.ask(python, str(place.conf), server.daemon.environ))
    return [
        check("Seafile server", lambda: _place(server)),
        check("seafevents.conf", lambda: _section(server)),
        check("seahub_settings.py", lambda: wiring.block(place, answer)),
        check("package", lambda: wiring.package(place, python, answer)),
        *_with_settings(server),
    ]


def _once(ask: Callable[[], probe.Answer]) -> Callable[[], probe.Answer]:
    """Asked at the first call only, also when there is no answer."""

    @cache
    def outcome() -> probe.Answer | probe.PythonUnusable:
        try:
            return ask()
        except probe.PythonUnusable as error:
            return error

    def answer() -> probe.Answer:
        found = outcome()
        if isinstance(found, probe.PythonUnusable):
            raise found
        return found

    return answer


def _with_settings(server: SeafileServer) -> list[Check]:
    try:
        settings = server.settings
    except OfflineDownloadError:
        return [Check(name, False, "It was not looked at: seafevents.conf comes first.") for name in _LATER]
    found = [check("database", lambda: _database(server))]
    if server.daemon.downloads:
        found.append(check("temporary folder", lambda: _temporary_folder(server.place, settings)))
        found += common.of_downloads(settings)
    return found + _service(server, settings)


# --- the parts ----------------------------------------------------------------------------------------


def _place(server: SeafileServer) -> str:
    place, user = server.place, name_of(server.daemon.uid)
    if place.server is None:
        raise NotWell(
            detail=f"{place.top} has no seafile-server-latest: the server's programs are not here. "
            "If it is the volume of a container, run this in the container."
        )
    return f"{place.top}, {f'version {place.version}' if place.version else 'of unknown version'}, run by {user}."


def _section(server: SeafileServer) -> str:
    place, file = server.place, server.place.seafevents_conf
    if not os.path.lexists(file) or not server.config.has_section(SECTION):
        raise NotWell(detail=f"{file} has no section [{SECTION}]; run {command('enable', place)}.")
    odd = " ".join(unknown_options(server.config))
    if not server.settings.enabled:
        advice = f"[{SECTION}] in {file} does not say enabled = true, so nothing is downloaded."
        raise NotWell(detail=f"{odd} {advice}".strip())
    other = server.daemon.environ.get("EVENTS_CONFIG_FILE")
    if other and not _is_same_file(other, file):
        raise NotWell(detail=f"The variable EVENTS_CONFIG_FILE lets Seahub read {other} instead of {file}.")
    if odd:
        raise NotWell(detail=f"{odd} Please mend or remove it in {file}.")
    return f"{file} has the section [{SECTION}], it is enabled, and all values are valid."


def _database(server: SeafileServer) -> str:
    try:
        return common.database(server.repository)
    except SchemaOutdated:
        advice = f"they are made at the start, or by {command('upgrade-db', server.place)}."
        raise NotWell(detail=f"The tables of the offline download are missing or too old; {advice}") from None


def _temporary_folder(place: Installation, settings: Settings) -> str:
    said = common.temporary_folder(settings)
    tempdir = TempDir(Path(settings.tempdir))
    folder, data = tempdir.nearest(), place.top / "seafile-data"
    room = _room(tempdir.path, folder, settings)
    if data.is_dir() and disk.is_same(folder, data):
        return f"{said}{room}"
    _complain_of_disk(tempdir.path, folder, place)
    return f"{said}{room} It is on another disk than the libraries."


def _complain_of_disk(path: Path, folder: Path, place: Installation) -> None:
    advice = f"name a folder on the disk of the libraries in the option tempdir, for example {place.tempdir}."
    if disk.is_in_memory(folder):
        raise NotWell(detail=f"The temporary folder {path} is in memory (tmpfs), where files have no room; {advice}")
    if disk.is_in_layer(folder):
        raise NotWell(detail=f"The temporary folder {path} goes with its container, and what is in it, too; {advice}")


def _room(path: Path, folder: Path, settings: Settings) -> str:
    """A sentence where downloads may have to wait for each other's room. Raises NotWell where one has none."""
    free = max(0, space(folder).below(settings.disk_high)) + (used(path) if folder == path else 0)
    one, all_ = format_size(settings.max_size), format_size(settings.max_size * settings.workers)
    if free < settings.max_size:
        raise NotWell(
            detail=f"The temporary folder {path} has room for {format_size(free)}, and one file may have {one}: please "
            "make room, or lower max-size."
        )
    if free < settings.max_size * settings.workers:
        return f" {settings.workers} downloads at once of {one} each would need {all_}, so some may wait for room."
    return ""


def _service(server: SeafileServer, settings: Settings) -> list[Check]:
    try:
        nodes = server.repository.nodes()
    except OfflineDownloadError:
        return [Check("download service", False, "It was not looked at: the database comes first.")]
    now = utc_now()
    tempdir = TempDir(Path(settings.tempdir))
    with contextlib.suppress(OfflineDownloadError):
        # What is wrong with it has been said already.
        tempdir.inspect()
    found = [
        check("download service", lambda: service.running(server.place, server.daemon, nodes, tempdir.node_id, now))
    ]
    return [*found, check("nodes", lambda: service.presence(nodes, now))] if nodes else found


def _is_same_file(one: str, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
