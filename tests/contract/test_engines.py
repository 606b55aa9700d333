"""What every download engine promises; the same for the stub and for the real aria2c."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest

from seafevents_offline.checksum import Checksum
from seafevents_offline.engines.base import Snapshot, TransferState
from seafevents_offline.errors import ChecksumWrong, FileNotFoundAtServer, LoginRefused, LoginWanted
from seafevents_offline.extras import Extras
from tests.support.content import content
from tests.support.engines import Scene
from tests.support.waiting import eventually

BODY = content("contract", 600_000)
MB = 1024 * 1024


@pytest.fixture
def started(scene: Scene) -> Scene:
    scene.engine.start()
    return scene


def test_it_says_what_it_is_before_it_is_started(scene: Scene) -> None:
    info = scene.engine.info()
    assert info.name
    assert info.version
    assert info.source


def test_a_link_becomes_a_file_in_the_jobs_folder(started: Scene) -> None:
    watch = started.get(started.file("photo.jpg", BODY))
    snapshot = watch.complete()
    assert (snapshot.size, snapshot.completed, snapshot.speed, snapshot.error) == (len(BODY), len(BODY), 0, None)
    [file] = snapshot.files
    assert file.path == watch.job.folder / "photo.jpg"
    assert (file.size, file.completed) == (len(BODY), len(BODY))
    assert file.path.read_bytes() == BODY
    assert started.engine.finished(watch.job.folder) == (file.path,)
    watch.remove()
    assert file.path.read_bytes() == BODY


def test_an_empty_file_is_a_file(started: Scene) -> None:
    snapshot = started.get(started.file("empty.txt", b"")).complete()
    assert [(file.path.name, file.size) for file in snapshot.files] == [("empty.txt", 0)]
    assert snapshot.files[0].path.read_bytes() == b""


def test_the_given_name_is_used(started: Scene) -> None:
    watch = started.get(started.file("a.jpg", BODY), out="Urlaub – 日本 😀.jpg")
    assert watch.complete().files[0].path == watch.job.folder / "Urlaub – 日本 😀.jpg"


def test_progress_is_told_while_it_runs(started: Scene) -> None:
    body = content("held", 6 * MB)
    url = started.held("held.bin", body, MB)
    watch = started.get(url)
    snapshot = watch.reached(MB // 2)
    assert (snapshot.state, snapshot.size, snapshot.files) == (TransferState.ACTIVE, len(body), ())
    started.release(url)
    assert watch.complete().files[0].path.read_bytes() == body


def test_it_says_when_a_files_beginning_is_there(started: Scene) -> None:
    body = content("begun", 6 * MB)
    [little, much] = [started.get(started.held(f"{given}.bin", body, given), given) for given in (MB // 2, 3 * MB)]
    snapshot = much.wait(lambda snapshot: snapshot.begun is not None)
    assert snapshot.begun == much.job.folder / f"{3 * MB}.bin"
    assert snapshot.begun.read_bytes()[:MB] == body[:MB]
    little.reached(MB // 2)
    assert little.transfer.snapshot.begun is None


def test_a_failure_is_one_of_our_errors(started: Scene) -> None:
    watch = started.get(started.missing())
    snapshot = watch.failed()
    assert isinstance(snapshot.error, FileNotFoundAtServer)
    assert snapshot.files == ()
    assert not started.engine.resumable(watch.job.folder)
    watch.remove()


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "sha512"])
def test_a_checksum_decides_whether_a_file_is_complete(started: Scene, kind: str) -> None:
    url = started.file("photo.jpg", BODY)
    right = Checksum.parse(hashlib.new(kind, BODY).hexdigest())
    (file,) = started.get(url, checksum=right).complete().files
    assert file.path.read_bytes() == BODY
    wrong = Checksum.parse(hashlib.new(kind, BODY[1:]).hexdigest())
    watch = started.get(url, odr_id=2, checksum=wrong)
    snapshot = watch.failed()
    assert isinstance(snapshot.error, ChecksumWrong)
    assert snapshot.files == ()
    watch.remove()


def test_who_has_the_login_gets_the_file(started: Scene) -> None:
    url = started.file("private.bin", BODY, "ada:s3cret:ü")
    right, wrong = Extras(user="ada", password="s3cret:ü"), Extras(user="ada", password="s3cret")
    assert started.get(url, extras=right).complete().files[0].path.read_bytes() == BODY
    for odr_id, extras, expected in ((2, wrong, LoginRefused), (3, Extras(), LoginWanted)):
        watch = started.get(url, odr_id=odr_id, extras=extras)
        error = watch.failed().error
        assert isinstance(error, expected)
        assert not error.retryable
        watch.remove()
    # What is not for anybody is anybody's, whatever is said.
    started.get(started.file("public.bin", BODY), odr_id=4, extras=wrong).complete()


def test_an_empty_file_has_a_checksum_too(started: Scene) -> None:
    url = started.file("empty.txt", b"")
    started.get(url, checksum=Checksum.parse(hashlib.sha256(b"").hexdigest())).complete()
    wrong = started.get(url, odr_id=2, checksum=Checksum.parse(hashlib.sha256(b"x").hexdigest()))
    assert isinstance(wrong.failed().error, ChecksumWrong)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_checksum_is_that_of_all_parts(started: Scene, is_right: bool) -> None:
    body = content("held", 6 * MB)
    url = started.held("held.bin", body, 2 * MB)
    checksum = Checksum.parse(hashlib.sha256(body if is_right else body[1:]).hexdigest())
    watch = started.get(url, checksum=checksum)
    watch.reached(MB)
    eventually(lambda: started.engine.resumable(watch.job.folder))
    watch.remove()
    started.release(url)
    again = started.get(url, claim=2, checksum=checksum)
    if is_right:
        assert again.complete().files[0].path.read_bytes() == body
    else:
        assert isinstance(again.failed().error, ChecksumWrong)


def test_what_has_ended_never_changes(started: Scene) -> None:
    watch = started.get(started.file("a", BODY))
    snapshot = watch.complete()
    watch.transfer.update(Snapshot(TransferState.ACTIVE, 1))
    watch.remove()
    assert watch.transfer.snapshot == snapshot


def test_nothing_is_written_after_a_removal(started: Scene) -> None:
    url = started.held("held.bin", content("held", 6 * MB), MB)
    watch = started.get(url)
    watch.reached(MB // 2)
    watch.remove()
    before = {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in watch.job.folder.iterdir()}
    assert before
    started.release(url)
    # Another download in full is time enough for a forgotten one to write.
    started.get(started.file("other", BODY), odr_id=2).complete()
    assert {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in watch.job.folder.iterdir()} == before
    assert watch.transfer.snapshot.state is TransferState.ACTIVE


def test_a_removal_can_be_repeated(started: Scene) -> None:
    running = started.get(started.held("held", BODY, 1000))
    done = started.get(started.file("a", BODY), odr_id=2)
    done.complete()
    for _ in range(3):
        running.remove()
        done.remove()


def test_the_same_job_can_be_added_again(started: Scene) -> None:
    held = started.held("held.bin", BODY, 100_000)
    first = started.get(held)
    first.remove()
    second = started.get(held)
    second.reached(50_000)
    second.remove()
    missing = started.get(started.missing())
    missing.failed()
    missing.remove()
    started.release(held)
    third = started.get(held, out="third")
    third.complete()
    third.remove()
    assert started.get(started.file("fourth", BODY)).complete().files[0].path.read_bytes() == BODY


def test_a_failed_job_can_be_added_again_the_moment_it_failed(started: Scene) -> None:
    missing, file = started.missing(), started.file("a", BODY[:1000])

    def work(odr_id: int) -> None:
        for _ in range(20):
            failed = started.get(missing, odr_id)
            failed.failed()
            failed.remove()
            again = started.get(file, odr_id)
            states.append(again.ended().state)
            again.remove()

    states: list[TransferState] = []
    threads = [threading.Thread(target=work, args=(odr_id,)) for odr_id in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert states == [TransferState.COMPLETE] * 160


def test_a_later_claim_continues_what_an_earlier_one_left(started: Scene) -> None:
    body = content("held", 6 * MB)
    url = started.held("held.bin", body, 2 * MB)
    watch = started.get(url, claim=1)
    watch.reached(MB)
    assert not started.engine.resumable(watch.job.folder / "nowhere")
    eventually(lambda: started.engine.resumable(watch.job.folder))
    watch.remove()
    assert started.engine.resumable(watch.job.folder)
    assert started.engine.finished(watch.job.folder) == ()
    started.release(url)
    again = started.get(url, claim=2)
    (file,) = again.complete().files
    assert file.path.read_bytes() == body
    assert not started.engine.resumable(watch.job.folder)
    assert started.engine.finished(watch.job.folder) == (file.path,)


def test_an_empty_folder_is_nothing_to_continue(started: Scene) -> None:
    folder = started.job("http://example.test/", 7).folder
    assert not started.engine.resumable(folder)
    assert started.engine.finished(folder) == ()
    assert started.engine.finished(folder / "nowhere") == ()


def test_many_threads_add_and_remove_at_once(started: Scene) -> None:
    url = started.file("small", BODY[:1000])
    ended: list[TransferState] = []

    def work(first: int) -> None:
        for odr_id in range(first, first + 10):
            watch = started.get(url, odr_id=odr_id)
            ended.append(watch.ended().state)
            watch.remove()

    threads = [threading.Thread(target=work, args=(100 * number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ended == [TransferState.COMPLETE] * 80


def test_a_stop_keeps_what_is_needed_to_continue(started: Scene) -> None:
    url = started.held("held.bin", content("held", 6 * MB), 2 * MB)
    watch = started.get(url)
    watch.reached(MB)
    eventually(lambda: started.engine.resumable(watch.job.folder))
    began = time.monotonic()
    started.engine.stop(began + 10)
    started.engine.stop(time.monotonic() + 10)
    assert time.monotonic() - began < 30
    assert started.engine.resumable(watch.job.folder)
    watch.remove()
    assert started.engine.resumable(watch.job.folder)
    assert watch.transfer.snapshot.state is TransferState.ACTIVE


def test_an_engine_that_was_never_started_can_be_stopped(scene: Scene) -> None:
    scene.engine.stop(time.monotonic() + 1)
