"""Whether the block in conf/seahub_settings.py is there, is run, and has the effect that it should.

The server's own Python is asked (``probe``). Where something below the block undoes it, the line is found in the file's
syntax tree.
"""

from __future__ import annotations

import ast
import shlex
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

from ... import __version__
from ...tasks.checks import NotWell
from . import bundle, marks
from .place import Installation
from .probe import Answer

#: What the block sets, as far as a line below it could undo it.
_NAMES = ("INSTALLED_APPS", "EXTRA_INSTALLED_APPS", "SITE_ROOT_URLCONF")

#: Versions of Python with a fault that the daemon meets (CPython's issue 113964).
_HALTING = ("3.12.0", "3.12.1")

#: How the block's own words end; here one knows already.
_ADVICE = "; what to do says"


def block(place: Installation, answer: Callable[[], Answer]) -> str:
    """Raises NotWell or PythonUnusable."""
    file = place.seahub_settings
    data = _read(file)
    part = marks.find(data)
    if marks.has_half(data):
        raise NotWell(detail=f"The block in {file} has lost its first or its last line; please take it out by hand.")
    if part is None:
        raise NotWell(detail=f"{file} has no block of ours; run {command('enable', place)}.")
    if not part.is_intact:
        raise NotWell(detail=f"The block in {file} was changed; run {command('enable', place)}.")
    found = answer()
    if found.fault:
        raise NotWell(detail=_fault(place, found))
    if found.words:
        raise NotWell(detail=f"The block in {file} stays without effect: {found.words[0].partition(_ADVICE)[0]}.")
    if not found.is_on:
        raise NotWell(detail=_undone(place, data, part))
    return f"The block in {file} is there, and Seahub and the daemon get what it brings."


def package(place: Installation, python: str, answer: Callable[[], Answer]) -> str:
    """Raises NotWell or PythonUnusable."""
    if not python:
        raise NotWell(detail="The server's Python was not found: there is no python3 on its PATH.")
    found = answer()
    if found.python in _HALTING:
        raise NotWell(
            detail=f"The server's Python ({python}) is of version {found.python}, which begins no threads once a "
            "program's last line is reached; Seafile's daemon and downloads need 3.12.2 or newer."
        )
    brought = bundle.appended(place)
    if brought and not bundle.is_intact(brought):
        raise NotWell(detail=f"What is in {brought} was changed; run {command('enable', place, '--bundle')}.")
    if not found.version:
        raise NotWell(
            detail=f"The server's Python ({python}, version {found.python}) does not find seafevents_offline; run "
            f"`{python} -m pip install seafevents-offline`, or {command('enable', place, '--bundle')}."
        )
    sentence = (
        f"The server's Python ({python}, version {found.python}) finds version {found.version} in {found.folder}."
    )
    if found.version != __version__:
        sentence += f" This command is of version {__version__}."
    if not found.has_crypto:
        # All the rest works without it, and every server should have it: no fault, but worth knowing.
        advice = f"`{python} -m pip install pycryptodome`"
        sentence += f" It finds no pycryptodome, so links can be given no passwords; run {advice}."
    return sentence


def command(verb: str, place: Installation, *more: str) -> str:
    """As it can be typed here: in a container that was made anew only the bundle may have the program."""
    program, brought = "seafevents-offline", bundle.command(place)
    if brought.exists() and not shutil.which(program):
        program = str(brought)
    return f"`{shlex.join([program, verb, '--seafile', str(place.top), *more])}`"


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NotWell(detail=f"{file} cannot be read: {error.strerror}.") from None


def _fault(place: Installation, found: Answer) -> str:
    line = f"line {found.line} of it" if found.line else "it"
    return (
        f"{place.seahub_settings} cannot be run: {line} ends with {found.fault}. "
        "Seahub ignores the whole file then, or does not start."
    )


def _undone(place: Installation, data: bytes, part: marks.Part) -> str:
    file = place.seahub_settings
    behind = len(data) - len(part.after)
    lines = [line for line in _assignments(data) if line > data[:behind].count(b"\n")]
    if not lines:
        return f"The block in {file} has no effect; run {command('enable', place)}, and look at what stands around it."
    return (
        f"Line {lines[0]} of {file} sets again what the block above it has set; "
        f"put it before the block, or run {command('enable', place)}, which moves the block to the end."
    )


def _assignments(data: bytes) -> list[int]:
    """The lines in which one of the names is bound."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(data)
    return sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in _NAMES
    )
