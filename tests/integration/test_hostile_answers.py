"""What servers can do to the real aria2c with an answer: many at once, both versions, one engine for each table.

After each table the same process still runs and downloads: nothing that a server says ends it, hangs it or fills it.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from seafevents_offline.engines.base import Snapshot, TransferState
from seafevents_offline.errors import (
    AccessDenied,
    AnswerUnreadable,
    BodyIncomplete,
    ConnectionFailed,
    LinkRefused,
    LoginWanted,
    NameRefused,
    OfflineDownloadError,
    RedirectInvalid,
    ServerBusy,
    TooManyRedirects,
)
from tests.support.engines import Aria2
from tests.support.http_files import Served
from tests.support.http_server import Answer, File, HttpServer, Raw, redirect

MakeAria2 = Callable[..., Aria2]
Failure = type[OfflineDownloadError]

MB = 1024 * 1024


@pytest.fixture
def aria2(make_aria2: MakeAria2) -> Aria2:
    return make_aria2(workers=128).start()


@contextmanager
def unharmed(aria2: Aria2, server: HttpServer) -> Iterator[None]:
    """The same aria2c runs afterwards, has not grown, and downloads."""
    pid = aria2.process.pid
    yield
    aria2.get(server.serve("/next", File(data=b"content")), 9_999).complete()
    assert aria2.process.pid == pid
    assert most_memory(pid) < 100 * MB


def most_memory(pid: int) -> int:
    """Bytes that the process has had at most."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def results(aria2: Aria2, server: HttpServer, served: Mapping[str, Served]) -> dict[str, Snapshot]:
    """How the download of each path ends; all run at once."""
    for path, one in served.items():
        server.serve(path, one)
    with unharmed(aria2, server):
        watches = {path: aria2.get(server.url(path), number) for number, path in enumerate(served, 1)}
        return {path: watch.ended() for path, watch in watches.items()}


def outcome(snapshot: Snapshot) -> object:
    """The bytes, or the kind of failure."""
    if snapshot.state is TransferState.COMPLETE:
        [file] = snapshot.files
        return file.path.read_bytes()
    return type(snapshot.error)


# --- lengths, framing, and what is no HTTP --------------------------------------------------------------


def answer(head: bytes, body: bytes = b"abc", status: bytes = b"HTTP/1.1 200 OK") -> Raw:
    return Raw(status + b"\r\n" + head + b"\r\n" + body)


def chunked(body: bytes, head: bytes = b"") -> Raw:
    return answer(b"Transfer-Encoding: chunked\r\n" + head, body)


def partial(range_: bytes, length: int, body: bytes = b"") -> Raw:
    head = b"Content-Range: bytes %b\r\nContent-Length: %d\r\n" % (range_, length)
    return answer(head, body, b"HTTP/1.1 206 Partial Content")


BOMB = gzip.compress(bytes(10 * MB))

