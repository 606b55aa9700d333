"""The wire to aria2c: rounds of calls over one kept connection, deaf to the environment's proxies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aria2p
import requests

#: Seconds without an answer after which aria2c counts as hanging.
SILENCE = 5.0

#: aria2c closes idle connections after 30 s; a request must not meet that moment.
_MAX_IDLE = 10.0


class EngineSilent(Exception):
    """aria2c is gone or does not answer."""


@dataclass(frozen=True)
class Refused:
    """aria2c's answer to one call of a round: no."""

    message: str


@dataclass(frozen=True)
class Call:
    """One call of a round and who is told the answer: the method's own value, or Refused."""

    method: str
    params: tuple[Any, ...]
    answer: Callable[[Any], None]


class RpcClient(aria2p.Client):  # type: ignore[misc]  # aria2p is not checked with us
    """aria2p's client with a transport of ours. Not for several threads at once."""

    def __init__(self, port: int, secret: str) -> None:
        super().__init__("http://127.0.0.1", port, secret, SILENCE)
        self._session = requests.Session()
        # A company's http_proxy would get the secret, and aria2c would never hear of the call.
        self._session.trust_env = False
        self._last = 0.0

    def post(self, payload: str) -> Any:
        """Replaces aria2p's one connection a call. Raises EngineSilent."""
        if time.monotonic() - self._last > _MAX_IDLE:
            self._session.close()
        try:
            answer = self._session.post(self.server, data=payload, timeout=self.timeout).json()
        except (requests.RequestException, ValueError) as error:
            # Without the cause's text: it may quote the request, secret and all.
            raise EngineSilent(type(error).__name__) from None
        self._last = time.monotonic()
        return answer

    def round(self, calls: list[Call]) -> None:
        """One request for all of them, executed in order; then each is told its answer. Raises EngineSilent."""
        if not calls:
            return
        try:
            answers = self.multicall2([(call.method, list(call.params)) for call in calls])
        except aria2p.ClientException as error:
            raise EngineSilent(error.message) from None
        for call, answer in zip(calls, answers, strict=True):
            # A value comes wrapped in a list, a refusal as an object.
            call.answer(answer[0] if isinstance(answer, list) else Refused(str(answer.get("message", ""))))

    def close(self) -> None:
        self._session.close()
