"""The use case alone: stub engine, stub storage, a clock that moves when somebody waits. No threads, no SQL."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from seafevents_offline import errors, payloads
from seafevents_offline.bounds import Limits
from seafevents_offline.disk import Disk
from seafevents_offline.egress.policy import Policy
from seafevents_offline.engines.base import EngineFile, Job, Snapshot, Transfer, TransferState
from seafevents_offline.engines.stub import Act, Deliver, Fail, Hold, StubEngine
from seafevents_offline.extras import Extras, Sealed
from seafevents_offline.kinds import Kinds
from seafevents_offline.needs import Needs
from seafevents_offline.pipeline import Pipeline, verdict
from seafevents_offline.settings import Settings
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.storages.stub import StoredFile, StubStorage
from seafevents_offline.task import Done, Failed, Gone, Outcome, Retry, Task, with_secret
from seafevents_offline.tempdir import TempDir
from seafevents_offline.vault import Vault
from tests.support import kinds
from tests.support.disks import FakeDisk

S = OfflineDownloadStatus
URL = "http://files.example/a.bin"
PAGE = b"\xef\xbb\xbf <!-- hi --> <!doctype HTML><html><body>Log in</body></html>"


VAULT = Vault(b"a server's own secret")


def sealed(extras: Extras, owner: str = "ada", url: str = URL, vault: Vault = VAULT) -> dict[str, Any]:
    """The options of a record."""
    found = vault.seal(extras, owner, url)
    assert found is not None
    return with_secret(None, found)


def task_of(**changes: Any) -> Task:
    task = Task(7, "r", "/", URL, "ada", datetime(2026, 1, 1), S.DOWNLOADING, claim=3)
    return replace(task, **changes)


class Scene:
    """A pipeline and its context in one; waiting moves the clock and runs what the test has planned."""

    def __init__(self, folder: Path, script: Mapping[str, Act], **settings: Any) -> None:
        self.now = 1000.0
        self.gone = False
        self.ours = True
        self.waits = 0
        self.plan: dict[int, Callable[[], None]] = {}
        self.recorded: list[tuple[str, int, str]] = []
        self.secured: list[tuple[str, Sealed | None]] = []
        self.seen: list[Snapshot] = []
        self.engine = StubEngine(script)
        self.storage = StubStorage()
        self.tempdir = TempDir(folder / "temp")
        self.tempdir.open()
        self.settings = Settings(**settings)
        self.statvfs = FakeDisk(total=10**15)
        self.disk = Disk(folder, self.settings.disk_high, self.settings.disk_low, self.statvfs)
        policy = Policy.from_settings(self.settings)
        self.pipeline = Pipeline(
            self.settings,
            self.engine,
            self.storage,
            self.tempdir,
            policy,
            self.disk,
            lambda: self.now,
            Kinds.from_settings(self.settings),
            Needs(VAULT, self.settings.cookies),
        )

    def run(self, **changes: Any) -> Outcome:
        return self.pipeline.run(task_of(**changes), self)

    # --- the context

    def wake(self) -> None:
        """Nobody sleeps here."""

    def wait(self, timeout: float) -> None:
        self.now += timeout
        self.waits += 1
        assert self.waits < 100_000, "it waits for ever"
        self.plan.get(self.waits, lambda: None)()

    def report(self, snapshot: Snapshot) -> None:
        self.seen.append(snapshot)

    def secure(self, task: Task, *, url: str, sealed: Sealed | None) -> Task | None:
        self.secured.append((url, sealed))
        return replace(task, url=url, options=with_secret(None, sealed) if sealed else None) if self.ours else None

    def storing(self, task: Task, *, name: str, size: int, stored_path: str) -> Task | None:
        if not self.ours:
            return None
        self.recorded.append((name, size, stored_path))
        assert stored_path not in self.storage.files or self.storage.files[stored_path].odr_id == task.odr_id
        return replace(task, status=S.STORING, name=name, size=size, completed=size, stored_path=stored_path)

    # --- what came of it

    @property
    def stored(self) -> dict[str, bytes]:
        return {path: file.data for path, file in self.storage.files.items()}

    def leave(self, files: Mapping[str, bytes], odr_id: int = 7) -> None:
        """What an interrupted run has left in the task's folder."""
        for name, data in files.items():
            path = self.tempdir.make(odr_id) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)


MakeScene = Callable[..., Scene]


@pytest.fixture
def scene(tmp_path: Path) -> MakeScene:
    return lambda act=None, **settings: Scene(tmp_path, {} if act is None else {URL: act}, **settings)


def reason_of(outcome: Outcome) -> str:
    assert isinstance(outcome, (Failed, Retry)), outcome
    return outcome.error.reason


# --- the good way -------------------------------------------------------------------------------------


