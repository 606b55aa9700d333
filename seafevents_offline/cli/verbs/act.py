"""``pause``, ``resume``, ``cancel``, ``retry`` and ``remove``: one thing done to some tasks."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable

from ...errors import InputError, LinkError, SettingsError
from ...status import Action
from ...task import Task
from .. import needs
from ..host import Host, reached
from ..options import add_ids
from ..output import complain, say
from ..verb import ExitCode, Verb

#: Makes of what was typed what is done on a host with each task.
Act = Callable[[Namespace, Host], Callable[[int], Task]]


def _verb(
    act: Act, name: str, done: str, help_text: str, options: Callable[[ArgumentParser], None] = add_ids, more: str = ""
) -> Verb:
    def run(args: Namespace) -> ExitCode:
        code = ExitCode.DONE
        with reached(args) as host:
            do = act(args, host)
            for odr_id in args.ids:
                try:
                    do(odr_id)
                    say(f"Task {odr_id} {done}.")
                except SettingsError:
                    raise
                except (InputError, LinkError) as error:
                    # What is wrong with this one says nothing about the next.
                    complain(str(error))
                    code = ExitCode.FAILED
        return code

    examples = f"""\
seafevents-offline {name} 3
seafevents-offline {name} 3 4 5
seafevents-offline {name} 3 --seafile /opt/seafile{more}"""
    return Verb(run, help_text, examples, options, on_server=True)


def _action(action: Action) -> Act:
    return lambda args, host: lambda odr_id: host.act(odr_id, action)


def _again(args: Namespace, host: Host) -> Callable[[int], Task]:
    # Asked for once, also for several tasks.
    extras = needs.of(args, host.settings.cookies)
    return lambda odr_id: host.act(odr_id, Action.RETRY, extras)


def _add_ids_and_needs(parser: ArgumentParser) -> None:
    add_ids(parser)
    needs.add_needs(parser)


PAUSE = _verb(_action(Action.PAUSE), "pause", "is paused", "hold tasks; they keep what they have")
RESUME = _verb(_action(Action.RESUME), "resume", "goes on", "let paused tasks go on")
CANCEL = _verb(_action(Action.CANCEL), "cancel", "is cancelled", "give tasks up and delete what they have")
RETRY = _verb(
    _again,
    "retry",
    "starts again",
    "start failed or cancelled tasks again",
    _add_ids_and_needs,
    "\nseafevents-offline retry 3 --user ada",
)
REMOVE = _verb(
    lambda args, host: host.remove,
    "remove",
    "is removed",
    "take tasks off the list; what runs is cancelled first",
)
