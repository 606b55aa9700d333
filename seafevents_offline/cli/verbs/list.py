"""``list``: the tasks as a table."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace

from ...repository import TaskPage, TaskQuery
from ...shape import percent
from ...task import Task
from ...units import format_size
from ..host import Host, hint_if_nobody_serves, reached
from ..live import MOVING
from ..options import add_owner, count, state
from ..output import say, say_json, table
from ..verb import ExitCode, Verb
from ..words import title, utc_now, why

_HEADING = ("ID", "STATE", "DONE", "SIZE", "NAME", "COMMENT")


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--status", metavar="STATE", type=state, action="append", default=[], help="only these; may be repeated"
    )
    add_owner(parser)
    parser.add_argument("--all", action="store_true", help="also those that were removed from the list")
    parser.add_argument("--page", metavar="N", type=count, default=1, help="1 is the newest (default: 1)")
    parser.add_argument("--per-page", metavar="N", type=count, default=25, help="tasks on a page (default: 25)")


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        query = TaskQuery(
            owner=args.owner or host.owner,
            statuses=frozenset(args.status),
            hidden=args.all,
            page=args.page,
            per_page=args.per_page,
        )
        page = host.repository.find(query)
        if args.json:
            say_json(_as_json(host, query, page))
        else:
            _print(host, query, page)
            if any(task.status in MOVING for task in page.tasks):
                hint_if_nobody_serves(host)
    return ExitCode.DONE


def _as_json(host: Host, query: TaskQuery, page: TaskPage) -> dict[str, object]:
    return {
        "data": [host.shape(task) for task in page.tasks],
        "total_count": page.total,
        "page": query.page,
        "per_page": query.per_page,
        "has_next_page": page.total > query.page * query.per_page,
    }


def _print(host: Host, query: TaskQuery, page: TaskPage) -> None:
    if not page.tasks:
        say("There are no tasks here.")
        return
    room = os.get_terminal_size(sys.stdout.fileno()).columns or 80 if sys.stdout.isatty() else None
    rows = [_HEADING, *map(_row, page.tasks)]
    if host.owner is None:
        owners = ["OWNER", *(task.owner for task in page.tasks)]
        rows = [(row[0], owner, *row[1:]) for row, owner in zip(rows, owners, strict=True)]
    for line in table(rows, room):
        say(line)
    pages = -(-page.total // query.per_page)
    if pages > 1:
        say(f"Page {query.page} of {pages}, {page.total} tasks; --page shows the others.")


def _row(task: Task) -> tuple[str, ...]:
    done = percent(task)
    return (
        str(task.odr_id),
        task.status.state,
        "" if done is None else f"{done} %",
        format_size(task.size) if task.size else "",
        title(task),
        why(task, utc_now()),
    )


VERB = Verb(
    _run,
    help="show the tasks, newest first",
    examples="""\
seafevents-offline list
seafevents-offline list --status error --status cancelled
seafevents-offline list --all --per-page 100 --json
seafevents-offline list --seafile /opt/seafile --owner ada@example.com""",
    options=_options,
    json=True,
    on_server=True,
)