#: What the server sends, and what becomes of it.
ANSWERS: dict[str, tuple[Raw, bytes | Failure]] = {
    "too short": (answer(b"Content-Length: 42\r\n"), BodyIncomplete),
    "too long": (answer(b"Content-Length: 2\r\n"), b"ab"),
    "negative": (answer(b"Content-Length: -5\r\n"), AnswerUnreadable),
    "two lengths, the last is right": (answer(b"Content-Length: 30\r\nContent-Length: 3\r\n"), BodyIncomplete),
    "two lengths, the first is right": (answer(b"Content-Length: 3\r\nContent-Length: 30\r\n"), b"abc"),
    "a list of lengths": (answer(b"Content-Length: 3, 3\r\n"), AnswerUnreadable),
    "beyond 64 bits": (answer(b"Content-Length: 99999999999999999999999\r\n"), AnswerUnreadable),
    "hexadecimal": (answer(b"Content-Length: 0x3\r\n"), AnswerUnreadable),
    "in words": (answer(b"Content-Length: three\r\n"), AnswerUnreadable),
    "folded": (answer(b"Content-Length:\r\n 3\r\n"), b"abc"),
    "length and chunks": (chunked(b"5\r\nhello\r\n0\r\n\r\n", b"Content-Length: 300\r\n"), b"hello"),
    "trailers": (chunked(b"5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 1\r\n\r\n"), b"hello"),
    "a chunk without a size": (chunked(b"zz\r\nhello\r\n0\r\n\r\n"), AnswerUnreadable),
    "a negative chunk": (chunked(b"-5\r\nhello\r\n0\r\n\r\n"), AnswerUnreadable),
    "a chunk beyond 64 bits": (chunked(b"fffffffffffffffffff\r\nhello\r\n0\r\n\r\n"), AnswerUnreadable),
    "an endless chunk": (chunked(b"7fffffffffffffff\r\nhello"), ConnectionFailed),
    "an unknown encoding of the transfer": (answer(b"Transfer-Encoding: frob\r\n"), AnswerUnreadable),
    "gzip is stored as it is": (answer(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(BOMB), BOMB), BOMB),
    "a part that nobody asked for": (partial(b"5-7/10", 3, b"abc"), BodyIncomplete),
    "the whole as a part": (partial(b"0-2/3", 3, b"abc"), b"abc"),
    "only 1xx": (Raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 100), ConnectionFailed),
    "1xx before the answer": (
        Raw(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 100 + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        b"abc",
    ),
    "another protocol": (answer(b"Upgrade: h2c\r\n", status=b"HTTP/1.1 101 Switching"), ConnectionFailed),
    "HTTP/0.9": (Raw(b"<html>hello</html>"), ConnectionFailed),
    "HTTP/2": (Raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x12\x04\x00\x00\x00\x00\x00"), AnswerUnreadable),
    "a frame of HTTP/2": (Raw(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"), ConnectionFailed),
    "SSH": (Raw(b"SSH-2.0-OpenSSH_9.2\r\n"), AnswerUnreadable),
    "FTP": (Raw(b"220 Welcome\r\n331 Password\r\n"), AnswerUnreadable),
    "garbage": (Raw(bytes(range(256)) * 64), AnswerUnreadable),
    "zeros": (Raw(bytes(100_000)), AnswerUnreadable),
    "nothing": (Raw(), ConnectionFailed),
    "half a head": (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"), ConnectionFailed),
    "status 000": (answer(b"", status=b"HTTP/1.1 000 X"), AnswerUnreadable),
    "status 99999": (answer(b"", status=b"HTTP/1.1 99999 X"), AnswerUnreadable),
    "status 999": (answer(b"Content-Length: 0\r\n", b"", b"HTTP/1.1 999 X"), ServerBusy),
    "a login": (answer(b'WWW-Authenticate: Basic realm="\x1b[2J"\r\n', status=b"HTTP/1.1 401 X"), LoginWanted),
    "a login at the proxy": (answer(b'Proxy-Authenticate: Basic realm="x"\r\n', b"", b"HTTP/1.1 407 X"), AccessDenied),
    "a header without a colon": (answer(b"Hello\r\nContent-Length: 3\r\n"), AnswerUnreadable),
    "a header with a zero": (answer(b"X\0Y: z\r\nContent-Length: 3\r\n"), b"abc"),
    "lines that end with LF": (Raw(b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"), b"abc"),
    "lines that end with CR": (Raw(b"HTTP/1.1 200 OK\rContent-Length: 3\r\rabc"), AnswerUnreadable),
    "an endless name of a header": (Raw(b"HTTP/1.1 200 OK\r\n", again=b"x" * 65536), AnswerUnreadable),
    "an endless status": (Raw(b"HTTP/1.1 200 ", again=b"x" * 65536), AnswerUnreadable),
    "an endless page of an error": (Raw(b"HTTP/1.1 403 X\r\n\r\n", again=b"x" * 65536), AccessDenied),
}  # fmt: skip


def test_answers_that_lie_about_their_length_or_are_none(aria2: Aria2, http_server: HttpServer) -> None:
    served = {f"/{quote(what)}": raw for what, (raw, _) in ANSWERS.items()}
    found = results(aria2, http_server, served)
    got = {what: outcome(snapshot) for what, snapshot in zip(ANSWERS, found.values(), strict=True)}
    assert got == {what: expected for what, (_, expected) in ANSWERS.items()}
    for snapshot in found.values():
        assert str(snapshot.error).isprintable()


# --- ranges ---------------------------------------------------------------------------------------------

SIZE = 6 * MB


def wrong(first: int, last: int) -> bytes:
    return b"x" * (last - first + 1)


#: How a server answers to a range; none of these answers is believed.
LIES: dict[str, Callable[[int, int], Raw]] = {
    "another range": lambda first, last: partial(b"0-99/%d" % SIZE, 100, b"x" * 100),
    "another length of the whole": lambda first, last: partial(
        b"%d-%d/%d" % (first, last, 2 * SIZE), last - first + 1, wrong(first, last)
    ),
    "the length of the whole is enormous": lambda first, last: partial(
        b"%d-%d/%d" % (first, last, 2**63 - 1), last - first + 1, wrong(first, last)
    ),
    "the end is enormous": lambda first, last: partial(b"%d-%d/%d" % (first, 2**63 - 1, SIZE), 2**40, b"x" * 1000),
    "nobody knows the whole": lambda first, last: partial(
        b"%d-%d/*" % (first, last), last - first + 1, wrong(first, last)
    ),
    "negative": lambda first, last: partial(b"-5--1/-7", 100, b"x" * 100),
    "no range": lambda first, last: answer(
        b"Content-Length: %d\r\n" % (last - first + 1), wrong(first, last), b"HTTP/1.1 206 Partial Content"
    ),
    "the whole": lambda first, last: answer(b"Content-Length: %d\r\n" % SIZE, b"x" * SIZE),
    "another whole": lambda first, last: answer(b"Content-Length: 999\r\n", b"x" * 999),
    "an enormous whole": lambda first, last: answer(b"Content-Length: %d\r\n" % (2**63 - 1), b"x" * 999),
    "chunks": lambda first, last: chunked(b"100000\r\n" + b"x" * MB + b"\r\n0\r\n\r\n"),
    "not found": lambda first, last: answer(b"Content-Length: 0\r\n", b"", b"HTTP/1.1 404 X"),
    "no such range": lambda first, last: answer(b"Content-Length: 0\r\n", b"", b"HTTP/1.1 416 X"),
    "busy": lambda first, last: answer(b"Content-Length: 0\r\n", b"", b"HTTP/1.1 503 X"),
    "redirected to nothing": lambda first, last: answer(b"Location: file:///etc/passwd\r\n", b"", b"HTTP/1.1 302 X"),
    "SSH": lambda first, last: Raw(b"SSH-2.0-x\r\n\r\n"),
    "nothing": lambda first, last: Raw(),
}  # fmt: skip


def test_ranges_that_lie_are_not_believed(aria2: Aria2, http_server: HttpServer) -> None:
    """The first connection brings the file; the others are lied to."""
    files = {f"/{quote(what)}": File(size=SIZE, seed=what, rate=3 * MB, lie=lie) for what, lie in LIES.items()}
    found = results(aria2, http_server, files)
    for path, file in files.items():
        assert outcome(found[path]) == file.read(0, SIZE), path
        assert len([request for request in http_server.requests if request.path == path and request.range]) > 0, path


# --- names ----------------------------------------------------------------------------------------------

#: What a server says in Content-Disposition, and how the file is called then in the task's own folder: "" where aria2
#: uses the link's last part (``f``), None where no such name can be.
NAMES: list[tuple[bytes | tuple[bytes, ...], str | None]] = [
    # every way to write it
    (b"attachment; filename=report.pdf", "report.pdf"),
    (b'attachment; filename="report.pdf"', "report.pdf"),
    (b'inline; filename="a.txt"', "a.txt"),
    (b'ATTACHMENT; FILENAME = "a.txt"', "a.txt"),
    (b'attachment; size=3; filename="a.txt"; foo=bar', "a.txt"),
    (b'attachment; filename="a\\"b.txt"', 'a"b.txt'),
    (b'attachment; filename="a;b,c.txt"', "a;b,c.txt"),
    (b"attachment; filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
    (b"attachment; filename*=utf-8'en'na%C3%AFve.txt", "naïve.txt"),
    (b"attachment; filename*=ISO-8859-1''na%EFve.txt", "naïve.txt"),
    (b'attachment; filename="na\xc3\xafve.txt"', "naïve.txt"),
    (b"attachment; filename=\"a.txt\"; filename*=UTF-8''b.txt", "b.txt"),
    (b"attachment; filename*=UTF-8''b.txt; filename=\"a.txt\"", "b.txt"),
    (b'attachment; filename="=?UTF-8?B?bmHDr3ZlLnR4dA==?="', "=?UTF-8?B?bmHDr3ZlLnR4dA==?="),
    (b'attachment; filename="na%C3%AFve.txt"', "na%C3%AFve.txt"),
    ((b'attachment; filename="a.txt"', b'attachment; filename="../b.txt"'), "a.txt"),
    # what cannot be read
    (b'filename="a.txt"', ""),
    (b"attachment", ""),
    (b"attachment; filename=", ""),
    (b'attachment; filename=""', ""),
    (b'attachment; filename="unclosed', ""),
    (b'attachment; filename="a"b"', ""),
    (b'attachment; filename="a.txt"; filename="b.txt"', ""),
    (b'attachment; filename*0="a"; filename*1="b.txt"', ""),
    (b"attachment; filename*=x.txt", ""),
    (b'attachment; filename="na\xefve.txt"', ""),
    (b'attachment; filename="\xff\xfe"', ""),
    (b'attachment; filename="a\xed\xa0\x80b"', ""),
    (b"attachment; filename*=UTF-8''%ff%fe.txt", ""),
    # ways out of the folder
    (b'attachment; filename="../../evil"', ""),
    (b'attachment; filename="/etc/passwd"', ""),
    (b'attachment; filename="..\\..\\evil"', "....evil"),
    (b'attachment; filename="..\\\\..\\\\evil"', ""),
    (b"attachment; filename=..\\evil", ""),
    (b'attachment; filename="C:evil.exe"', "C:evil.exe"),
    (b"attachment; filename*=UTF-8''..%2F..%2Fevil", ""),
    (b"attachment; filename*=UTF-8''..%5C..%5Cevil", ""),
    (b"attachment; filename*=UTF-8''%2Fetc%2Fpasswd", ""),
    (b'attachment; filename="..%2F..%2Fevil"', "..%2F..%2Fevil"),
    (b'attachment; filename="."', ""),
    (b'attachment; filename=".."', ""),
    (b"attachment; filename*=UTF-8''%2E%2E", ""),
    # control characters and marks of direction
    (b'attachment; filename="a\x00b"', ""),
    (b'attachment; filename="a\x01b\x7f.txt"', ""),
    (b'attachment; filename="a\x1b[2Jb"', ""),
    (b'attachment; filename="\t"', ""),
    (b"attachment; filename*=UTF-8''a%00b.txt", ""),
    (b"attachment; filename*=UTF-8''a%0D%0Ab", ""),
    (b"attachment; filename*=UTF-8''exe.%E2%80%AEgpj", "exe.\u202egpj"),
    (b'attachment; filename="a\xe2\x80\xa8b"', "a\u2028b"),
    # as long as it can be, and longer
    (b'attachment; filename="' + b"n" * 243 + b'"', "n" * 243),
    (b'attachment; filename="' + b"n" * 300 + b'.txt"', None),
    (b"attachment; filename*=UTF-8''" + b"%F0%9F%98%80" * 70, None),
    # what aria2's own files and ours are called
    (b'attachment; filename="x.aria2"', "x.aria2"),
    (b'attachment; filename=".aria2"', ".aria2"),
    (b'attachment; filename=".aria2__temp"', ".aria2__temp"),
    (b'attachment; filename=".offline-download-saved"', ".offline-download-saved"),
    # what a shell, a spreadsheet or a page would take for something
    (b'attachment; filename="-rf"', "-rf"),
    (b'attachment; filename="$(x)`y`"', "$(x)`y`"),
    (b'attachment; filename="<script>.txt"', "<script>.txt"),
    (b'attachment; filename="=1+1"', "=1+1"),
]


def test_a30_a_name_in_any_encoding_is_one_base_name(aria2: Aria2, http_server: HttpServer) -> None:
    def served(said: bytes | tuple[bytes, ...]) -> Raw:
        lines = said if isinstance(said, tuple) else (said,)
        return answer(b"Content-Length: 3\r\n" + b"".join(b"Content-Disposition: %b\r\n" % line for line in lines))

    found = results(aria2, http_server, {f"/{n}/f": served(said) for n, (said, _) in enumerate(NAMES)})
    for number, ((said, name), snapshot) in enumerate(zip(NAMES, found.values(), strict=True), 1):
        folder = aria2.folder(number)
        if name is None:
            assert isinstance(snapshot.error, NameRefused), said
            continue
        assert [file.path for file in snapshot.files] == [folder / (name or "f")], said
        assert snapshot.files[0].path.read_bytes() == b"abc"
        assert set(os.listdir(folder)) <= {name or "f", ".offline-download-saved"}, said
    assert {path.name for path in aria2.home.parent.rglob("*evil*")} == {"....evil", "..%2F..%2Fevil", "C:evil.exe"}


# --- redirects ------------------------------------------------------------------------------------------

#: Where a server leads to, and how the file is called that is found there, or what is said.
REDIRECTS: list[tuple[Answer, str | Failure]] = [
    (redirect("good/a.bin"), "a.bin"),
    (redirect("../up/b.bin"), "b.bin"),
    (redirect("/abs/c.bin?x=/q/z.exe"), "c.bin"),
    (redirect("./d.bin#part"), "d.bin"),
    (redirect("//{address}/e.bin"), "e.bin"),
    (redirect("http://{address}/f.bin"), "f.bin"),
    (redirect("http://ada:s3cret@{address}/g.bin"), "g.bin"),
    (redirect("/folder/"), "index.html"),
    *((redirect(f"/{status}.bin", status), f"{status}.bin") for status in (300, 301, 302, 303, 307, 308)),
    (redirect("/305.bin", 305), LinkRefused),
    # names that hide something
    (redirect("/a b"), "a b"),
    (redirect("/a\tb"), "a%09b"),
    (redirect("/a\x01b"), "a%01b"),
    (redirect("/a\x1b[2Jb"), "a%1B%5B2Jb"),
    (redirect("/a%0d%0aX:y"), "a%0D%0AX:y"),
    (redirect("/a%00b"), "a%00b"),
    (redirect("/exe.\u202egpj"), "exe.\u202egpj"),
    (redirect("/..%2f..%2fevil"), "..%2F..%2Fevil"),
    (redirect("/..\\..\\evil"), "..\\..\\evil"),
    (redirect("/%2e%2e"), NameRefused),
    (redirect("/" + "l" * 5000), NameRefused),
    # no way at all
    (Answer(302), LinkRefused),
    (redirect(""), RedirectInvalid),
    (redirect("   "), RedirectInvalid),
    (redirect("http://{address}9/x"), RedirectInvalid),
    (redirect("https://"), RedirectInvalid),
    (redirect("ssh://{address}/x"), RedirectInvalid),
    # more than one, and one that is none
    (Answer(302, {"Location": "/first.bin", "location": "/second.bin"}), "first.bin"),
    (Answer(200, {"Location": "/other.bin"}, b"abc"), "r"),
    (Answer(200, {"Refresh": "0;url=/other.bin"}, b"abc"), "r"),
    # its name is not the file's
    (Answer(302, {"Location": "/h.bin", "Content-Disposition": 'attachment; filename="evil"'}), "h.bin"),
    (redirect("/chain?20"), "end.bin"),
    (redirect("/chain?21"), TooManyRedirects),
]


class Everything(HttpServer):
    """Knows a file under each path that leads nowhere else."""

    def find(self, target: str) -> Served:
        if target.startswith("/chain?"):
            left = int(target.partition("?")[2]) - 2
            return redirect(f"/chain?{left + 1}" if left > 0 else "/end.bin")
        found = super().find(target)
        return File(data=b"abc") if found == Answer(404) else found


def led(answer: Answer, address: str) -> Answer:
    return replace(
        answer, headers={name: value.replace("{address}", address) for name, value in answer.headers.items()}
    )


def test_a31_redirects_lead_to_one_file_or_to_a_sentence(aria2: Aria2) -> None:
    with Everything() as server:
        served = {f"/{number}/r": led(one, server.address) for number, (one, _) in enumerate(REDIRECTS)}
        found = results(aria2, server, served)
    for (one, expected), snapshot in zip(REDIRECTS, found.values(), strict=True):
        if isinstance(expected, str):
            assert [file.path.name for file in snapshot.files] == [expected], (one, snapshot)
        else:
            assert isinstance(snapshot.error, expected), (one, snapshot)
            assert str(snapshot.error).isprintable()
            assert "s3cret" not in str(snapshot.error)
