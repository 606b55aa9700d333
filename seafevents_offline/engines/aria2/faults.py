"""What aria2's exit codes and messages mean: one of our errors each.

The code alone is not enough: 22 is any HTTP status, 1 is TLS, a refused connection and much else, 16 is a bad name
and a read-only disk. The messages are aria2's own in the C locale; tests hold both versions against real faults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import (
    AccessDenied,
    AnswerUnreadable,
    BodyIncomplete,
    ChecksumWrong,
    ConnectionFailed,
    EngineFault,
    EngineUnavailable,
    FileNotFoundAtServer,
    HostNotFound,
    LinkRefused,
    LoginRefused,
    LoginWanted,
    NameRefused,
    OfflineDownloadError,
    RedirectInvalid,
    ServerBusy,
    TempDiskFull,
    TlsFailed,
    TooLarge,
    TooManyRedirects,
)
from ...link import host_of
from ...units import format_size
from ..base import Job

_STATUS = re.compile(r"\bstatus[= ](\d{3})\b|\bGot (\d{3}) ")
_RESOLVED = re.compile(r"Name resolution for (\S+) failed")
_BAD_REDIRECT = re.compile(r"Redirect to .* failed|\A\w+ is not supported yet")
_NO_HTTP = re.compile(
    r"Bad (Status-Line|status code|HTTP header|chunk size)|Too (large HTTP header|big chunk size)"
    r"|Max FTP recv buffer|Content-Length must be|Transfer encoding .* is not supported"
)
_HANDSHAKE = "SSL/TLS handshake failure"

#: Handshakes that ended without a verdict: the line broke (the first three are GnuTLS, the others OpenSSL).
_HANDSHAKE_BROKEN = re.compile(r"non-properly terminated|pull function|push function|protocol error|I/O error")

_PROXY_REFUSED = "Proxy connection failed"

_LINE_BROKEN = re.compile(
    r"Proxy connection failed|Failed to (establish connection|receive data|send data)|Got EOF|No URI available"
)

#: EFBIG: what the process itself is not allowed to write.
_FILE_TOO_LARGE = "cause: File too large"

_WRONG_CHECKSUM = "32"

_NOT_WRITABLE = "it cannot write to its temporary folder."


def to_error(code: str, message: str, job: Job, size: int, limit: int = 0) -> OfflineDownloadError:
    """``code`` and ``message`` are aria2's errorCode and errorMessage, ``size`` what is known of the file's length, and
    ``limit`` the bytes that it may have; 0 for any."""
    if limit and (_FILE_TOO_LARGE in message or size > limit):
        # It is the last of several connections that is asked, and that may have something else to say.
        return TooLarge(limit=format_size(limit))
    return _from_words(code, message, job, size)


def _from_words(code: str, message: str, job: Job, size: int) -> OfflineDownloadError:
    host = host_of(job.url)
    if status := _STATUS.search(message):
        number = int(status[1] or status[2])
        return _ftp(number, job) if job.url.startswith("ftp:") else _http(number, job)
    if _HANDSHAKE in message:
        broken = _HANDSHAKE_BROKEN.search(message)
        return ConnectionFailed(host=host) if broken else TlsFailed(host=host)
    if code == "1":
        return _unspecific(message, host, size)
    if code == "16" and job.out:
        # The name is one of ours and cannot be the reason.
        return EngineUnavailable(detail=_NOT_WRITABLE)
    if resolved := _RESOLVED.search(message):
        # After a redirect it is not the link's host.
        return HostNotFound(host=resolved[1])
    # This code is all that aria2 says of a 401.
    return _no_entry(401, job) if code == "24" else _by_code(code, host)


def code_of(status: Mapping[str, Any], job: Job) -> str:
    """The code that aria2 should have given: for a wrong checksum of a file whose length nobody named it says 1 and not
    a word, and all of the file is there."""
    code: str = status["errorCode"]
    is_whole = 0 < int(status["totalLength"]) == int(status["completedLength"])
    is_silent = code == "1" and not status.get("errorMessage")
    return _WRONG_CHECKSUM if job.checksum and is_silent and is_whole else code


def is_of_the_way_out(message: str) -> bool:
    """Whether it failed because a connection did not come about: why, only the guard knows."""
    return _PROXY_REFUSED in message


def is_of_reach(error: OfflineDownloadError) -> bool:
    """Whether nobody has given an answer: that may as well be for lack of a network. Of several connections that fall
    silent the last one says that nothing is left to try."""
    return isinstance(error, (ConnectionFailed, HostNotFound, BodyIncomplete))


def part_is_useless(code: str, message: str) -> bool:
    """Whether a download that was to be continued failed because it cannot be: the server does not give ranges any
    more (8), the file has another length now, even less than the part, the control file is damaged, or the parts do not
    come to the checksum (32): they may be of two files."""
    if code in ("8", _WRONG_CHECKSUM):
        return True
    return (code in ("1", "10") and message == "Download aborted.") or message.endswith("status=416")


def _http(status: int, job: Job) -> OfflineDownloadError:
    if status in (404, 410):
        return FileNotFoundAtServer(status=status)
    if status in (401, 403):
        return _no_entry(status, job)
    if status in (402, 407, 451):
        return AccessDenied(status=status)
    if status in (408, 425, 429) or status >= 500:
        return ServerBusy(status=status)
    return LinkRefused(status=status)


def _ftp(status: int, job: Job) -> OfflineDownloadError:
    if status == 550:
        return FileNotFoundAtServer(status=status)
    if status in (430, 530):
        return _no_entry(status, job)
    if status == 532:
        return AccessDenied(status=status)
    if status < 400:
        # A yes that aria2 could make nothing of.
        return AnswerUnreadable()
    return ServerBusy(status=status) if status < 500 else LinkRefused(status=status)


def _no_entry(status: int, job: Job) -> OfflineDownloadError:
    """Who was not let in knows best whether what was given is wrong; a 403 without anything may have other reasons."""
    if job.extras.is_confidential:
        return LoginRefused(status=status)
    return AccessDenied(status=status) if status == 403 else LoginWanted()


def _unspecific(message: str, host: str, size: int) -> OfflineDownloadError:
    if _BAD_REDIRECT.search(message):
        return RedirectInvalid()
    if size and ("Got EOF" in message or "No URI available" in message):
        return BodyIncomplete()
    if _NO_HTTP.search(message):
        return AnswerUnreadable()
    return ConnectionFailed(host=host) if _LINE_BROKEN.search(message) else EngineFault(code="1")


def _by_code(code: str, host: str) -> OfflineDownloadError:
    known: dict[str, OfflineDownloadError] = {
        "2": ConnectionFailed(host=host),
        "3": FileNotFoundAtServer(status=404),
        "5": ConnectionFailed(host=host),
        "6": ConnectionFailed(host=host),
        "8": BodyIncomplete(),
        "9": TempDiskFull(),
        "14": EngineUnavailable(detail=_NOT_WRITABLE),
        "15": EngineUnavailable(detail=_NOT_WRITABLE),
        "16": NameRefused(),
        "17": EngineUnavailable(detail=_NOT_WRITABLE),
        "18": EngineUnavailable(detail=_NOT_WRITABLE),
        "19": HostNotFound(host=host),
        "23": TooManyRedirects(),
        "29": ServerBusy(status=503),
        _WRONG_CHECKSUM: ChecksumWrong(),
    }
    return known.get(code) or EngineFault(code=code)
