"""What is brought along onto the data volume, so that it outlives the container."""

from __future__ import annotations

from pathlib import Path

from .place import Installation


def appended(place: Installation) -> Path | None:
    """The folder that the block appends to ``sys.path``; None when Python finds the package by itself."""
    folder = place.volume / "python"
    return folder if (folder / "seafevents_offline" / "__init__.py").is_file() else None
