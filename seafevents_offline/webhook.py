"""One message to the server that ``webhook-url`` names, and whether it was taken.

It goes to exactly that host and port, straight: by no proxy, after no redirect, and past the guard, which opens none of
this to downloads. http.client does no more than that, where a library for browsing would have to be kept from it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any

import certifi

from . import __version__
from .endpoint import Webhook, parse_webhook
from .settings import Settings
from .threads import offload

#: Seconds for the connection, and for all of the answer.
CONNECT_LIMIT = 10.0
ANSWER_LIMIT = 10.0

#: Who has answered may go on for so many seconds and bytes; it is not looked at.
_REST_LIMIT = 1.0
_REST_BYTES = 16 * 1024

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")


class NotReached(Exception):
    """There was no answer; says why, without the path, which may be secret."""


class Post:
    """Posts one message after the other; for one thread."""

    def __init__(self, settings: Settings) -> None:
        self.to: Webhook = parse_webhook(settings.webhook_url)
        self._secret = settings.webhook_secret
        self._ca_certificate = settings.ca_certificate
        self._context: ssl.SSLContext | None = None

    def send(self, message: Mapping[str, Any]) -> int:
        """The status of the answer: 200 to 299 when it was taken. Raises NotReached."""
        body = json.dumps(message).encode("ascii")
        try:
            return self._send(body)
        except TimeoutError:
            raise NotReached("it did not answer in time") from None
        except (OSError, http.client.HTTPException) as error:
            raise NotReached(_words(error)) from None

    def headers(self, body: bytes) -> dict[str, str]:
        """``X-Seafile-Signature`` as Seahub's own webhooks have it since 14."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"seafevents-offline/{__version__}",
            "Connection": "close",
        }
        if self._secret:
            headers["X-Seafile-Signature"] = (
                "sha256=" + hmac.new(_bytes(self._secret), body, hashlib.sha256).hexdigest()
            )
        if self.to.login:
            headers["Authorization"] = "Basic " + base64.b64encode(_bytes(self.to.login)).decode("ascii")
        return headers

    def _send(self, body: bytes) -> int:
        connection = self._connection()
        try:
            connection.request("POST", self.to.target, body, self.headers(body))
            return _status(connection.sock)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self.to.endpoint.host, self.to.endpoint.port
        if not self.to.is_encrypted:
            return http.client.HTTPConnection(host, port, timeout=CONNECT_LIMIT)
        if self._context is None:
            self._context = offload(_trust, self._ca_certificate)
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_LIMIT, context=self._context)


def _trust(ca_certificate: str) -> ssl.SSLContext:
    """The CA certificates of the setting, of the system, or certifi's."""
    system = ssl.get_default_verify_paths()
    found = ca_certificate or (None if system.cafile or system.capath else certifi.where())
    return ssl.create_default_context(cafile=found)


def _status(connection: socket.socket) -> int:
    """Of the answer, by its first line; nobody holds us up by sending slowly."""
    deadline = time.monotonic() + ANSWER_LIMIT
    answer = b""
    while b"\n" not in answer and len(answer) < _REST_BYTES:
        piece = _receive(connection, deadline)
        if not piece:
            break
        answer += piece
    found = _STATUS_LINE.match(answer)
    if found is None:
        raise NotReached("it gave no answer of HTTP")
    _listen_to_the_end(connection, min(deadline, time.monotonic() + _REST_LIMIT))
    return int(found[1])


def _listen_to_the_end(connection: socket.socket, deadline: float) -> None:
    """Who is cut off while answering takes that for a fault."""
    received = 0
    try:
        while received < _REST_BYTES and (piece := _receive(connection, deadline)):
            received += len(piece)
    except OSError:
        return


def _receive(connection: socket.socket, deadline: float) -> bytes:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)
    return connection.recv(_REST_BYTES)


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate cannot be verified: {error.verify_message}"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