def test_a_link_becomes_a_file(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    assert here.run() == Done(5)
    assert here.stored == {"/a.bin": b"hello"}
    assert here.recorded == [("a.bin", 5, "/a.bin")]
    assert here.engine.added == [Job(7, 3, URL, here.tempdir.folder(7), "", "ada")]


def test_the_place_is_recorded_before_anything_is_put_there(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.script("put", lambda: here.recorded.append(("put", 0, "")))
    here.run()
    assert [name for name, *_ in here.recorded] == ["a.bin", "put"]


def test_the_wished_name_wins_and_the_servers_is_made_safe(scene: MakeScene) -> None:
    assert scene(Deliver(b"x", "from server")).run(name="mine.txt") == Done(1)
    here = scene(Deliver(b"x", "a:b\u202e.txt"))
    here.run()
    assert list(here.stored) == ["/a_b.txt"]


def test_progress_is_told_as_it_comes(scene: MakeScene) -> None:
    here = scene(Hold(b"he", 5))
    here.plan[2] = lambda: here.engine.play(URL, Deliver(b"hello"))
    assert here.run() == Done(5)
    assert [(seen.completed, seen.size) for seen in here.seen] == [(2, 5), (2, 5), (5, 5)]


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://files.example/setup.exe", True),
        ("http://files.example/a.pdf?x=1", True),
        ("http://files.example/", False),
        ("http://files.example/page", False),
        ("http://files.example/page.html", False),
        ("http://files.example/download.php", False),
    ],
)
def test_a_page_where_a_file_was_promised(scene: MakeScene, tmp_path: Path, url: str, page: bool) -> None:
    here = Scene(tmp_path, {url: Deliver(PAGE)})
    outcome = here.run(url=url)
    assert isinstance(outcome, Done)
    assert outcome.note.reason == ("got_web_page" if page else "")


def test_a_file_is_no_page(scene: MakeScene) -> None:
    for body in (b"", b"<html", b"PK\x03\x04 <html>", b"<htmlx>", b"\x00<html>"):
        outcome = scene(Deliver(body)).run(name=f"{len(body)}")
        assert isinstance(outcome, Done)
        assert outcome.note.reason == ""


# --- what a link needs beside itself ------------------------------------------------------------------

LOGIN = Extras("ada", "correct horse", (("Private-Token", "abc"),), "https://example.com/", "agent")


def test_the_engine_gets_what_was_sealed(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    assert here.run(options=sealed(LOGIN)) == Done(5)
    assert [job.extras for job in here.engine.added] == [LOGIN]
    assert here.secured == []


def test_it_also_gets_it_when_it_begins_anew_under_another_name(scene: MakeScene) -> None:
    here = scene(Fail(errors.NameRefused()))
    here.run(options=sealed(LOGIN))
    assert [job.extras for job in here.engine.added] == [LOGIN, LOGIN]


@pytest.mark.parametrize(
    "options",
    [
        sealed(LOGIN, owner="bob"),
        sealed(LOGIN, url="http://evil.example/a.bin"),
        {"secret": "1.nonsense", "asked": ["password"]},
        sealed(LOGIN, vault=Vault(b"another key")),
    ],
)
def test_what_does_not_open_is_asked_for_again_and_nothing_is_downloaded(
    scene: MakeScene, options: dict[str, Any]
) -> None:
    here = scene(Deliver(b"hello"))
    outcome = here.run(options=options)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, errors.SecretsUnreadable)
    assert "enter them again" in str(outcome.error)
    assert here.engine.added == []


