"""What a verb is: a function and the words that explain it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a script may rely on."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2


def _no_options(_parser: ArgumentParser) -> None:
    """For verbs that have none of their own."""


@dataclass(frozen=True)
class Verb:
    """``run`` gets what was typed and returns the exit code; ``json``: it can print JSON instead of words;
    ``on_server``: it works on a Seafile server (``--seafile``), not only on the embedded host."""

    run: Callable[[Namespace], ExitCode]
    help: str
    examples: str
    options: Callable[[ArgumentParser], None] = _no_options
    json: bool = False
    on_server: bool = False
