"""``pause``, ``resume``, ``cancel``, ``retry`` and ``remove``: one thing done to some tasks."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from ...errors import InputError, LinkError, SettingsError
from ...status import Action
from ...task import Task
from ..host import Host, reached
from ..options import add_ids
from ..output import complain, say
from ..verb import ExitCode, Verb


def _verb(act: Callable[[Host, int], Task], name: str, done: str, help_text: str) -> Verb:
    def run(args: Namespace) -> ExitCode:
        code = ExitCode.DONE
        with reached(args) as host:
            for odr_id in args.ids:
                try:
                    act(host, odr_id)
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
seafevents-offline {name} 3 --seafile /opt/seafile"""
    return Verb(run, help_text, examples, add_ids, on_server=True)


def _action(action: Action) -> Callable[[Host, int], Task]:
    return lambda host, odr_id: host.act(odr_id, action)


PAUSE = _verb(_action(Action.PAUSE), "pause", "is paused", "hold tasks; they keep what they have")
RESUME = _verb(_action(Action.RESUME), "resume", "goes on", "let paused tasks go on")
CANCEL = _verb(_action(Action.CANCEL), "cancel", "is cancelled", "give tasks up and delete what they have")
RETRY = _verb(_action(Action.RETRY), "retry", "starts again", "start failed or cancelled tasks again")
REMOVE = _verb(
    lambda host, odr_id: host.remove(odr_id),
    "remove",
    "is removed",
    "take tasks off the list; what runs is cancelled first",
)