def test_without_a_key_what_was_sealed_waits(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.pipeline = replace(here.pipeline, needs=Needs(Vault(b"")))
    outcome = here.run(options=sealed(LOGIN))
    assert isinstance(outcome, Retry)
    assert outcome.error.reason == "vault_unavailable"
    assert here.run() == Done(5)


def test_what_is_complete_needs_no_password_to_be_stored(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    options = {"secret": "1.nonsense", "asked": ["password"]}
    outcome = here.run(status=S.STORING, size=5, completed=5, name="a.bin", stored_path="/a.bin", options=options)
    assert outcome == Done(5)


def test_cookies_that_the_administrator_does_not_allow_any_more_are_not_sent(scene: MakeScene) -> None:
    cookie = sealed(Extras(headers=(("Cookie", "a=b"),)))
    here = scene(Deliver(b"hello"))
    assert reason_of(here.run(options=cookie)) == "header_refused"
    assert here.engine.added == []
    assert scene(Deliver(b"hello"), cookies=True).run(options=cookie) == Done(5)


def test_a_password_in_a_link_leaves_the_table_before_anything_is_downloaded(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.script("check", lambda: here.secured.append(("checked", None)))
    assert here.run(url="http://me:p%40ss@files.example/a.bin") == Done(5)
    (url, text), *later = here.secured
    assert url == URL
    assert text is not None
    assert VAULT.open(text.text, "ada", URL) == Extras("me", "p@ss")
    assert text.kinds == ("password",)
    assert ("checked", None) in later
    (job,) = here.engine.added
    assert (job.url, job.extras) == (URL, Extras("me", "p@ss"))


def test_it_leaves_the_table_also_where_the_link_is_refused(scene: MakeScene) -> None:
    here = scene()
    assert reason_of(here.run(url="http://me:p@10.0.0.1/a.bin")) == "literal_private"
    assert [url for url, _ in here.secured] == ["http://10.0.0.1/a.bin"]


def test_a_link_that_was_taken_away_meanwhile_is_left_alone(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.ours = False
    assert here.run(url="http://me:p@files.example/a.bin") == Gone()
    assert here.engine.added == []


# --- what is not ours any more ------------------------------------------------------------------------


def test_gone_while_downloading(scene: MakeScene) -> None:
    here = scene(Hold(b"he", 5))
    here.plan[1] = lambda: setattr(here, "gone", True)
    assert here.run() == Gone()
    assert here.engine.running == []
    assert here.stored == {}


def test_gone_before_storing(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.ours = False
    assert here.run() == Gone()
    assert ("put", 7) not in here.storage.calls


def test_gone_when_another_name_is_needed(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))

    def lose_the_task_and_the_name() -> None:
        here.ours = False
        here.storage.files["/a.bin"] = StoredFile(b"theirs")

    here.storage.script("put", lose_the_task_and_the_name)
    assert here.run() == Gone()
    assert here.stored == {"/a.bin": b"theirs"}


# --- limits -------------------------------------------------------------------------------------------


def test_too_large_by_its_length(scene: MakeScene) -> None:
    here = scene(Hold(b"x", 1025), max_size=1024)
    outcome = here.run()
    assert outcome == Failed(outcome.error)  # type: ignore[union-attr]
    assert str(outcome.error) == "The file is larger than the 1.0 KB that are allowed."  # type: ignore[union-attr]
    assert here.engine.running == []


def test_too_large_while_the_length_is_unknown(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 10), max_size=1024)
    here.plan[5] = lambda: here.engine.play(URL, Hold(b"x" * 2000))
    assert reason_of(here.run()) == "too_large"


def test_too_large_when_it_comes_at_once(scene: MakeScene) -> None:
    assert reason_of(scene(Deliver(b"x" * 2000), max_size=1024).run()) == "too_large"


def test_no_limit(scene: MakeScene) -> None:
    assert scene(Deliver(b"x" * 2000), max_size=0).run() == Done(2000)


def test_the_time_limit(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 10, 20), time_limit=120.0, min_speed=0)
    assert reason_of(here.run()) == "time_limit"
    assert here.now == pytest.approx(1121)


def test_too_slow_is_an_average_of_five_minutes(scene: MakeScene) -> None:
    here = scene(Hold(b"x", 100_000), min_speed=10)
    # 3,000 bytes in the first five minutes are just enough, 2,000 in the next are not.
    here.plan[299] = lambda: here.engine.play(URL, Hold(b"x" * 3001, 100_000))
    here.plan[500] = lambda: here.engine.play(URL, Hold(b"x" * 5000, 100_000))
    assert reason_of(here.run()) == "too_slow"
    assert here.now == pytest.approx(1600, abs=2)


def test_what_was_there_already_is_no_speed(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 50_000, 100_000), min_speed=10)
    assert reason_of(here.run()) == "too_slow"
    assert here.now == pytest.approx(1300, abs=2)


def test_a_new_beginning_is_not_slow(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 50_000, 100_000), min_speed=10)
    here.plan[250] = lambda: here.engine.play(URL, Hold(b"x", 100_000))
    here.plan[320] = lambda: here.engine.play(URL, Hold(b"x" * 5_000, 100_000))
    here.plan[500] = lambda: here.engine.play(URL, Deliver(b"x" * 100))
    assert here.run() == Done(100)


def test_time_without_an_engine_does_not_count(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 5_000, 100_000), time_limit=400.0, min_speed=10)

    def suspend() -> None:
        transfer = here.engine.running[0]
        transfer.update(replace(transfer.snapshot, suspended=True))

    here.plan[10] = suspend
    here.plan[3000] = lambda: here.engine.play(URL, Deliver(b"x" * 100))
    assert here.run() == Done(100)


@pytest.mark.parametrize(
    ("seen", "endless"),
    [
        # completed and received, both in MB, second by second
        ([(0, 0), (0, 127)], False),
        ([(0, 0), (0, 129)], True),
        ([(0, 0), (500, 510), (1000, 1020)], False),
        # head after head beside a file that comes: a quarter of it and no more
        ([(0, 0), (1, 1), (401, 629)], False),
        ([(0, 0), (1, 1), (401, 630)], True),
        # of a file that goes on from a part, only what comes now counts
        ([(0, 0), (900, 10), (950, 70)], False),
        ([(0, 0), (900, 10), (900, 140)], True),
        # what begins again is counted again, and so is what a new guard counts
        ([(0, 0), (300, 310), (0, 320), (100, 430), (200, 540)], False),
        ([(0, 0), (300, 310), (0, 320), (0, 450)], True),
        ([(0, 0), (300, 310), (400, 0), (500, 110)], False),
        ([(0, 0), (300, 310), (400, 0), (400, 130)], True),
    ],
)
def test_what_comes_beside_the_file_has_an_end(seen: list[tuple[int, int]], endless: bool) -> None:
    limits = Limits(Settings(max_size=0), 0.0)
    *before, last = [Snapshot(completed=done * 2**20, received=came * 2**20) for done, came in seen]
    for now, snapshot in enumerate(before):
        limits.check(snapshot, now)
    with pytest.raises(errors.AnswerEndless) if endless else nullcontext():
        limits.check(last, len(before))


def test_what_was_left_is_measured_too(scene: MakeScene) -> None:
    here = scene(max_size=4)
    here.leave({"a.bin": b"hello"})
    assert reason_of(here.run(size=5, completed=5)) == "too_large"


