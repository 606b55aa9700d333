"""How each thing is broken, and mended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import partial

from tests.support.host.wire import Wire

from .node import BEGINNING, ENGINE, GUARD, STORING, WATCH, Node
from .script import Kind
from .world import World

Act = Callable[[], object]

#: Seconds within which the other node certainly sees it.
_TAKEN_OVER = (WATCH + 3, WATCH + 6)

#: What breaks, and what mends it.
Acts = tuple[Act, Act]


def faults(world: World, *, own_server: bool) -> dict[Kind, Acts]:
    """All that can be done to this world; to a database server that is somebody else's as well, less."""
    found = dict(_of_others(world))
    for node in world.nodes:
        found.update(_of_node(node))
    if own_server:
        found.update(_of_server(world))
    if world.has_small_disk:
        found[Kind("fill", "disk of node a", 2, 6)] = (world.fill_disk, world.free_disk)
    return found


def _of_node(node: Node) -> Iterator[tuple[Kind, Acts]]:
    target = f"node {node.name}"
    kill, start = partial(node.kill, engine=False), node.start
    yield Kind("kill", target, 0.2, 3), (kill, start)
    yield Kind("kill with aria2c", target, 0.2, 3), (partial(node.kill, engine=True), start)
    yield Kind("kill for the other to take over", target, *_TAKEN_OVER), (kill, start)
    yield Kind("freeze", target, 1, 6), (node.freeze, node.thaw)
    yield Kind("freeze for the other to take over", target, *_TAKEN_OVER), (node.freeze, node.thaw)
    for when, moments in (("beginning", BEGINNING), ("storing", STORING)):
        yield Kind(f"kill while {when}", target, 3, 6), (partial(node.kill_at, moments), node.start_again)
        yield (
            Kind(f"freeze while {when}", target, *_TAKEN_OVER),
            (partial(node.freeze_at, moments), node.thaw_or_start_again),
        )
    ahead, back = partial(node.jump, forward=True), partial(node.jump, forward=False)
    yield Kind("turn the clock forward of", target, 5, 12), (ahead, back)
    yield Kind("turn the clock back of", target, 5, 12), (back, ahead)
    for name, words in (("aria2c", ENGINE), ("guard", GUARD)):
        freeze, thaw = partial(node.freeze_child, words), partial(node.thaw_child, words)
        yield Kind(f"kill the {name} of", target), (partial(node.kill_child, words), _nothing)
        yield Kind(f"freeze the {name} of", target, 1, 12), (freeze, thaw)


def _of_others(world: World) -> Iterator[tuple[Kind, Acts]]:
    wire, locker, origin = world.wire, world.locker, world.origin
    yield Kind("cut", "way to the database", 0.5, 4), (wire.cut, wire.mend)
    yield Kind("clamp", "way to the database", 0.5, 5), (wire.clamp, wire.mend)
    yield Kind("slow down", "way to the database", 3, 8), (partial(_delay, wire, 0.1), partial(_delay, wire, 0.0))
    yield Kind("lock rows of", "database", 3, 8), (locker.start, locker.stop)
    yield Kind("reset connections of", "network"), (world.reset_network, _nothing)
    yield Kind("freeze", "network", 1, 6), (origin.freeze, origin.thaw)
    yield Kind("take away", "library", 1, 5), (world.take_library_away, world.bring_library_back)


def _of_server(world: World) -> Iterator[tuple[Kind, Acts]]:
    server = world.server
    freeze, thaw = partial(server.signal, signal.SIGSTOP), partial(server.signal, signal.SIGCONT)
    lock, unlock = partial(server.set_read_only, True), partial(server.set_read_only, False)
    yield Kind("kill", "database", 0.5, 4), (server.kill, server.start)
    yield Kind("freeze", "database", 1, 6), (freeze, thaw)
    yield Kind("make read-only", "database", 1, 5), (lock, unlock)


def _delay(wire: Wire, seconds: float) -> None:
    wire.delay = seconds


def _nothing() -> None:
    pass
