"""What aria2's exit codes and messages mean: one of our errors each.

The code alone is not enough: 22 is any HTTP status, 1 is TLS, a refused connection and much else. The messages are
aria2's own in the C locale; tests hold them against both versions that are supported.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...errors import (
    AccessDenied,
    BodyIncomplete,
    ConnectionFailed,
    DiskFull,
    EngineFault,
    EngineUnavailable,
    FileNotFoundAtServer,
    HostNotFound,
    LinkRefused,
    NameRefused,
    OfflineDownloadError,
    ServerBusy,
    TlsFailed,
    TooManyRedirects,
)

_STATUS = re.compile(r"\bstatus=(\d{3})\b")
_TLS = re.compile(r"SSL/TLS handshake failure|certificate", re.IGNORECASE)


def to_error(code: str, message: str, host: str) -> OfflineDownloadError:
    """``code`` and ``message`` are aria2's errorCode and errorMessage; ``host`` is the link's."""
    status = _STATUS.search(message)
    if status is not None:
        return _http(int(status[1]))
    if _TLS.search(message):
        return TlsFailed(host=host)
    known = _BY_CODE.get(code)
    return known(host) if known is not None else EngineFault(code=code)


def _http(status: int) -> OfflineDownloadError:
    if status in (404, 410):
        return FileNotFoundAtServer(status=status)
    if status in (401, 402, 403, 407, 451):
        return AccessDenied(status=status)
    if status in (408, 425, 429) or status >= 500:
        return ServerBusy(status=status)
    return LinkRefused(status=status)


_BY_CODE: dict[str, Callable[[str], OfflineDownloadError]] = {
    "1": lambda host: ConnectionFailed(host=host),
    "2": lambda host: ConnectionFailed(host=host),
    "3": lambda _: FileNotFoundAtServer(status=404),
    "5": lambda host: ConnectionFailed(host=host),
    "6": lambda host: ConnectionFailed(host=host),
    "8": lambda _: BodyIncomplete(),
    "9": lambda _: DiskFull(),
    "16": lambda _: NameRefused(),
    "17": lambda _: EngineUnavailable(detail="it cannot write its temporary file."),
    "18": lambda _: EngineUnavailable(detail="it cannot make its temporary folder."),
    "19": lambda host: HostNotFound(host=host),
    "23": lambda _: TooManyRedirects(),
    "24": lambda _: AccessDenied(status=401),
    "29": lambda _: ServerBusy(status=503),
}