# --- faults and what they cost ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "attempts", "expected"),
    [
        (errors.FileNotFoundAtServer(status=404), 0, None),
        (errors.TlsFailed(host="h"), 0, None),
        (errors.TooLarge(limit="1"), 0, None),
        (errors.ServerBusy(status=503), 0, 30),
        (errors.ServerBusy(status=503), 1, 60),
        (errors.ServerBusy(status=503), 2, None),
        (errors.EngineFault(code=99), 1, 60),
        (errors.TooSlow(limit="1"), 0, 30),
        (errors.DiskFull(), 0, 30),
        (errors.DiskFull(), 99, 30),
        (errors.EngineUnavailable(detail="x"), 2, 30),
        (errors.DatabaseUnavailable(detail="x"), 50, 30),
        (errors.KindRefused(kind="a/b"), 0, None),
        (errors.KindUnknown(), 1, 60),
        (errors.KindUnknown(), 2, None),
        (errors.SnifferUnavailable(detail="x"), 99, 30),
        (errors.OfflineDownloadError(), 0, None),
    ],
)
def test_the_verdict(error: errors.OfflineDownloadError, attempts: int, expected: float | None) -> None:
    outcome = verdict(task_of(attempts=attempts), error, Settings())
    assert outcome == (Failed(error) if expected is None else Retry(expected, error))


def test_the_delay_doubles_up_to_ten_minutes() -> None:
    settings = Settings(max_attempts=100)
    error = errors.ServerBusy(status=500)
    delays = [verdict(task_of(attempts=attempts), error, settings).after for attempts in range(8)]  # type: ignore[union-attr]
    assert delays == [30, 60, 120, 240, 480, 600, 600, 600]
    assert verdict(task_of(attempts=98), error, settings) == Retry(600, error)


# --- room on the disk ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "task", "others", "fits"),
    [
        (90, {"size": 50}, 0, True),
        (90, {"size": 51}, 0, False),
        (90, {"size": 30}, 20, True),
        (90, {"size": 30}, 21, False),
        (90, {"completed": 51}, 0, False),
        (96, {}, 0, False),
        (95, {}, 0, True),
        (95, {}, 1, False),
    ],
)
def test_a_task_is_begun_where_it_fits(
    scene: MakeScene, percent: float, task: dict[str, int], others: int, fits: bool
) -> None:
    here = scene(Deliver(b"x" * task.get("size", 5)))
    here.statvfs.total, here.statvfs.percent = 1000, percent
    with here.disk.share(1) as other:
        other.note(others)
        outcome = here.run(**task)
    assert isinstance(outcome, Done) == fits
    if not fits:
        assert outcome == Retry(30, outcome.error)  # type: ignore[union-attr]
        assert reason_of(outcome) == "disk_reserved"
    assert bool(here.engine.added) == fits
    with here.disk.share(1) as other:
        here.statvfs.percent = 0
        other.reserve(950)


def test_a_length_that_becomes_known_is_held_against_the_room(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 10))
    here.statvfs.total, here.statvfs.percent = 1000, 90
    here.plan[3] = lambda: here.engine.play(URL, Hold(b"x" * 10, 61))
    assert reason_of(here.run()) == "disk_reserved"
    assert (here.waits, here.engine.running) == (3, [])
    here.plan.clear()
    here.engine.play(URL, Hold(b"x" * 10, 60))
    here.plan[5] = lambda: here.engine.play(URL, Deliver(b"x" * 60))
    # Others may fill the disk meanwhile: what fitted goes on.
    here.plan[4] = lambda: setattr(here.statvfs, "percent", 99)
    assert here.run() == Done(60)


def test_what_is_written_already_needs_no_room(scene: MakeScene) -> None:
    here = scene(Hold(b"x" * 40_000, 50_000))
    here.leave({"a.bin": b"x" * 40_960, "a.bin.part": b""})
    here.statvfs.total, here.statvfs.percent = 100_000, 85
    here.plan[1] = lambda: here.engine.play(URL, Deliver(b"x" * 50_000))
    assert here.run(size=50_000) == Done(50_000)
    assert reason_of(here.run(odr_id=8, size=50_000)) == "disk_reserved"


def test_a_disk_that_cannot_be_looked_at_is_not_the_links_fault(scene: MakeScene) -> None:
    here = scene(Deliver(b"x"))
    here.statvfs.error = OSError(errno.EIO, "broken")
    assert reason_of(here.run()) == "tempdir_unusable"


def test_a_failing_link_is_removed_from_the_engine(scene: MakeScene) -> None:
    here = scene(Fail(errors.ServerBusy(status=500), b"part"))
    assert reason_of(here.run()) == "server_busy"
    assert here.engine.running == []


def test_a_name_that_the_engine_refuses_is_replaced_at_once(scene: MakeScene) -> None:
    here = scene(Fail(errors.NameRefused()))
    original = here.engine.add

    def add(job: Job, wake: Callable[[], None]) -> Transfer:
        if job.out:
            here.engine.play(URL, Deliver(b"hello"))
        return original(job, wake)

    here.engine.add = add  # type: ignore[method-assign]
    assert here.run() == Done(5)
    assert [job.out for job in here.engine.added] == ["", "download"]


def test_an_engine_that_refuses_every_name(scene: MakeScene) -> None:
    here = scene(Fail(errors.NameRefused()))
    assert reason_of(here.run()) == "name_refused"
    assert len(here.engine.added) == 2


