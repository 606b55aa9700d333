"""Copies of this project's tree, and make in them as in a person's terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: What a checkout does not have: made by us, or by those who try it out.
_MADE = {".venv", ".cache", ".git", "data", "library"}
_MADE_ANYWHERE = shutil.ignore_patterns("__pycache__", ".*_cache", "*.egg-info", "node_modules", ".hypothesis")

#: What an outer ``make test`` leaves in the environment.
_FROM_OUTER_MAKE = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "URL", "ARGS", "VIRTUAL_ENV", "PYTHONPATH"}


def copy_tree(to: Path) -> Path:
    """A fresh checkout, without anything that was made in this one."""

    def ignore(folder: str, names: list[str]) -> set[str]:
        made = _MADE & set(names) if Path(folder) == ROOT else set()
        return made | _MADE_ANYWHERE(folder, names)

    shutil.copytree(ROOT, to, ignore=ignore)
    return to


def environment(**more: str) -> dict[str, str]:
    """This process's environment, as it would be without make and pytest around it."""
    return {name: value for name, value in os.environ.items() if name not in _FROM_OUTER_MAKE} | more


def make(
    tree: Path, *words: str, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """``make`` with these words, none of which meets a shell here."""
    return subprocess.run(
        ["make", *words],
        cwd=tree,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
