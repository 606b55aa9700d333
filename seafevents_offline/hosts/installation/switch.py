"""Switching the feature on and off in an installation: which files become what."""

from __future__ import annotations

from collections.abc import Sequence

from . import block, bundle, section
from .edit import Change, read
from .place import Installation
from .refusal import NoInstallation


def on(place: Installation) -> Sequence[Change]:
    """What `enable` changes. Raises NotChanged."""
    settings, events = _files(place)
    body = block.lines(place.top, bundle.appended(place))
    return (
        Change(place.seahub_settings, settings, block.put(place.seahub_settings, settings, body), place.owner),
        Change(
            place.seafevents_conf,
            events,
            section.put(place.seafevents_conf, events, section.lines(place.tempdir)),
            place.owner,
        ),
    )


def off(place: Installation) -> Sequence[Change]:
    """What `disable` changes. Raises NotChanged."""
    settings, events = _files(place)
    return (
        Change(place.seahub_settings, settings, block.take(place.seahub_settings, settings), place.owner),
        Change(
            place.seafevents_conf,
            events,
            None if events is None else section.take(place.seafevents_conf, events),
            place.owner,
        ),
    )


def _files(place: Installation) -> tuple[bytes, bytes | None]:
    settings = read(place.seahub_settings)
    if settings is None:
        raise NoInstallation(f"{place.seahub_settings} is not there any more.")
    return settings, read(place.seafevents_conf)