@pytest.mark.parametrize("changes", [{"url": "file:///etc/passwd"}, {"path": "/../x"}, {"path": "x"}, {"name": "a/b"}])
def test_rows_that_no_door_would_have_let_in(scene: MakeScene, changes: dict[str, str]) -> None:
    here = scene(Deliver(b"x"))
    outcome = here.run(**changes)
    assert isinstance(outcome, Failed)
    assert outcome.error.stage is errors.Stage.INPUT
    assert here.engine.added == []
    assert here.storage.calls == []


def test_a_row_is_brought_into_form(scene: MakeScene) -> None:
    here = scene(Deliver(b"x"))
    here.storage.folders.add("/a/b")
    assert here.run(url=" HTTP://Files.Example:80/a.bin#top ", path="/a//b/") == Done(1)
    assert here.engine.added[0].url == URL
    assert list(here.stored) == ["/a/b/a.bin"]


# --- the library --------------------------------------------------------------------------------------


def test_a_library_that_is_away_costs_nothing(scene: MakeScene) -> None:
    here = scene(Deliver(b"x"))
    here.storage.fail("check", errors.StorageUnavailable(detail="away"))
    outcome = here.run(attempts=2)
    assert isinstance(outcome, Retry)
    assert not outcome.error.costs_attempt
    assert here.engine.added == []


def test_no_answer_while_it_runs_is_no_refusal(scene: MakeScene) -> None:
    here = scene(Hold(b"x", 5))
    here.storage.script("check", None, errors.StorageUnavailable(detail="away"), errors.DatabaseUnavailable(detail="a"))
    here.plan[70] = lambda: here.engine.play(URL, Deliver(b"hello"))
    assert here.run() == Done(5)


def test_a_refusal_while_it_runs_ends_it(scene: MakeScene) -> None:
    here = scene(Hold(b"x", 5))
    here.plan[10] = here.storage.folders.clear
    assert reason_of(here.run()) == "folder_gone"
    assert 1055 < here.now < 1065


