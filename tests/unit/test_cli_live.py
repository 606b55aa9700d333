"""The displays: what a person sees on a terminal, and what a log or a script gets."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from seafevents_offline.cli.follow import TimeIsUp, follow
from seafevents_offline.cli.live import Display, JsonLines, Lines, Terminal, on_stdout
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.task import Task
from tests.support.screen import Screen

S = OfflineDownloadStatus
MB = 1024**2


def task(odr_id: int, status: S = S.DOWNLOADING, done: int = 0, **values: object) -> Task:
    new = Task(
        odr_id=odr_id,
        repo_id="r",
        path="/",
        url=f"http://example.com/{odr_id}.bin",
        owner="me@localhost",
        timestamp=datetime(2026, 1, 1),
        status=status,
        size=100 * MB,
        completed=done * MB,
    )
    return replace(new, **values)


class Pty:
    """A real terminal in memory; ``lines`` is what stands on it."""

    def __init__(self) -> None:
        self._ours, theirs = os.openpty()
        self.stream = open(theirs, "w", encoding="utf-8")  # noqa: SIM115 (closed by ``close``)
        self._screen = Screen()

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def lines(self) -> list[str]:
        self.stream.flush()
        # Something after what is awaited, so that reading always ends.
        os.write(self.stream.fileno(), b"\x04")
        data = b""
        while not data.endswith(b"\x04"):
            data += os.read(self._ours, 65536)
        self._screen.feed(data[:-1].decode())
        return self._screen.lines

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)


@pytest.fixture
def pty() -> Iterator[Pty]:
    pty = Pty()
    pty.resize(80, 24)
    yield pty
    pty.close()


def test_a_terminal_shows_one_line_a_task_and_redraws_it(pty: Pty) -> None:
    display = Terminal(pty.stream)
    display.show([task(1, S.WAITING), task(2, done=10)])
    assert len(pty.lines) == 2
    assert "waiting" in pty.lines[0]
    display.show([task(1, done=1), task(2, done=50, speed=MB)])
    assert len(pty.lines) == 2
    assert pty.lines[1].startswith("  2 2.bin")
    assert "50 %, 50.0 MB of 100.0 MB, 1.0 MB/s, 50 s left" in pty.lines[1]
    assert "waiting" not in pty.lines[0]


def test_what_has_ended_stays_above_what_still_moves(pty: Pty) -> None:
    display = Terminal(pty.stream)
    display.show([task(1), task(2), task(3)])
    display.show([task(1), task(2, S.OK, 100), task(3)])
    assert [line.split()[0] for line in pty.lines] == ["2", "1", "3"]
    display.note("Something else.")
    display.show([task(1, S.ERROR, comment="No such file."), task(2, S.OK, 100), task(3)])
    assert [line.split()[0] for line in pty.lines] == ["2", "Something", "1", "3"]
    assert "failed: No such file." in pty.lines[2]
    display.close()
    display.note("below")
    assert pty.lines[-1] == "below"


@pytest.mark.parametrize(("columns", "has_bar"), [(20, False), (40, False), (80, True), (200, True)])
def test_lines_fit_the_terminal(pty: Pty, columns: int, has_bar: bool) -> None:
    pty.resize(columns, 24)
    Terminal(pty.stream).show([task(1, done=50, speed=MB, name="n" * 300)])
    assert len(pty.lines) == 1
    assert len(pty.lines[0]) < columns
    assert ("━" in pty.lines[0]) == has_bar
    assert ("50 %, 50.0 MB of 100.0 MB, 1.0 MB/s, 50 s left" in pty.lines[0]) == has_bar


def test_more_tasks_than_lines_are_counted(pty: Pty) -> None:
    pty.resize(80, 10)
    display = Terminal(pty.stream)
    display.show([task(number) for number in range(1, 31)])
    assert len(pty.lines) == 8
    assert pty.lines[-1] == "… and 23 more"
    display.show([task(number) for number in range(1, 4)])
    assert len(pty.lines) == 3


def test_a_terminal_that_does_not_know_its_size_is_drawn_on_all_the_same(pty: Pty) -> None:
    pty.resize(0, 0)
    Terminal(pty.stream).show([task(1, done=50)])
    assert "50 %" in pty.lines[0]


def test_hostile_names_do_not_steer_the_terminal(pty: Pty) -> None:
    pty.resize(200, 24)
    display = Terminal(pty.stream)
    display.show([task(1, name="\x1b[2J\r\x9b\u202egpj.exe")])
    display.show([task(1, S.ERROR, name="\x1b[2J\r\x9b\u202egpj.exe", comment="\x1b]0;title\x07\n")])
    assert len(pty.lines) == 1  # and Screen knows no other commands
    assert r"\x1b[2J\r\x9b\u202e" in pty.lines[0]


def test_nothing_is_written_while_nothing_changes(pty: Pty) -> None:
    written: list[str] = []
    pty.stream.write = written.append  # type: ignore[method-assign,assignment]
    display = Terminal(pty.stream)
    for _ in range(5):
        display.show([task(1, done=50)])
    assert len(written) == 1


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    def read() -> list[str]:
        return capsys.readouterr().out.splitlines()

    return read


def test_plain_lines_come_with_changes_and_tenths_and_every_ten_seconds(lines: Callable[[], list[str]]) -> None:
    clock = Clock()
    display = Lines(clock)
    display.show([task(1, S.WAITING), task(2, done=1)])
    assert lines() == ["task 1, 1.bin: waiting", "task 2, 2.bin: 1 %, 1.0 MB of 100.0 MB"]
    display.show([task(1, S.WAITING), task(2, done=9)])
    assert lines() == []
    display.show([task(1, S.WAITING, comment="Busy."), task(2, done=10)])
    assert lines() == ["task 1, 1.bin: waiting: Busy.", "task 2, 2.bin: 10 %, 10.0 MB of 100.0 MB"]
    clock.now = 9.9
    display.show([task(1, S.WAITING, comment="Busy."), task(2, done=11)])
    assert lines() == []
    clock.now = 10.1
    display.show([task(1, S.WAITING, comment="Busy."), task(2, done=11)])
    assert lines() == ["task 2, 2.bin: 11 %, 11.0 MB of 100.0 MB"]
    clock.now = 99
    display.show([task(1, S.WAITING, comment="Busy."), task(2, done=11)])
    assert lines() == []


def test_of_an_unknown_size_plain_lines_come_every_ten_seconds(lines: Callable[[], list[str]]) -> None:
    clock = Clock()
    display = Lines(clock)
    for clock.now in range(25):
        display.show([task(1, done=clock.now, size=0)])
    assert len(lines()) == 3


def test_json_lines_come_with_changes_only(lines: Callable[[], list[str]]) -> None:
    display = JsonLines(lambda task: {"id": task.odr_id, "done": task.completed})
    display.show([task(1), task(2)])
    display.show([task(1), task(2, done=1)])
    assert lines() == ['{"id": 1, "done": 0}', '{"id": 2, "done": 0}', f'{{"id": 2, "done": {MB}}}']


@pytest.mark.parametrize(("term", "kind"), [("xterm", Terminal), ("dumb", Lines), (None, Lines)])
def test_a_terminal_that_can_do_nothing_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, pty: Pty, term: str | None, kind: type[Display]
) -> None:
    monkeypatch.setattr("sys.stdout", pty.stream)
    monkeypatch.delenv("TERM", raising=False)
    if term is not None:
        monkeypatch.setenv("TERM", term)
    assert type(on_stdout()) is kind


def test_a_pipe_gets_plain_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with open(f"{tmp_path}/out", "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert type(on_stdout()) is Lines


class Recorder(Display):
    def __init__(self) -> None:
        self.shown: list[S] = []
        self.closed = 0

    def show(self, tasks: object) -> None:
        self.shown += [task.status for task in tasks]  # type: ignore[attr-defined]

    def close(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("end", [S.OK, S.ERROR, S.CANCELLED, S.UNKNOWN])
def test_following_ends_when_nothing_moves_any_more(end: S) -> None:
    states = iter([S.WAITING, S.PAUSED, S.DOWNLOADING, S.STORING, end])
    display = Recorder()
    looks: list[int] = []
    (last,) = follow(lambda: [task(1, next(states))], display, each_time=lambda: looks.append(1))
    assert last.status is end
    assert display.shown == [S.WAITING, S.PAUSED, S.DOWNLOADING, S.STORING, end]
    assert (len(looks), display.closed) == (4, 1)


def test_following_ends_in_time() -> None:
    display = Recorder()
    with pytest.raises(TimeIsUp):
        follow(lambda: [task(1)], display, timeout=0.1)
    assert display.closed == 1


def test_following_nothing_ends_at_once() -> None:
    assert list(follow(list, Recorder(), timeout=0)) == []
