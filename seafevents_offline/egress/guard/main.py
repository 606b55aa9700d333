"""The guard process: configuration from stdin, events to stdout, and an end as soon as stdin ends."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 (as the next ones: who it becomes may not be allowed to read them later)
import encodings.idna  # noqa: F401
import os
import signal
import socket
import sys
import threading
import traceback  # noqa: F401
from collections.abc import Callable

from ...confine import drop
from ..messages import Close, Configuration, Message, Ping, Pong, Ready, from_line
from ..policy import Policy
from ..surroundings import PERIOD, TIME_LIMIT, look
from . import upstream
from .exit import Exit
from .gate import Gate
from .network import Network
from .pipes import Pipes
from .reporter import Reporter
from .resolver import Resolver
from .server import Server
from .tunnel import Means
from .usage import Usages
from .watch import Watch

_STDOUT = 1

#: Seconds for the first look around: where no name server answers there is nothing to connect to either.
_FIRST_LOOK = 3.0


def main() -> None:
    """Serves until stdin ends; then the process ends at once, whatever is under way."""
    # A terminal's Ctrl-C and the stop of a service reach all processes; the daemon decides when it has no need of us.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    first = sys.stdin.buffer.readline()
    if not first:
        os._exit(0)
    configuration = from_line(first)
    if not isinstance(configuration, Configuration):
        raise SystemExit("the first line is no configuration")
    # All is imported, and there is one thread.
    drop(configuration.confinement)
    asyncio.run(_serve(configuration))


async def _serve(configuration: Configuration) -> None:
    loop = asyncio.get_running_loop()
    limits = configuration.limits
    resolver = Resolver(limits.lookups_per_task)
    gate = Gate(Policy.from_json(configuration.policy), resolver)
    reporter = Reporter(_STDOUT)
    network = Network(gate, limits)
    usages = Usages(reporter.tell, network.heard)
    proxy = upstream.parse(configuration.upstream) if configuration.upstream else None
    means = Means(
        key=bytes.fromhex(configuration.key),
        limits=limits,
        gate=gate,
        exit=Exit(gate, resolver, limits, proxy, network),
        usages=usages,
        pipes=Pipes(),
        reporter=reporter,
    )

    def obey(message: Message) -> None:
        if isinstance(message, Ping):
            reporter.tell(Pong(message.n))
        elif isinstance(message, Close):
            usages.close(message.odr_id, message.claim, message.serial)

    threading.Thread(target=_listen, args=(loop, obey), name="commands", daemon=True).start()
    Server(socket.socket(fileno=configuration.fd), means).start()
    reporter.tell(Ready())
    await asyncio.gather(Watch(network, usages, reporter.tell, limits.silence).run(), _look_around_for_ever(gate))


def _listen(loop: asyncio.AbstractEventLoop, obey: Callable[[Message], None]) -> None:
    """In a thread: the end of stdin counts also while everything else hangs."""
    try:
        for line in sys.stdin.buffer:
            loop.call_soon_threadsafe(obey, from_line(line))
    finally:
        os._exit(0)


async def _look_around_for_ever(gate: Gate) -> None:
    await _look_around(gate, _FIRST_LOOK)
    while True:
        await asyncio.sleep(PERIOD)
        await _look_around(gate, TIME_LIMIT)


async def _look_around(gate: Gate, limit: float) -> None:
    loop = asyncio.get_running_loop()
    gate.tell(await loop.run_in_executor(None, look, gate.policy.own, gate.surroundings, limit))
