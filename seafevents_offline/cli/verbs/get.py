"""``get``: add a link, or join it when it is under way already, and wait until the file is there."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from ...errors import AlreadyActive
from ...hosts.standalone import EmbeddedHost
from ...hosts.wish import Wish
from ...status import Action, OfflineDownloadStatus
from ...task import Task
from .. import log, wish
from ..follow import TimeIsUp, follow
from ..host import Service, opened
from ..live import Display, on_stdout
from ..options import add_allow, add_timeout
from ..output import complain, say, say_json
from ..verb import ExitCode, Verb


def _options(parser: ArgumentParser) -> None:
    wish.add_wish(parser)
    add_timeout(parser)
    add_allow(parser)


def _run(args: Namespace) -> ExitCode:
    with opened(args) as host:
        log.service_to_file(host.data)
        display = Display() if args.json else on_stdout()
        odr_id = _add_or_join(host, wish.of(args, host.settings.cookies), display)
        service = Service(host, display.note)
        try:
            (task,) = follow(
                lambda: [host.repository.get(odr_id)], display, timeout=args.timeout, each_time=service.tend
            )
        except (TimeIsUp, KeyboardInterrupt) as reason:
            complain(_left(odr_id, "The time is up." if isinstance(reason, TimeIsUp) else "Stopped.", service))
            return ExitCode.FAILED
        if args.json:
            say_json(host.shape(task))
        return _report(host, task, args)


def _add_or_join(host: EmbeddedHost, wanted: Wish, display: Display) -> int:
    try:
        return host.add(wanted).odr_id
    except AlreadyActive as twin:
        task = host.repository.get(twin.odr_id)
        checksum, kinds = str(wanted.checksum or ""), wanted.extras.kinds
        if (checksum and task.checksum != checksum) or (kinds and task.asked != kinds):
            # Waiting for it would promise what nobody checks, or tells the server.
            raise
        display.note(f"{twin} Waiting for that one.")
        if task.status is OfflineDownloadStatus.PAUSED:
            host.act(twin.odr_id, Action.RESUME)
        return twin.odr_id


def _left(odr_id: int, reason: str, service: Service) -> str:
    if service.is_ours:
        return f"{reason} Task {odr_id} keeps what it has; the same command goes on with it."
    return f"{reason} Task {odr_id} stays in the list; the same command waits for it again."


def _report(host: EmbeddedHost, task: Task, args: Namespace) -> ExitCode:
    if task.status is OfflineDownloadStatus.OK:
        if not args.json:
            say(host.location(task))
        return ExitCode.DONE
    complain(task.comment or task.status.sentence)
    return ExitCode.FAILED


VERB = Verb(
    _run,
    help="download a link into the library and wait for it",
    examples="""\
seafevents-offline get https://example.com/file.zip
seafevents-offline get https://example.com/file.zip --name report.zip --to /reports --timeout 10m
seafevents-offline get http://192.168.1.5:8080/file.zip --allow 192.168.1.5:8080
seafevents-offline get https://example.com/file.zip --user ada --password-file secret.txt

The last line on stdout is where the file is. Ctrl-C keeps what there is; the same command goes on.""",
    options=_options,
    json=True,
)
