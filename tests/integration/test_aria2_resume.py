"""Interrupted downloads: killed, hanging, changed at the server, damaged on the disk. The content is always right."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import websocket

from seafevents_offline.checksum import Checksum
from seafevents_offline.engines.aria2.monitor import Monitor
from seafevents_offline.engines.base import TransferState
from seafevents_offline.errors import DiskFull, InterruptedTooOften
from tests.support.content import sha256_of
from tests.support.engines import ONE_ARIA2C, Aria2, Watch
from tests.support.files import sha256
from tests.support.http_server import File, Framing, Gate, HttpServer, Raw
from tests.support.waiting import eventually

MakeAria2 = Callable[..., Aria2]

MB = 1024 * 1024
SIZE = 20 * MB


def interrupted(aria2: Aria2, server: HttpServer, odr_id: int = 1, *, seed: int = 1, size: int = SIZE) -> str:
    """A link of which about half is in the folder of the task, taken back properly."""
    # By the place in the file, whoever asks for it: a bound for each connection would let a quick one ask for more.
    url = server.serve("/a.bin", File(size=size, seed=seed, stall_at=size * 6 // 10 + 1234))
    watch = aria2.get(url, odr_id)
    watch.reached(size // 2)
    watch.remove()
    assert aria2.engine.resumable(watch.job.folder)
    server.forget()
    return url


def content_of(watch: Watch) -> str:
    [file] = watch.complete().files
    return sha256(file.path)


def pid_after(aria2: Aria2, old: psutil.Process) -> int:
    """The number of the aria2c that replaced ``old``."""

    def replaced() -> int:
        try:
            return aria2.process.pid if aria2.process.pid != old.pid else 0
        except (psutil.NoSuchProcess, ValueError, OSError):
            return 0

    return eventually(replaced)


# --- aria2c dies --------------------------------------------------------------------------------------


def test_a_killed_aria2c_is_replaced_and_few_bytes_come_twice(aria2: Aria2, http_server: HttpServer) -> None:
    file = File(size=100 * MB, seed=1, rate=2.5 * MB, stall_at=60 * MB)
    watch = aria2.get(http_server.serve("/a.bin", file))
    # All that was sent so far: nothing is lost on its way to it.
    watch.reached(60 * MB)
    old = aria2.process
    old.kill()
    pid_after(aria2, old)
    file.stall.set()
    assert content_of(watch) == sha256_of(1, 100 * MB)
    # At 20 MB/s two seconds' worth may come twice.
    assert http_server.sent("/a.bin") < 140 * MB


def test_killing_again_and_again_never_spoils_the_content(aria2: Aria2, http_server: HttpServer) -> None:
    chance = random.Random(1)
    # So slowly that it is not complete however long all of this takes.
    url = http_server.serve("/a.bin", File(size=60 * MB, seed=2, rate=MB / 4))
    watch = aria2.get(url)
    for _ in range(6):
        old = aria2.process
        watch.reached(watch.transfer.snapshot.completed + chance.randrange(1, 4 * MB))
        old.kill()
        pid_after(aria2, old)
    http_server.serve("/a.bin", File(size=60 * MB, seed=2))
    assert content_of(watch) == sha256_of(2, 60 * MB)


@ONE_ARIA2C
def test_fifty_downloads_survive_the_death_of_aria2c(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2(workers=50, connections=2).start()
    gate = Gate()
    watches = []
    for number in range(1, 51):
        file = File(size=4 * MB, seed=number, stall_after=MB, stall=gate)
        watches.append(aria2.get(http_server.serve(f"/{number}", file), number))
    for watch in watches:
        watch.reached(MB)
    old = aria2.process
    old.kill()
    pid_after(aria2, old)
    assert {watch.transfer.snapshot.state for watch in watches} == {TransferState.ACTIVE}
    gate.set()
    for number, watch in enumerate(watches, 1):
        assert content_of(watch) == sha256_of(number, 4 * MB)


@ONE_ARIA2C
def test_a_hanging_aria2c_is_replaced(aria2: Aria2, http_server: HttpServer) -> None:
    file = File(size=SIZE, seed=3, stall_at=10 * MB)
    watch = aria2.get(http_server.serve("/a.bin", file))
    watch.reached(4 * MB)
    old = aria2.process
    old.suspend()
    file.stall.set()
    pid_after(aria2, old)
    assert not old.is_running()
    assert content_of(watch) == sha256_of(3, SIZE)


@ONE_ARIA2C
def test_removing_from_a_hanging_aria2c_ends(aria2: Aria2, http_server: HttpServer) -> None:
    watch = aria2.get(http_server.serve("/a.bin", File(size=SIZE, stall_at=10 * MB)))
    watch.reached(MB)
    old = aria2.process
    old.suspend()
    remover = threading.Thread(target=watch.remove)
    remover.start()
    remover.join(60)
    assert not remover.is_alive()
    assert not old.is_running()
    assert aria2.get(http_server.serve("/b", File(size=10)), 2).complete().size == 10


def test_parts_of_two_files_do_not_come_to_the_checksum_and_the_file_is_fetched_anew(
    aria2: Aria2, http_server: HttpServer
) -> None:
    url = interrupted(aria2, http_server, seed=1)
    http_server.serve("/a.bin", File(size=SIZE, seed=2))
    watch = aria2.get(url, claim=2, checksum=Checksum.parse(sha256_of(2, SIZE)))
    assert content_of(watch) == sha256_of(2, SIZE)


@ONE_ARIA2C
def test_a_hanging_aria2c_does_not_stop_the_stop(make_aria2: MakeAria2, http_server: HttpServer) -> None:
    aria2 = make_aria2().start()
    aria2.get(http_server.serve("/a.bin", File(size=SIZE, stall_at=10 * MB))).reached(MB)
    old = aria2.process
    old.suspend()
    stopper = threading.Thread(target=aria2.stop)
    stopper.start()
    stopper.join(60)
    assert not stopper.is_alive()
    assert not old.is_running()


def test_what_no_notification_told_is_noticed_all_the_same(
    make_aria2: MakeAria2, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def refuse(*_: object, **__: object) -> None:
        tried.set()
        raise websocket.WebSocketException("no line")

    monkeypatch.setattr(websocket, "create_connection", refuse)
    aria2 = make_aria2().start()
    assert tried.wait(60)
    assert aria2.get(http_server.serve("/a.bin", File(size=1000))).complete().size == 1000
    watch = aria2.get(http_server.serve("/b.bin", File(size=SIZE, stall_at=10 * MB)), 2)
    watch.reached(MB)
    watch.remove()
    assert aria2.engine.resumable(watch.job.folder)


def test_a_part_that_was_never_saved_is_not_finished_whatever_its_length(
    make_aria2: MakeAria2, http_server: HttpServer
) -> None:
    aria2 = make_aria2()
    folder = aria2.folder(1)
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"x" * SIZE)
    assert aria2.engine.finished(folder) == ()
    aria2.start()
    watch = aria2.get(http_server.serve("/a.bin", File(size=SIZE, seed=4)))
    (file,) = watch.complete().files
    assert sha256(file.path) == sha256_of(4, SIZE)
    assert aria2.engine.finished(folder) == (file.path,)


@ONE_ARIA2C
def test_a_fault_of_ours_in_a_round_ends_nothing(
    make_aria2: MakeAria2, http_server: HttpServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    aria2 = make_aria2().start()
    file = File(size=SIZE, seed=4, rate=MB / 10)
    watch = aria2.get(http_server.serve("/a.bin", file))
    watch.reached(1)
    work, failed = Monitor._round, threading.Event()

    def fail_once(monitor: Monitor, poll: bool) -> None:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError("a bug")
        work(monitor, poll)

    monkeypatch.setattr(Monitor, "_round", fail_once)
    eventually(failed.is_set)
    file.rate = None
    assert watch.complete().size == SIZE
    assert "ZeroDivisionError: a bug" in caplog.text


@ONE_ARIA2C
def test_an_aria2c_that_cannot_be_started_again_is_waited_for(
    make_aria2: MakeAria2, http_server: HttpServer, aria2c: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    binary = tmp_path / "aria2c"
    shutil.copy2(aria2c, binary)
    aria2 = make_aria2(binary=binary).start()
    file = File(size=SIZE, seed=4, rate=MB / 10)
    watch = aria2.get(http_server.serve("/a.bin", file))
    watch.reached(1)
    other = aria2.get(http_server.serve("/b.bin", File(size=SIZE, rate=MB / 10)), 2)
    other.reached(1)
    binary.rename(tmp_path / "away")
    aria2.process.kill()
    eventually(lambda: "Trying again" in caplog.text)
    assert str(binary) in caplog.text
    other.remove()
    late = aria2.get(http_server.serve("/c", File(size=10)), 3)
    assert watch.transfer.snapshot.state is TransferState.ACTIVE
    file.rate = None
    (tmp_path / "away").rename(binary)
    assert late.complete().size == 10
    assert content_of(watch) == sha256_of(4, SIZE)
    assert caplog.text.count("Trying again") == 1


def test_a_download_that_kills_aria2c_every_time_fails_at_last(aria2: Aria2, http_server: HttpServer) -> None:
    watch = aria2.get(http_server.serve("/a.bin", File(size=SIZE, hold=Gate())))
    for number in range(1, 4):
        # Of this aria2c: the connection of the one before may still be seen a moment after its end.
        http_server.wait_for(lambda requests, number=number: len(requests) == number)
        old = aria2.process
        old.kill()
        pid_after(aria2, old)
    error = watch.failed().error
    assert isinstance(error, InterruptedTooOften)
    assert not error.retryable


# --- the server changes -------------------------------------------------------------------------------


def without_the_whole(first: int, last: int) -> Raw:
    """A range of nobody knows what."""
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/*\r\nContent-Length: %d\r\n\r\n"
    return Raw(head % (first, last, last - first + 1), again=b"x" * 65536)


def test_a_part_is_continued_by_ranges(aria2: Aria2, http_server: HttpServer) -> None:
    url = interrupted(aria2, http_server)
    # aria2 asks for the whole first, to see its length; without a rate most of it would be on its way by then.
    http_server.serve("/a.bin", File(size=SIZE, seed=1, rate=MB / 2))
    assert content_of(aria2.get(url, claim=2)) == sha256_of(1, SIZE)
    assert http_server.sent() < SIZE * 0.6
    assert any(request.range for request in http_server.requests)


CHANGED = {
    "no ranges": File(size=SIZE, seed=5, ranges=False),
    "shorter": File(size=SIZE - MB, seed=5),
    "longer": File(size=SIZE + MB, seed=5),
    "chunked": File(size=SIZE, seed=5, framing=Framing.CHUNKED),
    "chunked and shorter": File(size=SIZE // 3, seed=5, framing=Framing.CHUNKED),
    "closed and shorter": File(size=SIZE // 3, seed=5, framing=Framing.CLOSE),
    "much shorter": File(size=SIZE // 20, seed=5),
    "no whole": File(size=SIZE, seed=5, lie=without_the_whole),
}


def test_what_cannot_be_continued_begins_again(aria2: Aria2, http_server: HttpServer) -> None:
    pid = aria2.process.pid
    for odr_id, (change, now) in enumerate(CHANGED.items(), 1):
        url = interrupted(aria2, http_server, odr_id)
        http_server.serve("/a.bin", now)
        watch = aria2.get(url, odr_id, claim=2)
        assert content_of(watch) == sha256_of(5, now.size or 0), change
        assert watch.transfer.snapshot.files[0].size == now.size, change
        # Such servers must not bring aria2c down (they could, with some of its options).
        assert aria2.process.pid == pid, change
    assert aria2.get(http_server.serve("/b", File(size=30 * MB)), 9).complete().size == 30 * MB
    assert aria2.process.pid == pid


def test_a_new_name_at_the_server_makes_no_second_file(aria2: Aria2, http_server: HttpServer) -> None:
    url = interrupted(aria2, http_server)
    http_server.serve("/a.bin", File(size=SIZE, seed=1, disposition='attachment; filename="other.bin"'))
    watch = aria2.get(url, claim=2)
    assert content_of(watch) == sha256_of(1, SIZE)
    assert [path.name for path in watch.engine.finished(watch.job.folder)] == ["a.bin"]


# --- the disk changes ---------------------------------------------------------------------------------


def cut(data: bytes) -> bytes:
    return data[:10]


def halve(data: bytes) -> bytes:
    return data[: len(data) // 2]


def zero(data: bytes) -> bytes:
    return bytes(len(data))


def scramble(data: bytes) -> bytes:
    return random.Random(1).randbytes(len(data))


def empty(_: bytes) -> bytes:
    return b""


def test_a_damaged_control_file_begins_again(aria2: Aria2, http_server: HttpServer) -> None:
    for odr_id, damage in enumerate([cut, halve, zero, scramble, empty], 1):
        url = interrupted(aria2, http_server, odr_id)
        control = aria2.folder(odr_id) / "a.bin.aria2"
        control.write_bytes(damage(control.read_bytes()))
        http_server.serve("/a.bin", File(size=SIZE, seed=1))
        assert content_of(aria2.get(url, odr_id, claim=2)) == sha256_of(1, SIZE), damage


def test_a_part_without_a_control_file_begins_again(aria2: Aria2, http_server: HttpServer) -> None:
    url = interrupted(aria2, http_server)
    (aria2.folder(1) / "a.bin.aria2").unlink()
    assert not aria2.engine.resumable(aria2.folder(1))
    http_server.serve("/a.bin", File(size=SIZE, seed=6))
    assert content_of(aria2.get(url, claim=2)) == sha256_of(6, SIZE)
    assert http_server.sent() >= SIZE


def test_a_full_disk_is_not_the_links_fault(
    make_aria2: MakeAria2, http_server: HttpServer, full_disk_aria2c: Path
) -> None:
    aria2 = make_aria2(binary=full_disk_aria2c).start()
    snapshot = aria2.get(http_server.serve("/a.bin", File(size=SIZE))).failed()
    assert isinstance(snapshot.error, DiskFull)
    aria2.stop()
    again = make_aria2().start()
    assert content_of(again.get(http_server.serve("/a.bin", File(size=SIZE, seed=7)))) == sha256_of(7, SIZE)
