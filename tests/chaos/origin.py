"""The server of all links: a process of its own, which is asked by lines.

reset      cut what is under way; answers with the targets
requests   what was asked for: [target, begun, ended or null], times as ``time.monotonic()``
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from typing import Any

from tests.support.forked import Forked
from tests.support.http_server import HttpServer
from tests.support.ports import server_port


class Origin:
    """Starts with ``start()``; ``hosts`` are the names by which links may call it."""

    def __init__(self) -> None:
        self.port = server_port()
        self.hosts = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        self._lock = threading.Lock()

    def start(self) -> None:
        (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
        self._orders, self._answers = os.fdopen(ours_in, "w"), os.fdopen(ours_out)
        self._process = Forked(main, self.port, files=(theirs_in, theirs_out, sys.__stderr__.fileno()))
        os.close(theirs_in)
        os.close(theirs_out)
        assert self._answers.readline() == "ready\n"

    def reset(self) -> list[str]:
        return list(self._ask("reset"))

    def requests(self) -> list[tuple[str, float, float | None]]:
        return [tuple(one) for one in self._ask("requests")]

    def freeze(self) -> None:
        # Not in the middle of an answer to us.
        self._lock.acquire()
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)
        self._lock.release()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(60)
        for end in (self._orders, self._answers):
            with contextlib.suppress(OSError):
                end.close()

    def _ask(self, order: str) -> Any:
        with self._lock:
            self._orders.write(f"{order}\n")
            self._orders.flush()
            return json.loads(self._answers.readline())


def main(port: int) -> None:
    with HttpServer(port=port) as server:
        print("ready", flush=True)  # noqa: T201 (the starter waits for it)
        for line in sys.stdin:
            if line.strip() == "reset":
                answer: object = server.reset()
            else:
                answer = [(one.target, one.at, one.ended_at) for one in server.requests]
            print(json.dumps(answer), flush=True)  # noqa: T201
