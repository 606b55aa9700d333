"""``doctor``: is everything there that downloads need, and if not, what to do?"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from ...tasks.checks import Check
from .. import log
from ..host import reached, server_of
from ..output import say, say_json
from ..verb import ExitCode, Verb


def _run(args: Namespace) -> ExitCode:
    if server_of(args) is not None:
        # What the log would say of it the parts say.
        log.nothing()
    with reached(args, tables=False) as host:
        checks = host.checks()
    healthy = all(check.ok for check in checks)
    if args.json:
        say_json({"healthy": healthy, "checks": [vars(check) for check in checks]})
    else:
        _print(checks)
    return ExitCode.DONE if healthy else ExitCode.FAILED


def _print(checks: Sequence[Check]) -> None:
    for check in checks:
        say(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")


VERB = Verb(
    _run,
    help="check everything that downloads need",
    examples="""\
seafevents-offline doctor
seafevents-offline doctor --json
seafevents-offline doctor --seafile /opt/seafile

The exit code is 1 when something is wrong; its line says what to do.""",
    json=True,
    on_server=True,
)
