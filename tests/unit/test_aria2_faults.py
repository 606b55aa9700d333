"""The table from aria2's codes and messages to our errors; every message here was said by a real aria2c."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.checksum import Checksum
from seafevents_offline.engines.aria2.faults import code_of, is_of_reach, part_is_useless, to_error
from seafevents_offline.engines.base import Job
from seafevents_offline.errors import (
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
from seafevents_offline.extras import Extras

MB = 1024 * 1024

HANDSHAKE = "SSL/TLS handshake failure: "


def job(out: str = "") -> Job:
    return Job(1, 1, "https://example.com/a?secret", Path("/nowhere"), out)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("22", "The response status is not successful. status=400", LinkRefused(status=400)),
        ("22", "The response status is not successful. status=403", AccessDenied(status=403)),
        ("22", "The response status is not successful. status=408", ServerBusy(status=408)),
        ("22", "The response status is not successful. status=410", FileNotFoundAtServer(status=410)),
        ("22", "The response status is not successful. status=429", ServerBusy(status=429)),
        ("22", "The response status is not successful. status=500", ServerBusy(status=500)),
        ("32", "", ChecksumWrong()),
        ("29", "The response status is not successful. status=503", ServerBusy(status=503)),
        ("22", "Unexpected status 204", LinkRefused(status=204)),
        ("22", "Got 302 status, but no location header provided.", LinkRefused(status=302)),
        ("22", "Got 304 without If-Modified-Since or If-None-Match", LinkRefused(status=304)),
        ("24", "Authorization failed.", LoginWanted()),
        ("3", "Resource not found", FileNotFoundAtServer(status=404)),
        ("23", "Too many redirects: count=20", TooManyRedirects()),
        ("1", "CUID#103 - Redirect to file:///etc/passwd failed. It may not be a valid URI.", RedirectInvalid()),
        ("19", "CUID#9 - Name resolution for a.invalid failed:Domain name not found", HostNotFound(host="a.invalid")),
        ("1", "Failed to establish connection, cause: Connection refused", ConnectionFailed(host="example.com")),
        ("1", "Failed to receive data, cause: Connection reset by peer", ConnectionFailed(host="example.com")),
        ("1", "Got EOF from the server.", ConnectionFailed(host="example.com")),
        ("2", "Timeout.", ConnectionFailed(host="example.com")),
        ("2", "No URI available.", ConnectionFailed(host="example.com")),
        ("1", f"{HANDSHAKE}self-signed certificate", TlsFailed(host="example.com")),
        ("1", f"{HANDSHAKE}certificate has expired", TlsFailed(host="example.com")),
        ("1", f"{HANDSHAKE}hostname does not match", TlsFailed(host="example.com")),
        (
            "1",
            f"{HANDSHAKE} `not signed by known authorities or invalid' `issuer is not known'",
            TlsFailed(host="example.com"),
        ),
        ("1", f"{HANDSHAKE}The TLS connection was non-properly terminated.", ConnectionFailed(host="example.com")),
        ("1", f"{HANDSHAKE}Error in the pull function.", ConnectionFailed(host="example.com")),
        ("1", f"{HANDSHAKE}protocol error", ConnectionFailed(host="example.com")),
        ("1", f"{HANDSHAKE}SSL I/O error", ConnectionFailed(host="example.com")),
        ("8", "Invalid range header. Request: 5-9/10, Response: 0-9/10", BodyIncomplete()),
        ("9", "Failed to write into the file /x, cause: No space left on device", TempDiskFull()),
        ("16", "Download aborted.", NameRefused()),
        ("1", "Bad Status-Line: missing status-code", AnswerUnreadable()),
        ("1", "Bad status code: bad status-code", AnswerUnreadable()),
        ("1", "Bad HTTP header: missing ':'", AnswerUnreadable()),
        ("1", "Bad chunk size: not hex string", AnswerUnreadable()),
        ("1", "Too big chunk size", AnswerUnreadable()),
        ("1", "Too large HTTP header", AnswerUnreadable()),
        ("1", "Content-Length must be positive integer", AnswerUnreadable()),
        ("1", "Transfer encoding frob is not supported.", AnswerUnreadable()),
        ("1", "ssh is not supported yet.", RedirectInvalid()),
        ("1", "", EngineFault(code="1")),
        ("999", "", EngineFault(code="999")),
    ],
)
def test_what_aria2_says_and_what_it_means(code: str, message: str, expected: OfflineDownloadError) -> None:
    found = to_error(code, message, job(), size=0)
    assert (type(found), found.reason_args) == (type(expected), expected.reason_args)
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, AnswerUnreadable()),
        (331, AnswerUnreadable()),
        (421, ServerBusy(status=421)),
        (450, ServerBusy(status=450)),
        (502, LinkRefused(status=502)),
        (430, LoginWanted()),
        (530, LoginWanted()),
        (532, AccessDenied(status=532)),
        (550, FileNotFoundAtServer(status=550)),
    ],
)
def test_ftp_has_numbers_of_its_own(status: int, expected: OfflineDownloadError) -> None:
    link = replace(job(), url="ftp://example.com/a")
    found = to_error("22", f"The response status is not successful. status={status}", link, size=0)
    assert (type(found), found.reason_args) == (type(expected), expected.reason_args)


@pytest.mark.parametrize(
    ("url", "code", "message", "status"),
    [
        ("https://example.com/a", "24", "Authorization failed.", 401),
        ("https://example.com/a", "22", "The response status is not successful. status=403", 403),
        ("ftp://example.com/a", "21", "The response status is not successful. status=430", 430),
        ("ftp://example.com/a", "21", "The response status is not successful. status=530", 530),
    ],
)
@pytest.mark.parametrize(
    ("extras", "is_login"),
    [
        (Extras(user="ada", password="s3cret"), True),
        (Extras(headers=(("Private-Token", "s3cret"),)), True),
        (Extras(headers=(("Accept-Language", "de"),), referer="https://example.com/", user_agent="x"), False),
    ],
)
def test_who_is_not_let_in_with_something_is_told_that_it_is_wrong(
    url: str, code: str, message: str, status: int, extras: Extras, is_login: bool
) -> None:
    found = to_error(code, message, replace(job(), url=url, extras=extras), size=0)
    assert isinstance(found, LoginRefused) == is_login
    assert found.reason_args == ({"status": status} if is_login or status == 403 else {})
    assert not found.retryable
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("message", ["Got EOF from the server.", "No URI available."])
def test_an_end_after_the_beginning_is_a_short_body(message: str) -> None:
    assert isinstance(to_error("1", message, job(), size=1000), BodyIncomplete)


@pytest.mark.parametrize("code", ["14", "15", "17", "18"])
def test_a_folder_that_cannot_be_written_is_not_the_links_fault(code: str) -> None:
    found = to_error(code, "Download aborted.", job(), size=0)
    assert isinstance(found, EngineUnavailable)
    assert not found.costs_attempt


def test_a_name_of_ours_cannot_be_the_reason() -> None:
    assert isinstance(to_error("16", "Download aborted.", job("a"), size=0), EngineUnavailable)


@pytest.mark.parametrize(
    ("code", "message", "size", "completed", "checksum", "expected"),
    [
        ("1", "", "5", "5", True, "32"),
        ("1", "", "5", "5", False, "1"),
        ("1", "", "5", "4", True, "1"),
        ("1", "", "0", "0", True, "1"),
        ("1", "Got EOF from the server.", "5", "5", True, "1"),
        ("6", "", "5", "5", True, "6"),
    ],
)
def test_a_wrong_checksum_of_a_file_without_a_length_is_recognised(
    code: str, message: str, size: str, completed: str, checksum: bool, expected: str
) -> None:
    status = {"errorCode": code, "errorMessage": message, "totalLength": size, "completedLength": completed}
    wanted = Checksum.parse("a" * 32) if checksum else None
    assert code_of(status, replace(job(), checksum=wanted)) == expected


def test_only_what_concerns_the_part_makes_it_useless() -> None:
    assert part_is_useless("8", "Invalid range header. Request: 5-9/10, Response: 0-9/10")
    assert part_is_useless("8", "No URI available.")
    assert part_is_useless("32", "")
    assert part_is_useless("1", "Download aborted.")
    assert part_is_useless("22", "The response status is not successful. status=416")
    assert not part_is_useless("1", "Got EOF from the server.")
    assert not part_is_useless("9", "Failed to write into the file /x, cause: No space left on device")
    assert not part_is_useless("16", "Download aborted.")
    assert not part_is_useless("22", "The response status is not successful. status=503")


@pytest.mark.parametrize(
    ("message", "size"),
    [("Failed to write into the file 1/a.bin, cause: File too large", 0), ("No URI available.", 8 * MB)],
)
def test_a_file_beyond_the_limit_is_too_large(message: str, size: int) -> None:
    """With several connections it is the last that is asked, and it knows nothing of the limit."""
    found = to_error("17", message, job(), size, limit=2 * MB)
    assert isinstance(found, TooLarge)
    assert "2.0 MB" in str(found)
    # Some file systems have a limit of their own; that is not the file's fault.
    assert isinstance(to_error("17", message, job(), size), EngineUnavailable)


def test_only_where_nobody_answered_the_network_may_be_to_blame() -> None:
    silent = [ConnectionFailed(host="a"), HostNotFound(host="a"), BodyIncomplete()]
    answers = [
        ServerBusy(status=503),
        TlsFailed(host="a"),
        LinkRefused(status=400),
        AnswerUnreadable(),
        TooLarge(limit="1"),
    ]
    assert all(map(is_of_reach, silent))
    assert not any(map(is_of_reach, answers))
