"""What a bundle is made of: files by name, read from what is installed here."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution
from pathlib import Path

from ...engines.aria2 import binary
from ...errors import EngineUnavailable
from . import distributions
from .distributions import ENGINE, METRICS, OWN
from .refusal import NotChanged

MANIFEST = "bundle.json"

#: Hexadecimal digits of a digest.
DIGITS = 16

_ARIA2C = "aria2c/bin/aria2c"


@dataclass(frozen=True)
class Contents:
    """``files``: what is in them, by their names below the folder. ``modules``: what must be importable from there."""

    files: Mapping[str, bytes]
    modules: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        return _digest((name, hashlib.sha256(data).hexdigest()) for name, data in self.files.items())

    @staticmethod
    def is_program(name: str) -> bool:
        return name == _ARIA2C


def collect(own_engine: bool = True) -> Contents:
    """``own_engine``: whether aria2c must be among it, as it must unless the setting ``aria2c`` names one.

    Raises NotChanged.
    """
    has_engine = _has_engine(own_engine)
    found = distributions.needed(OWN, *[ENGINE] * has_engine, *[METRICS] * distributions.is_installed(METRICS))
    files: dict[str, bytes] = {}
    for one in found.values():
        for name, place in distributions.files(one):
            files[name] = _read(place)
    modules = sorted(distributions.modules(files) | {"seafevents_offline.cli.main", "seafevents_offline.tasks"})
    files[MANIFEST] = _manifest(found.values())
    return Contents(files, tuple(modules))


def digest_of(folder: Path) -> str:
    """That of ``Contents`` which became this folder. What Python adds when it imports from there does not count."""
    return _digest(
        (place.relative_to(folder).as_posix(), hashlib.sha256(place.read_bytes()).hexdigest())
        for here, _, names in os.walk(folder)
        if os.path.basename(here) != "__pycache__"
        for place in (Path(here, name) for name in names)
    )


def _has_engine(wanted: bool) -> bool:
    try:
        binary.static()
    except EngineUnavailable as error:
        if wanted:
            raise NotChanged(_without_engine(error)) from None
        return False
    return True


def _without_engine(error: EngineUnavailable) -> str:
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        advice = "take an image of your own (docs/installing.md), or let the setting aria2c name one"
        return f"There is no aria2c for {platform.machine()} that could be brought along; {advice}."
    if not distributions.is_installed(ENGINE):
        return f"aria2c is brought along, too; run `pip install '{OWN}[aria2c]'` first."
    return str(error)


def _manifest(found: Iterable[Distribution]) -> bytes:
    """Nothing that differs from one time to the next."""
    content = {
        "python": platform.python_version(),
        "packages": {distributions.canonical(one.metadata["Name"]): one.version for one in found},
        "host": distributions.hosts(),
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def _digest(files: Iterable[tuple[str, str]]) -> str:
    lines = "".join(f"{digest} {name}\n" for name, digest in sorted(files))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise NotChanged(f"{place} cannot be read: {error.strerror}.") from None
