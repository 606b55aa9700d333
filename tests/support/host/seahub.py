"""The Seahub of a server: a Django process on a port of 127.0.0.1, and a browser for it."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError

from ..ports import free_port
from ..waiting import eventually


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Seahub:
    """``process`` listens on ``port`` or is about to."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self._address = f"http://127.0.0.1:{port}"
        #: The proxies of this machine are not for it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, path: str, body: Any = None, *, method: str = "GET", user: str = "me", kind: str = "Token") -> Answer:
        """``body`` goes as JSON; ``kind`` is of what ``user`` shows. Raises URLError while it does not listen."""
        headers = {"Authorization": f"{kind} {user}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._address}{path}", data, headers, method=method)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.status, answer.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def is_up(self) -> bool:
        assert self.process.poll() is None, "Seahub has ended; see logs/seahub.out"
        try:
            answer = self.ask("/api2/ping/")
        except URLError:
            return False
        # Seahub's own addresses stay what they are.
        assert answer == Answer(200, b'"pong"'), answer
        return True

    def end(self) -> None:
        self.process.kill()
        self.process.wait(60)


def command(port: int) -> list[str]:
    """As gunicorn would, in one process."""
    return ["-m", "waitress", f"--listen=127.0.0.1:{port}", "seahub.wsgi:application"]


def start(run: Any) -> Seahub:
    """``run`` starts a Python process of the server. Answers on return."""
    port = free_port()
    found = Seahub(run(command(port), "seahub.out"), port)
    try:
        eventually(found.is_up, 60)
    except BaseException:
        found.end()
        raise
    return found
