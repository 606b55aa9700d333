"""A node in a process of its own that claims until there is nothing left, or does another thing many times over.

    python -m tests.support.claimer claim URL NODE SLOTS     prints the ids that it got
    python -m tests.support.claimer upgrade URL              makes the tables
    python -m tests.support.claimer die URL COUNT            is killed before that change of the tables
    python -m tests.support.claimer add URL COUNT            prints the ids that it made

It says "ready" and waits for a line before it begins, so that several begin at the same time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, event

from seafevents_offline import repository
from seafevents_offline.errors import AlreadyActive
from seafevents_offline.repository import Repository
from seafevents_offline.settings import Settings

from .records import ROOMY, new


def run(*order: object) -> int:
    """Run one; its exit code, negative for the signal that ended it."""
    process = _start(order)
    process.communicate("go\n", timeout=120)
    return process.returncode


def run_together(*orders: Sequence[object]) -> list[Any]:
    """Run all at the same time; what each one printed. AssertionError when one failed."""
    processes = [_start(order) for order in orders]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(orders), [errors for _, errors in found]
    return [json.loads(output) for output, _ in found]


def _start(order: Sequence[object]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.support.claimer", *map(str, order)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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


if __name__ == "__main__":
    main(*sys.argv[1:])
