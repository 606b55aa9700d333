"""Many tunnels at once."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from tests.support.guard import GRANT, Echo, GuardProcess, exactly, policy_for
from tests.support.waiting import eventually

MEGABYTE = 1024**2


def test_memory_and_files_stay_as_they_are_with_two_hundred_tunnels():
    many = replace(GRANT, tunnels=1000)
    with Echo() as echo, GuardProcess(policy_for(echo.address)) as guard:
        guard.tunnel(echo.address, many).close()
        memory, files = guard.memory(), guard.files()
        with contextlib.ExitStack() as stack:
            engines = [stack.enter_context(guard.tunnel(echo.address, many)) for _ in range(200)]
            for _ in range(5):
                for engine in engines:
                    engine.sendall(b"x" * 50_000)
                for engine in engines:
                    assert len(exactly(engine, 50_000)) == 50_000
            assert guard.memory() - memory < 6 * MEGABYTE
            # Both ends of each tunnel, and the pipes that are kept: none is lent while nothing moves.
            assert guard.files() - files <= 2 * 200 + 16
        eventually(lambda: guard.files() <= files + 16)
