"""``watch``: tasks, live, until all have ended."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from ...repository import Repository, TaskQuery
from ...status import OfflineDownloadStatus
from ...task import Task
from ..follow import TimeIsUp, follow
from ..host import hint_if_nobody_serves, reached
from ..live import AT_REST, MOVING, JsonLines, on_stdout
from ..options import add_ids, add_owner, add_timeout
from ..output import complain
from ..verb import ExitCode, Verb

_MOST = 10_000

#: More than anybody adds between two looks.
_NEWEST = 100


def _options(parser: ArgumentParser) -> None:
    add_ids(parser, nargs="*")
    add_owner(parser)
    add_timeout(parser)


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        display = JsonLines(host.shape) if args.json else on_stdout()
        watched = _Watched(host.repository, args.ids, args.owner or host.owner)
        hint_if_nobody_serves(host)
        try:
            tasks = follow(watched.read, display, timeout=args.timeout)
        except (TimeIsUp, KeyboardInterrupt) as reason:
            complain("The time is up." if isinstance(reason, TimeIsUp) else "Stopped.")
            return ExitCode.FAILED
    return _report(tasks)


def _report(tasks: Sequence[Task]) -> ExitCode:
    failed = [str(task.odr_id) for task in tasks if task.status is not OfflineDownloadStatus.OK]
    if not failed:
        return ExitCode.DONE
    complain(f"These tasks did not end well: {', '.join(failed)}.")
    return ExitCode.FAILED


class _Watched:
    """The tasks with the given numbers; without numbers, all that move, and those that are added meanwhile."""

    def __init__(self, repository: Repository, ids: Sequence[int], owner: str | None) -> None:
        self._repository = repository
        self._owner = owner
        self._join_others = not ids
        self._tasks: dict[int, Task] = {odr_id: repository.get(odr_id) for odr_id in ids}
        self._newest = max((task.odr_id for task in self._find(sort="-odr_id", per_page=1)), default=0)

    def read(self) -> Sequence[Task]:
        """How they stand now, by number; one that is at rest is not asked for again."""
        for odr_id, task in self._tasks.items():
            if task.status not in AT_REST:
                self._tasks[odr_id] = self._repository.get(odr_id)
        if self._join_others:
            self._join(self._find(statuses=MOVING, sort="odr_id", per_page=_MOST))
            # A small file may come and go between two looks.
            self._join(task for task in self._find(sort="-odr_id", per_page=_NEWEST) if task.odr_id > self._newest)
        return [self._tasks[odr_id] for odr_id in sorted(self._tasks)]

    def _join(self, tasks: Iterable[Task]) -> None:
        self._tasks.update((task.odr_id, task) for task in tasks)

    def _find(self, **query: Any) -> Sequence[Task]:
        return self._repository.find(TaskQuery(owner=self._owner, **query)).tasks


VERB = Verb(
    _run,
    help="show tasks live until all have ended",
    examples="""\
seafevents-offline watch
seafevents-offline watch 3 4 --timeout 1h
seafevents-offline watch --json
seafevents-offline watch --seafile /opt/seafile --owner ada@example.com

Without a number: everything that is under way. The exit code is 1 when one of them failed.""",
    options=_options,
    json=True,
    on_server=True,
)
