"""What the real ``file`` says in its cage, and what becomes of a judge that a file kills, holds up or takes over."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from seafevents_offline import sniffer as module
from seafevents_offline.confine import Confinement
from seafevents_offline.errors import KindUnknown, OfflineDownloadError, SnifferUnavailable
from seafevents_offline.launcher import can_restrict_ports
from seafevents_offline.sniffer import Sniffer
from tests.support import kinds
from tests.support.rights import PYTHON, assert_powerless, limits, only_root
from tests.support.waiting import eventually

MB = 1024 * 1024

_OTHERS: set[psutil.Process] = set()


def nothing() -> None:
    """Nobody wants to leave."""


def children() -> list[psutil.Process]:
    """Of a judge; the test run has some of its own, such as the guard that many tests share."""
    return [one for one in psutil.Process().children() if one not in _OTHERS]


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    _OTHERS.update(psutil.Process().children())
    yield
    _OTHERS.clear()


@contextmanager
def opened(path: Path, content: bytes) -> Iterator[int]:
    path.write_bytes(content)
    # As what was downloaded: nobody else's to read.
    path.chmod(0o600)
    fd = os.open(path, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


@pytest.fixture
def kind_of(tmp_path: Path) -> Callable[..., str]:
    def ask(content: bytes, pause: Callable[[], None] = nothing) -> str:
        with opened(tmp_path / "holiday.png", content) as fd:
            return Sniffer().kind(fd, pause)

    return ask


@pytest.mark.parametrize(("content", "kind"), kinds.TYPES.items(), ids=kinds.TYPES.values())
def test_a_type_is_told_by_what_a_file_holds_and_not_by_its_name(
    kind_of: Callable[..., str], content: bytes, kind: str
) -> None:
    assert kind_of(content) == kind


def test_a_file_is_already_what_it_will_be(kind_of: Callable[..., str]) -> None:
    for content, kind in ((kinds.PNG, "image/png"), (kinds.TEXT, "text/plain"), (b"[1,\n", "text/plain")):
        beginning = content + b"1 \n" * MB
        assert kind_of(beginning[:MB]) == kind_of(beginning) == kind


def test_it_can_be_asked_again(tmp_path: Path) -> None:
    with opened(tmp_path / "a", kinds.PDF) as fd:
        os.lseek(fd, 5, os.SEEK_SET)
        assert {Sniffer().kind(fd, nothing) for _ in range(2)} == {"application/pdf"}


def test_it_says_which_program_it_has_tried() -> None:
    assert Path(Sniffer().check()).name == "file"


# --- a judge of the test's own --------------------------------------------------------------------------


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a script in the place of ``file``, which does ``what`` with all but the probe."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")

    def put(what: str, probe: str = 'print("application/pdf")') -> None:
        is_probe = "sys.stdin.buffer.read(9) == b'%PDF-1.7\\n'"
        script = f"import os, signal, sys, time\nif {is_probe}:\n    {probe}\nelse:\n    {what}\n"
        (place / "file").write_text(f"#!{PYTHON} -IS\n{script}")
        (place / "file").chmod(0o755)

    return put


@pytest.mark.parametrize(
    "what",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "sys.exit(1)",
        'print("cannot open it")',
        'print("image/png\\nimage/gif")',
        'print("image/png; charset=binary")',
        'print("a" * 128 + "/png")',
        "sys.stdout.write('a/' + 'b' * 100_000)",
        "bytearray(10**9)",
        "os.fork()",
    ],
)
def test_a_file_that_is_too_much_for_it_is_of_no_type(
    judge: Callable[..., None], kind_of: Callable[..., str], what: str
) -> None:
    judge(what)
    with pytest.raises(KindUnknown) as caught:
        kind_of(kinds.TEXT)
    assert (caught.value.retryable, caught.value.costs_attempt) == (True, True)


def test_one_that_works_for_ever_is_ended(
    judge: Callable[..., None], kind_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CPU_LIMIT", 1)
    judge("while True: pass")
    with pytest.raises(KindUnknown):
        kind_of(kinds.TEXT)


def test_one_that_waits_for_ever_is_given_up_and_nothing_is_held_against_the_file(
    judge: Callable[..., None], kind_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIME_LIMIT", 0.1)
    judge("time.sleep(600)")
    with pytest.raises(SnifferUnavailable, match="does not answer") as caught:
        kind_of(kinds.TEXT)
    assert not caught.value.costs_attempt
    assert children() == []


def test_who_is_not_asked_any_more_leaves_at_once(judge: Callable[..., None], kind_of: Callable[..., str]) -> None:
    judge("time.sleep(600)")

    class Leaving(Exception):
        pass

    def leave() -> None:
        raise Leaving

    began = time.monotonic()
    with pytest.raises(Leaving):
        kind_of(kinds.TEXT, leave)
    assert time.monotonic() - began < 10
    assert children() == []


@pytest.mark.parametrize("probe", ["sys.exit(1)", 'print("text/plain")', 'print("?")'])
def test_one_that_tells_no_file_is_not_the_files_fault(
    judge: Callable[..., None], kind_of: Callable[..., str], probe: str
) -> None:
    judge("sys.exit(1)", probe)
    for ask in (Sniffer().check, lambda: kind_of(kinds.TEXT)):
        with pytest.raises(SnifferUnavailable, match="does not do its work"):
            ask()


def test_one_that_cannot_be_run_says_so(judge: Callable[..., None], tmp_path: Path) -> None:
    judge("pass")
    (tmp_path / "bin" / "file").write_text("#!/nowhere/at/all\n")
    with pytest.raises(SnifferUnavailable, match="No such file"):
        Sniffer().check()


def test_one_that_is_missing_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "defpath", str(tmp_path))
    with pytest.raises(SnifferUnavailable, match="apt install file"):
        Sniffer().check()


# --- its cage -------------------------------------------------------------------------------------------


@contextmanager
def watched(judge: Callable[..., None], tmp_path: Path) -> Iterator[psutil.Process]:
    """A judge at work, for as long as the block takes."""
    judge("time.sleep(600)")
    done, fault = threading.Event(), []

    class Leaving(Exception):
        pass

    def leave() -> None:
        if done.is_set():
            raise Leaving

    def ask() -> None:
        with opened(tmp_path / "secret-name", kinds.TEXT) as fd:
            try:
                Sniffer().kind(fd, leave)
            except (Leaving, OfflineDownloadError) as error:
                fault.append(type(error).__name__)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        eventually(lambda: any("launcher" not in " ".join(one.cmdline()) for one in children()))
        [child] = children()
        yield child
    finally:
        done.set()
        thread.join(30)
    assert fault == ["Leaving"]


def test_it_has_little_and_knows_nothing(judge: Callable[..., None], tmp_path: Path) -> None:
    with watched(judge, tmp_path) as child:
        assert "secret-name" not in str(child.cmdline())
        assert child.environ().keys() <= {"PATH", "LC_ALL", "LC_CTYPE"}
        found = limits(child.pid)
    assert found["Max processes"] == ("0", "0")
    assert found["Max file size"] == ("4096", "4096")
    assert found["Max open files"] == ("16", "16")
    assert found["Max data size"] == ("268435456", "268435456")
    assert found["Max cpu time"] == ("10", "10")


@only_root
def test_it_is_nobodys(judge: Callable[..., None], tmp_path: Path) -> None:
    with watched(judge, tmp_path) as child:
        assert_powerless(child.pid)


@pytest.mark.skipif(not can_restrict_ports(), reason="this kernel is older than Linux 6.7, or has no Landlock")
def test_it_connects_to_nothing(kind_of: Callable[..., str], judge: Callable[..., None]) -> None:
    judge("import socket; print('a/' + str(socket.socket().connect_ex(('127.0.0.1', 9)) == 13).lower())")
    assert kind_of(kinds.TEXT) == "a/true"
    assert Confinement(None).port == 0
