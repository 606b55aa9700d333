"""A node in a process of its own that claims until there is nothing left, or does another thing many times over.

    claim URL NODE SLOTS     gives the ids that it got
    add URL COUNT            gives the ids that it made
    upgrade URL              makes the tables
    die URL COUNT            is killed before that change of the tables

It says "ready" and waits for a line before it begins, so that several begin at the same time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event

from seafevents_offline import repository
from seafevents_offline.errors import AlreadyActive
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings

from .forked import Forked
from .records import ROOMY, new

_TIMEOUT = 120.0


def run(*order: object) -> int:
    """Run one; its exit code, negative for the signal that ended it."""
    return _Claimer(order).end()[0]


def run_together(*orders: Sequence[object]) -> list[Any]:
    """Run all at the same time; what each one found. AssertionError when one failed."""
    claimers = [_Claimer(order) for order in orders]
    for claimer in claimers:
        assert claimer.output.readline() == "ready\n"
    for claimer in claimers:
        claimer.go()
    found = [claimer.end() for claimer in claimers]
    assert [code for code, _ in found] == [0] * len(orders)
    return [json.loads(output) for _, output in found]


class _Claimer:
    """One of the processes, and both ends of what is said; its stderr is ours."""

    def __init__(self, order: Sequence[object]) -> None:
        (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
        self.input, self.output = os.fdopen(ours_in, "w"), os.fdopen(ours_out)
        self._process = Forked(main, *map(str, order), files=(theirs_in, theirs_out, sys.__stderr__.fileno()))
        os.close(theirs_in)
        os.close(theirs_out)

    def go(self) -> None:
        if not self.input.closed:
            self.input.write("go\n")
            self.input.close()

    def end(self) -> tuple[int, str]:
        """Its exit code and what it said since "ready"."""
        self.go()
        with self.output:
            said = self.output.read()
        return self._process.wait(_TIMEOUT), said


def claim_all(repo: Repository, node_id: str, slots: int) -> list[int]:
    found: list[int] = []
    while tasks := repo.claim(node_id, slots, **ROOMY):
        found += [task.odr_id for task in tasks]
    return found


def add_all(repo: Repository, count: int) -> list[int]:
    """The same links, whoever calls this; those that somebody else was faster with are left out."""
    found = []
    for number in range(count):
        try:
            found.append(repo.add(new(f"https://a.example/{number}")).odr_id)
        except AlreadyActive:
            continue
    return found


def upgrade_until(repo: Repository, count: int) -> None:
    """Like a power cut before the statement number ``count`` (from 1) that changes the schema."""
    changes: list[str] = []

    @event.listens_for(Engine, "before_cursor_execute")
    def watch(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().startswith(("CREATE", "INSERT", "UPDATE", "ALTER")):
            changes.append(statement)
            if len(changes) == count:
                os.kill(os.getpid(), signal.SIGKILL)

    repo.upgrade()


def main(verb: str, url: str, *more: str) -> None:
    repo = repository.open(Settings(database=url))
    print("ready", flush=True)  # noqa: T201 (the starter waits for it)
    sys.stdin.readline()
    found: list[int] = []
    if verb == "claim":
        found = claim_all(repo, more[0], int(more[1]))
    elif verb == "add":
        found = add_all(repo, int(more[0]))
    elif verb == "die":
        upgrade_until(repo, int(more[0]))
    else:
        repo.upgrade()
        repo.check_schema()
    repo.close()
    print(json.dumps(found))  # noqa: T201
