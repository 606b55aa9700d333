"""``show``: all about one task."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ...status import OfflineDownloadStatus
from ...task import Task
from ..host import Host, reached
from ..options import task_id
from ..output import pad, say, say_json
from ..verb import ExitCode, Verb
from ..words import moment, situation, utc_now


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("odr_id", metavar="ID", type=task_id, help="the number of a task, as `list` shows it")


def _run(args: Namespace) -> ExitCode:
    with reached(args) as host:
        task = host.repository.get(args.odr_id)
        if args.json:
            say_json(host.shape(task))
        else:
            for label, words in _fields(host, task):
                if words:
                    say(f"{pad(label, 10)}{words}")
    return ExitCode.DONE


def _fields(host: Host, task: Task) -> list[tuple[str, str]]:
    shaped = host.shape(task)
    is_stored = task.status is OfflineDownloadStatus.OK
    is_of_many = host.owner is None
    return [
        ("task", str(task.odr_id)),
        ("state", task.status.state),
        ("", task.status.sentence),
        ("now", situation(task, utc_now())),
        ("link", shaped["url"]),
        ("name", task.name),
        ("checksum", task.checksum),
        ("needs", _needs(task)),
        ("owner", task.owner if is_of_many else ""),
        ("library", (shaped["repo_name"] or task.repo_id) if is_of_many else ""),
        ("folder", task.path),
        ("file", host.location(task) if is_stored else ""),
        ("priority", str(task.priority)),
        ("failed", f"{task.attempts} of {host.settings.max_attempts} attempts" if task.attempts else ""),
        ("added", moment(task.timestamp)),
        ("started", moment(task.started_at)),
        ("finished", moment(task.finished_at)),
        ("removed", moment(task.hidden_at)),
    ]


def _needs(task: Task) -> str:
    kinds = ", ".join(kind.replace("_", " ") for kind in task.asked)
    return f"{kinds} (not kept any more; a retry needs it again)" if task.is_wiped else kinds


VERB = Verb(
    _run,
    help="show all about one task",
    examples="""\
seafevents-offline show 3
seafevents-offline show 3 --json
seafevents-offline show 3 --seafile /opt/seafile""",
    options=_options,
    json=True,
    on_server=True,
)