def test_a_file_of_unknown_length_counts_by_what_has_come(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    here = scene(Hold())
    monkeypatch.setattr(here.storage, "check", lambda task, size: sizes.append(size) or task)
    sizes: list[int] = []
    here.plan[1] = lambda: here.engine.running[0].update(Snapshot(completed=5))
    here.plan[61] = lambda: here.engine.play(URL, Deliver(b"1234567"))
    assert here.run() == Done(7)
    assert sizes == [0, 5, 7]


def test_each_check_is_asked_with_the_task_that_the_one_before_admitted(
    scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene(Deliver(b"hello"))

    def check(task: Task, _size: int) -> Task:
        seen.append(task.priority)
        return replace(task, priority=task.priority + 1)

    seen: list[int] = []
    monkeypatch.setattr(here.storage, "check", check)
    assert here.run() == Done(5)
    assert seen == [50, 51]


def test_a_folder_that_goes_after_the_choice_is_chosen_anew(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.fail("put", errors.FolderGone(path="/"))
    assert here.run() == Done(5)
    assert [verb for verb, _ in here.storage.calls][-4:] == ["choose", "put", "choose", "put"]
    here.storage.script("put", here.storage.folders.clear)
    assert reason_of(here.run()) == "folder_gone"


def test_a_file_in_the_folder_above_says_so(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    for status in (S.DOWNLOADING, S.STORING):
        here = scene(Deliver(PAGE))
        here.storage.folders = {"/", "/a", "/a/b/c"}
        monkeypatch.setattr(here.storage, "choose", lambda task, name: f"/a/{name}")
        outcome = here.run(path="/a/b/c", url=URL)
        assert isinstance(outcome, Done)
        assert outcome.note.reason_args == {"path": "/a/b/c", "folder": "/a"}
        assert outcome.note.comment == "The folder /a/b/c does not exist any more. The file is in the folder /a."
        (recorded,) = here.recorded
        again = here.run(path="/a/b/c", status=status, name=recorded[0], size=recorded[1], stored_path=recorded[2])
        assert again == outcome


def test_the_path_that_the_library_gave_is_recorded(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    here = scene(Deliver(b"hello"))
    monkeypatch.setattr(here.storage, "put", lambda task, payload: "/a (1).bin")
    assert here.run() == Done(5)
    assert here.recorded == [("a.bin", 5, "/a.bin"), ("a.bin", 5, "/a (1).bin")]


@pytest.mark.parametrize("status", [S.DOWNLOADING, S.STORING])
def test_the_path_where_it_is_found_again_is_recorded(
    scene: MakeScene, monkeypatch: pytest.MonkeyPatch, status: OfflineDownloadStatus
) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    monkeypatch.setattr(here.storage, "arrived", lambda task, payload: "/a (1).bin")
    assert here.run(status=status, name="a.bin", size=5, stored_path="/a.bin") == Done(5)
    assert here.recorded == [("a.bin", 5, "/a (1).bin")]


def test_a_name_that_is_taken_meanwhile(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.script("put", lambda: here.storage.files.update({"/a.bin": StoredFile(b"theirs")}))
    assert here.run() == Done(5)
    assert here.stored == {"/a.bin": b"theirs", "/a (1).bin": b"hello"}
    assert [path for *_, path in here.recorded] == ["/a.bin", "/a (1).bin"]


@pytest.mark.parametrize("moment", ["choose", "put"])
def test_what_a_node_that_was_thought_dead_puts_there_meanwhile_is_found(scene: MakeScene, moment: str) -> None:
    here = scene(Deliver(b"hello"))
    late = StoredFile(b"hello", task_of().odr_id)
    here.storage.script(moment, lambda: here.storage.files.update({"/a.bin": late}))
    assert here.run(status=S.DOWNLOADING, name="a.bin", stored_path="/a.bin", claim=4) == Done(5)
    assert here.stored == {"/a.bin": b"hello"}
    assert here.recorded[-1] == ("a.bin", 5, "/a.bin")


def test_a_name_that_is_taken_again_and_again_waits(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.fail("put", errors.NameTaken(stored_path="/a.bin"), 1000)
    outcome = here.run()
    assert isinstance(outcome, Retry)
    assert not outcome.error.costs_attempt


def test_a_fault_of_storing_keeps_the_payload(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.storage.fail("put", errors.StorageUnavailable(detail="away"))
    assert reason_of(here.run()) == "storage_unavailable"
    again = here.run(status=S.DOWNLOADING, name="a.bin", size=5, completed=5, stored_path="/a.bin", claim=4)
    assert again == Done(5)
    assert len(here.engine.added) == 1, "nothing was downloaded again"
    assert here.stored == {"/a.bin": b"hello"}


def test_what_the_library_does_not_take_for_a_day_is_downloaded_again(scene: MakeScene) -> None:
    here = scene(Deliver(b"HELLO"))
    here.leave({"a.bin": b"hello"})
    left = here.tempdir.folder(7) / "a.bin"
    for age, kept in ((86_000, True), (87_000, False)):
        os.utime(left, (0, time.time() - age))
        here.storage.fail("put", errors.StorageUnavailable(detail="away"))
        assert reason_of(here.run(size=5, completed=5)) == "storage_unavailable"
        assert left.exists() == kept
    assert here.run(size=5, completed=5) == Done(5)
    assert here.stored == {"/a.bin": b"HELLO"}


def test_an_old_payload_that_the_library_takes_is_not_downloaded_again(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    os.utime(here.tempdir.folder(7) / "a.bin", (0, 0))
    assert here.run(size=5, completed=5) == Done(5)
    assert here.engine.added == []


# --- what an interrupted run left ---------------------------------------------------------------------


def test_a_complete_payload_goes_straight_to_the_library(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    # The last progress that was written is older than the end of the download.
    assert here.run(size=5, completed=2) == Done(5)
    assert here.engine.added == []


@pytest.mark.parametrize(
    ("files", "size", "completed"),
    [
        ({"a.bin": b"hell"}, 5, 5),
        ({"a.bin": b"hello", "a.bin.part": b""}, 5, 5),
        ({"a.bin": b"hello"}, 0, 0),  # its length was never known
        ({}, 0, 0),
    ],
)
def test_what_only_looks_complete_is_downloaded(
    scene: MakeScene, files: dict[str, bytes], size: int, completed: int
) -> None:
    here = scene(Deliver(b"HELLO"))
    here.leave(files)
    assert here.run(size=size, completed=completed) == Done(5)
    assert len(here.engine.added) == 1
    assert here.stored == {"/a.bin": b"HELLO"}


RIGHT = {"checksum": f"sha-256={hashlib.sha256(b'hello').hexdigest()}"}


def test_the_engine_is_told_what_the_file_must_come_to(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    assert here.run(options=RIGHT) == Done(5)
    assert str(here.engine.added[0].checksum) == RIGHT["checksum"]
    other = scene(Deliver(b"HELLO"))
    outcome = other.run(options=RIGHT)
    assert (reason_of(outcome), type(outcome)) == ("checksum", Failed)
    assert other.stored == {}


def test_what_is_left_as_a_whole_is_held_against_the_checksum_and_not_downloaded_again(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    assert here.run(size=5, options=RIGHT) == Done(5)
    assert here.engine.added == []


@pytest.mark.parametrize(("body", "outcome"), [(b"hello", "stored"), (b"HELLO", "checksum")])
def test_what_is_left_and_does_not_match_is_downloaded_once_more(scene: MakeScene, body: bytes, outcome: str) -> None:
    here = scene(Deliver(body))
    here.leave({"b.bin": b"hullo"})
    found = here.run(size=5, options=RIGHT)
    assert ("stored" if found == Done(5) else reason_of(found)) == outcome
    assert here.stored == ({"/a.bin": b"hello"} if outcome == "stored" else {})
    assert len(here.engine.added) == 1


def test_what_is_to_be_stored_again_and_does_not_match_any_more_is_not_stored(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hullo"})
    outcome = here.run(**STORING, options=RIGHT)
    assert (reason_of(outcome), type(outcome)) == ("payload_lost", Retry)
    assert here.stored == {}


def test_a_cancelled_task_is_not_read_to_its_end(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "_CHUNK", 1)
    here = scene()
    here.leave({"a.bin": b"x" * 100})
    here.gone = True
    assert here.run(size=100, options=RIGHT) == Gone()


@pytest.mark.parametrize("checksum", ["nonsense", 5, ["sha-1"]])
def test_a_checksum_that_is_none_lets_nothing_through(scene: MakeScene, checksum: Any) -> None:
    for left in ({}, {"a.bin": b"hello"}):
        here = scene(Deliver(b"hello"))
        here.leave(left)
        assert reason_of(here.run(size=5, options={"checksum": checksum})) == "checksum_invalid"
        assert here.stored == {}


def test_reading_for_a_checksum_is_not_slow() -> None:
    limits = Limits(Settings(min_speed=1000), 0)
    whole = Snapshot(completed=5, size=5)
    for now in range(0, 10_000, 100):
        limits.check(whole, now)


STORING: dict[str, Any] = {"status": S.STORING, "name": "a.bin", "size": 5, "completed": 5, "stored_path": "/a.bin"}


def test_storing_again_after_the_file_arrived(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.run()
    here.storage.calls.clear()
    assert here.run(**STORING) == Done(5)
    assert ("put", 7) not in here.storage.calls


def test_storing_again_after_the_file_arrived_and_the_folder_is_gone(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.run()
    here.tempdir.delete(7)
    assert here.run(**STORING) == Done(5)
    assert here.stored == {"/a.bin": b"hello"}


def test_storing_again_before_the_file_arrived(scene: MakeScene) -> None:
    here = scene()
    here.leave({"a.bin": b"hello"})
    assert here.run(**STORING) == Done(5)
    assert here.stored == {"/a.bin": b"hello"}
    assert here.engine.added == []


def test_storing_again_still_knows_that_it_is_a_page(scene: MakeScene) -> None:
    here = scene(Deliver(PAGE))
    here.run()
    outcome = here.run(**STORING | {"size": len(PAGE), "completed": len(PAGE)})
    assert isinstance(outcome, Done)
    assert outcome.note.reason == "got_web_page"


def test_storing_again_without_a_payload_downloads_again(scene: MakeScene) -> None:
    outcome = scene().run(**STORING)
    assert isinstance(outcome, Retry)
    assert outcome.error.reason == "payload_lost"
    assert not outcome.error.costs_attempt


def test_a_waiting_task_whose_file_had_arrived_is_not_stored_twice(scene: MakeScene) -> None:
    here = scene(Deliver(b"hello"))
    here.run()
    here.storage.calls.clear()
    assert here.run(name="a.bin", size=5, completed=5, stored_path="/a.bin") == Done(5)
    assert ("put", 7) not in here.storage.calls


# --- hostile engines ----------------------------------------------------------------------------------


def _snapshot(*files: EngineFile) -> Snapshot:
    size = sum(file.size for file in files)
    return Snapshot(TransferState.COMPLETE, size, size, files=files)


@pytest.mark.parametrize("kind", ["link", "link in folder", "fifo", "directory", "outside", "dots", "short", "long",
                                  "incomplete", "nothing"])  # fmt: skip
def test_only_complete_regular_files_of_the_own_folder_are_stored(scene: MakeScene, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"hello")
    here = scene(Hold())

    def deliver() -> None:
        folder = here.tempdir.folder(7)
        path, completed = folder / "f", 5
        if kind == "link":
            path.symlink_to(secret)
        elif kind == "link in folder":
            (folder / "sub").symlink_to(tmp_path)
            path = folder / "sub" / "secret"
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "directory":
            path.mkdir()
        elif kind == "outside":
            path = secret
        elif kind == "dots":
            path = folder / ".." / ".." / "secret"
        elif kind == "incomplete":
            path.write_bytes(b"hello")
            completed = 4
        else:
            path.write_bytes({"short": b"hell", "long": b"hello!"}.get(kind, b""))
        files = () if kind == "nothing" else (EngineFile(path, 5, completed),)
        here.engine.running[0].update(_snapshot(*files))

    here.plan[1] = deliver
    assert reason_of(here.run()) == "payload_unusable"
    assert here.stored == {}


def test_a_payload_that_vanished_is_not_the_links_fault(scene: MakeScene) -> None:
    here = scene(Hold())
    here.plan[1] = lambda: here.engine.running[0].update(_snapshot(EngineFile(here.tempdir.folder(7) / "f", 5, 5)))
    outcome = here.run()
    assert isinstance(outcome, Retry)
    assert (outcome.error.reason, outcome.error.costs_attempt) == ("payload_lost", False)


def test_a_file_that_cannot_be_looked_at_is_not_the_links_fault(
    scene: MakeScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = scene(Deliver(b"hello"))
    original = os.lstat

    def too_many_files(path: Any, **options: Any) -> os.stat_result:
        if str(path).endswith("a.bin"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return original(path, **options)

    monkeypatch.setattr(os, "lstat", too_many_files)
    outcome = here.run()
    assert isinstance(outcome, Retry)
    assert (outcome.error.reason, outcome.error.costs_attempt) == ("tempdir_unusable", False)


def test_a_hostile_file_does_not_take_for_ever(scene: MakeScene) -> None:
    here = scene(Deliver(b"<!---->" * 150))
    began = time.process_time()
    assert here.run() == Done(1050)
    assert time.process_time() - began < 5


def test_a34_several_files_are_stored_together(scene: MakeScene) -> None:
    here = scene(Deliver(files={"pack/one.txt": b"1", "pack/deep/two.txt": b"22"}))
    assert here.run() == Done(3)
    assert here.stored == {"/pack/one.txt": b"1", "/pack/deep/two.txt": b"22"}


def test_a34_several_files_without_a_common_folder(scene: MakeScene) -> None:
    here = scene(Deliver(files={"one.txt": b"1", "deep/two.txt": b"22"}))
    assert here.run(name="both") == Done(3)
    assert here.run(odr_id=8) == Done(3)
    assert here.stored == {
        "/both/one.txt": b"1",
        "/both/deep/two.txt": b"22",
        "/download/one.txt": b"1",
        "/download/deep/two.txt": b"22",
    }


def test_a34_storing_several_files_again(scene: MakeScene) -> None:
    here = scene()
    here.leave({"pack/one.txt": b"1", "pack/two.txt": b"22"})
    storing = STORING | {"name": "pack", "size": 3, "completed": 3, "stored_path": "/pack"}
    assert here.run(**storing) == Done(3)
    assert here.stored == {"/pack/one.txt": b"1", "/pack/two.txt": b"22"}


# --- types of files -----------------------------------------------------------------------------------

PICTURES = {"mime_allow": ("image/*",), "mime_deny": ("image/vnd.adobe.photoshop",)}


@pytest.mark.parametrize(("content", "kind"), kinds.TYPES.items(), ids=kinds.TYPES.values())
def test_a40_only_what_is_allowed_and_not_denied_is_stored(scene: MakeScene, content: bytes, kind: str) -> None:
    here = scene(Deliver(content, "a.png"), **PICTURES)
    outcome = here.run()
    if kind == "image/png":
        assert (type(outcome), here.stored) == (Done, {"/a.png": content})
        return
    assert (type(outcome), reason_of(outcome)) == (Failed, "kind_refused")
    assert kind in str(outcome.error)
    assert (here.stored, here.recorded) == ({}, [])


def test_without_rules_nobody_looks(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(os, "defpath", "/nowhere")
    assert scene(Deliver(kinds.PAGE)).run() == Done(len(kinds.PAGE), errors.GOT_WEB_PAGE)
    outcome = scene(Deliver(kinds.PNG), **PICTURES).run(name="b")
    assert (type(outcome), reason_of(outcome)) == (Retry, "sniffer_unavailable")


@pytest.mark.parametrize("status", [S.DOWNLOADING, S.STORING])
def test_what_was_left_is_held_against_the_rules_of_now(scene: MakeScene, status: S) -> None:
    here = scene(**PICTURES)
    here.leave({"a.png": kinds.PDF})
    outcome = here.run(status=status, size=len(kinds.PDF), stored_path="/a.png", name="a.png")
    assert (type(outcome), reason_of(outcome)) == (Failed, "kind_refused")
    assert (here.engine.added, here.stored) == ([], {})


def test_what_has_arrived_is_in_the_library_and_stays_there(scene: MakeScene) -> None:
    here = scene(**PICTURES)
    here.storage.files["/a.png"] = StoredFile(kinds.PDF, 7)
    outcome = here.run(status=S.STORING, size=len(kinds.PDF), stored_path="/a.png", name="a.png")
    assert isinstance(outcome, Done)


def begun(content: bytes) -> bytes:
    return content + b"\n" * 2**20


@pytest.mark.parametrize(
    ("content", "size", "is_refused"),
    [
        (begun(kinds.PAGE), 2**34, True),
        # Nobody knows how long it is.
        (begun(kinds.PDF), 0, True),
        (begun(kinds.PNG), 2**34, False),
        # Too little of it is there, or too little still to come.
        (kinds.PAGE, 2**34, False),
        (begun(kinds.PAGE), 2**21, False),
        # What the end of it may still make something else.
        (b"\0" * 2**20, 2**34, False),
    ],
)
def test_what_will_not_be_taken_need_not_come(scene: MakeScene, content: bytes, size: int, is_refused: bool) -> None:
    here = scene(Hold(content, size), max_size=0, **PICTURES)
    if not size:
        here.plan[1] = lambda: here.engine.running[0].update(replace(here.engine.running[0].snapshot, size=0))
    here.plan[5] = lambda: here.engine.play(URL, Deliver(kinds.PNG))
    outcome = here.run()
    assert here.engine.running == []
    if is_refused:
        assert (type(outcome), reason_of(outcome)) == (Failed, "kind_refused")
        assert here.waits < 5
    else:
        assert outcome == Done(len(kinds.PNG))


def test_what_cannot_be_told_early_is_told_in_the_end(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    here = scene(Hold(begun(kinds.PAGE), 2**34), max_size=0, **PICTURES)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", "/nowhere")
        patched.setattr(os, "defpath", "/nowhere")
        here.plan[3] = patched.undo
        here.plan[5] = lambda: here.engine.play(URL, Deliver(kinds.PNG))
        assert here.run() == Done(len(kinds.PNG))


def test_gone_while_it_is_looked_at(scene: MakeScene, monkeypatch: pytest.MonkeyPatch) -> None:
    here = scene(Deliver(kinds.PNG), **PICTURES)
    monkeypatch.setattr(here.storage, "arrived", lambda *_: setattr(here, "gone", True))
    here.leave({"a.bin": kinds.PNG})
    assert here.run(size=len(kinds.PNG), stored_path="/a.bin") == Gone()
    assert here.stored == {}
