"""All reasons together: what translators work from, and the way back from a code to its error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .base import OfflineDownloadError
from .notes import GOT_WEB_PAGE, PAUSED_TOO_LONG, STORED_ABOVE


def from_reason(reason: str, reason_args: Mapping[str, Any]) -> OfflineDownloadError:
    """The error again of which only code and values came through; the root where they fit none."""
    kind = _kinds(OfflineDownloadError).get(reason, OfflineDownloadError)
    try:
        return kind(**reason_args)
    except KeyError:
        return OfflineDownloadError()


def keeping() -> frozenset[str]:
    """The reasons of those errors that keep a task's folder."""
    return frozenset(reason for reason, kind in _kinds(OfflineDownloadError).items() if kind.keeps_folder)


def reasons() -> dict[str, str]:
    """Every reason code with its sentence (placeholders in braces): what translators work from."""
    notes = {note.reason: note.comment for note in (GOT_WEB_PAGE, PAUSED_TOO_LONG, STORED_ABOVE)}
    return {**{reason: kind.sentence for reason, kind in _kinds(OfflineDownloadError).items()}, **notes}


def _kinds(root: type[OfflineDownloadError]) -> dict[str, type[OfflineDownloadError]]:
    found = {root.reason: root} if "reason" in vars(root) else {}
    for child in root.__subclasses__():
        found.update(_kinds(child))
    return found
