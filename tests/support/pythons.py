"""Other Pythons of this machine, as environments that have a server's own packages and have never seen ours."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

#: What a server has of what we need, and no more.
_HOSTS = ("SQLAlchemy", "PyMySQL", "typing_extensions")

_NEWEST = 13


@lru_cache
def pythons() -> dict[str, str]:
    """Supported versions that are no older than ours, as ``3.12``, and their programs; ours is always among them."""
    own = sys.version_info.minor
    found = {f"3.{own}": os.path.realpath(sys.executable)}
    for minor in range(own + 1, _NEWEST + 1):
        found.update((f"3.{minor}", program) for program in _programs(minor) if _is(program, minor))
    return found


def make_environment(python: str, folder: Path, names: Iterable[str] = _HOSTS) -> str:
    """An environment whose only packages are these, out of our own; its program. Takes half a second.

    Their fast parts are for our version of Python; they do without.
    """
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    packages = folder / "of-the-host"
    packages.mkdir()
    for name in names:
        one = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in one.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (packages / top).symlink_to(str(one.locate_file(top)))
    (site,) = folder.glob("lib/python3.*/site-packages")
    (site / "host.pth").write_text(f"{packages}\n")
    return str(folder / "bin" / "python")


def _programs(minor: int) -> Iterator[str]:
    """On PATH, and where pyenv keeps what PATH may not lead to."""
    if program := shutil.which(f"python3.{minor}"):
        yield program
    yield from map(str, sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")))


def _is(program: str, minor: int) -> bool:
    """A name on PATH may be a shim that only says which versions there are."""
    code = f"import sys, venv; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([program, "-c", code], capture_output=True, check=False, timeout=60).returncode == 0
