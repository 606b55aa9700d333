"""How each thing is broken, and mended."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import partial

from .node import ENGINE, GUARD, WATCH, Node
from .script import Kind
from .world import World

Act = Callable[[], object]

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
    yield Kind("kill", target, 0.2, 3), (partial(node.kill, engine=False), node.start)
    yield Kind("kill with aria2c", target, 0.2, 3), (partial(node.kill, engine=True), node.start)
    yield (
        Kind("kill for the other to take over", target, WATCH + 3, WATCH + 6),
        (
            partial(node.kill, engine=False),
            node.start,
        ),
    )
    yield Kind("freeze", target, 1, 6), (node.freeze, node.thaw)
    yield Kind("freeze for the other to take over", target, WATCH + 3, WATCH + 6), (node.freeze, node.thaw)
    for name, words in (("aria2c", ENGINE), ("guard", GUARD)):
        yield Kind(f"kill the {name} of", target), (partial(node.kill_child, words), _nothing)
        yield (
            Kind(f"freeze the {name} of", target, 1, 12),
            (
                partial(node.freeze_child, words),
                partial(node.thaw_child, words),
            ),
        )


def _of_others(world: World) -> Iterator[tuple[Kind, Acts]]:
    yield Kind("cut", "way to the database", 0.5, 4), (world.wire.cut, world.wire.mend)
    yield Kind("clamp", "way to the database", 0.5, 5), (world.wire.clamp, world.wire.mend)
    yield Kind("slow down", "way to the database", 3, 8), (partial(_delay, world, 0.1), partial(_delay, world, 0.0))
    yield Kind("lock rows of", "database", 3, 8), (world.locker.start, world.locker.stop)
    yield Kind("reset connections of", "network"), (world.reset_network, _nothing)
    yield Kind("freeze", "network", 1, 6), (world.origin.freeze, world.origin.thaw)
    yield Kind("take away", "library", 1, 5), (world.take_library_away, world.bring_library_back)


def _of_server(world: World) -> Iterator[tuple[Kind, Acts]]:
    server = world.server
    yield Kind("kill", "database", 0.5, 4), (server.kill, server.start)
    yield (
        Kind("freeze", "database", 1, 6),
        (
            partial(_signal, world, signal.SIGSTOP),
            partial(_signal, world, signal.SIGCONT),
        ),
    )
    yield (
        Kind("make read-only", "database", 1, 5),
        (
            partial(world.set_read_only, True),
            partial(world.set_read_only, False),
        ),
    )


def _signal(world: World, number: signal.Signals) -> None:
    world.server.signal(number)


def _delay(world: World, seconds: float) -> None:
    world.wire.delay = seconds


def _nothing() -> None:
    pass
