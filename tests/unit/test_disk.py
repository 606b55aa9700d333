"""How full the disk is, and who has room on it; the disk is a fake one."""

from __future__ import annotations

import errno
import logging
import threading
from pathlib import Path

import pytest

from seafevents_offline.disk import Disk, Space, space, used
from seafevents_offline.errors import DiskReserved, TempDirUnusable
from seafevents_offline.status import OfflineDownloadStatus
from seafevents_offline.tasks.sweep import Held, given_up
from tests.support.disks import FakeDisk

S = OfflineDownloadStatus


@pytest.fixture
def fake() -> FakeDisk:
    return FakeDisk()


@pytest.fixture
def disk(tmp_path: Path, fake: FakeDisk) -> Disk:
    return Disk(tmp_path, 95, 90, fake)


def test_space_is_what_df_says(tmp_path: Path, fake: FakeDisk) -> None:
    fake.percent = 75
    found = space(tmp_path, fake)
    assert (found, found.percent) == (Space(250, 1000), 75)
    assert [found.below(percent) for percent in (95, 75, 70)] == [200, 0, -50]
    real = space(tmp_path)
    assert 0 < real.free <= real.total


@pytest.mark.parametrize(
    ("marks", "readings", "expected"),
    [
        ((95, 90), [50, 94.9, 95, 96, 94, 90.1, 90, 94.9, 95], "--FFFF--F"),
        ((95, 90), [95, 89, 95, 89, 95], "F-F-F"),
        ((95, 90), [96, 94, 96, 94, 91, 96], "FFFFFF"),
        ((95, 90), [89, 94, 89, 94, 91], "-----"),
        ((95, 95), [94, 95, 94.9, 95], "-F-F"),
        ((100, 100), [99.9, 100, 99.9], "-F-"),
    ],
)
def test_a42_readings_that_waver_change_nothing_between_the_marks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, marks: tuple[int, int], readings: list[float], expected: str
) -> None:
    caplog.set_level(logging.INFO)
    fake = FakeDisk()
    disk = Disk(tmp_path, *marks, fake)
    told = ""
    for fake.percent in readings:
        told += "F" if disk.look() else "-"
    assert told == expected
    flips = sum(one != other for one, other in zip("-" + told, told, strict=False))
    assert len(caplog.records) == flips


@pytest.mark.parametrize(
    ("marks", "percent", "missing"), [((95, 90), 95, 50), ((95, 95), 95, 1), ((100, 100), 100, 1), ((100, 100), 99, 0)]
)
def test_what_is_missing_makes_a_full_disk_not_full(
    tmp_path: Path, fake: FakeDisk, marks: tuple[int, int], percent: float, missing: int
) -> None:
    disk = Disk(tmp_path, *marks, fake)
    fake.percent = percent
    is_full = disk.look()
    assert (disk.missing(), is_full) == (missing, missing > 0)
    fake.percent -= missing * 100 / fake.total
    assert not disk.look()


def test_a_disk_that_cannot_be_looked_at_stays_what_it_was(disk: Disk, fake: FakeDisk) -> None:
    for is_full in (False, True):
        fake.percent = 96 if is_full else 0
        assert disk.look() == is_full
        fake.error = OSError(errno.EIO, "broken")
        assert disk.look() == is_full
        with disk.share(1) as share, pytest.raises(TempDirUnusable, match="broken"):
            share.reserve(1)
        fake.error = None


def test_a_disk_that_does_not_say_how_large_it_is_is_not_full(disk: Disk, fake: FakeDisk) -> None:
    fake.total = 0
    fake.percent = 100
    found = Disk(Path("/"), 95, 90, lambda _: type("", (), {"f_frsize": 1, "f_blocks": 0, "f_bfree": 0, "f_bavail": 0}))
    assert not found.look()
    with found.share(1) as share:
        share.reserve(2**50)


def test_what_is_still_to_come_is_counted_once_for_each(disk: Disk, fake: FakeDisk) -> None:
    fake.percent = 50
    with disk.share(1) as first:
        first.reserve(400)
        with disk.share(2) as second:
            second.reserve(50)
            with pytest.raises(DiskReserved):
                second.reserve(51)
            # What it had before it still has.
            with disk.share(3) as third, pytest.raises(DiskReserved):
                third.reserve(1)
            first.reserve(400)
            first.note(100)
            second.reserve(350)
        first.reserve(450)


def test_two_at_once_do_not_get_the_same_room(disk: Disk) -> None:
    got: list[int] = []
    all_there = threading.Barrier(8)

    def take(number: int) -> None:
        with disk.share(number) as share:
            all_there.wait(60)
            try:
                share.reserve(300)
                got.append(number)
            except DiskReserved:
                pass
            all_there.wait(60)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(got) == 3, "950 bytes are below the mark"


def test_what_takes_room_is_blocks_and_not_lengths(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "full").write_bytes(b"x" * 100_000)
    assert 100_000 <= used(tmp_path) < 2**20
    assert used(tmp_path / "gone") == 0


@pytest.mark.parametrize(
    ("missing", "expected"),
    [(0, []), (1, [4]), (5, [4]), (6, [4, 2]), (45, [4, 2, 1]), (60, [4, 2, 1, 3]), (75, [4, 2, 1, 3]), (76, [])],
)
def test_few_give_up_what_they_have_and_paused_ones_last(missing: int, expected: list[int]) -> None:
    held = [Held(1, S.WAITING, 10), Held(2, S.WAITING, 30), Held(3, S.PAUSED, 30), Held(4, S.ERROR, 5)]
    others = [Held(5, S.STORING, 10**9), Held(6, S.WAITING, 0)]
    assert [one.odr_id for one in given_up([*held, *others], missing)] == expected
