from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seafevents_offline.hosts.installation import edit, obstacles
from seafevents_offline.hosts.installation.edit import BACKUP, Change
from seafevents_offline.hosts.installation.refusal import HalfChanged, NotChanged
from tests.support.disks import make_read_only
from tests.support.installation import SEAFILE, snapshot
from tests.support.rights import only_root


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "a").write_bytes(b"old a")
    (folder / "b").write_bytes(b"old b")
    return folder


def change(file: Path, new: bytes | None = b"new", old: bytes | None = b"") -> Change:
    before = edit.read(file) if old == b"" else old
    return Change(file, before, new, part=b"part", owner=(os.geteuid(), os.getegid()), mode=0o640)


def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: Path, number: int) -> None:
    """The system refuses to rename onto, or to remove, this one path."""
    real: Callable[..., None] = getattr(Path, name)

    def refuse(self: Path, *args: object) -> None:
        if at in (self, *args):
            raise OSError(number, os.strerror(number))
        real(self, *args)

    monkeypatch.setattr(Path, name, refuse)


def test_all_changes_are_made_and_each_file_is_kept_as_it_was(conf):
    edit.apply([change(conf / "a"), change(conf / "b", b"other")])
    assert {name: (conf / name).read_bytes() for name in os.listdir(conf)} == {
        "a": b"new",
        "b": b"other",
        f"a{BACKUP}": b"old a",
        f"b{BACKUP}": b"old b",
    }


def test_there_is_one_backup_and_none_beside_a_file_that_is_again_what_it_was(conf):
    edit.apply([change(conf / "a", b"1")])
    edit.apply([change(conf / "a", b"2")])
    assert (conf / f"a{BACKUP}").read_bytes() == b"1"
    edit.apply([change(conf / "a", b"1")])
    assert sorted(os.listdir(conf)) == ["a", "b"]


@only_root
def test_owner_and_mode_are_kept_and_what_is_made_gets_those_that_were_said(conf):
    os.chown(conf / "a", SEAFILE, SEAFILE + 1)
    os.chmod(conf / "a", 0o4640)
    made = Change(conf / "c", None, b"new", part=b"", owner=(SEAFILE, SEAFILE), mode=0o640)
    edit.apply([change(conf / "a"), made])
    seen = snapshot(conf)
    assert seen["a"] == (SEAFILE, SEAFILE + 1, 0o4640, b"new")
    assert seen[f"a{BACKUP}"] == (SEAFILE, SEAFILE + 1, 0o4640, b"old a")
    assert seen["c"] == (SEAFILE, SEAFILE, 0o640, b"new")


def test_attributes_are_kept(conf):
    try:
        os.setxattr(conf / "a", "user.note", b"mine")
    except OSError:
        pytest.skip("this file system has no attributes")
    edit.apply([change(conf / "a")])
    assert os.getxattr(conf / "a", "user.note") == b"mine"


def test_a_link_stays_and_what_it_leads_to_changes(conf, other_disk):
    (other_disk / "real").write_bytes(b"old")
    (conf / "a").unlink()
    (conf / "a").symlink_to(other_disk / "real")
    edit.apply([change(conf / "a")])
    assert os.readlink(conf / "a") == str(other_disk / "real")
    assert (other_disk / "real").read_bytes() == b"new"
    assert sorted(os.listdir(conf)) == ["a", "b"]
    assert (other_disk / f"real{BACKUP}").read_bytes() == b"old"


@only_root
@pytest.mark.parametrize(("whose", "is_followed"), [(0, True), (SEAFILE, False)])
def test_a_link_leads_to_files_of_its_own_user_only_unless_it_is_roots(whose, is_followed, conf, other_disk):
    (other_disk / "real").write_bytes(b"old")
    os.chown(other_disk / "real", SEAFILE + 1, SEAFILE + 1)
    (conf / "a").unlink()
    (conf / "a").symlink_to(other_disk / "real")
    os.chown(conf / "a", whose, whose, follow_symlinks=False)
    if is_followed:
        edit.apply([change(conf / "a")])
    else:
        with pytest.raises(NotChanged, match="what it leads to belongs to somebody else"):
            edit.apply([change(conf / "a")])
    assert (other_disk / "real").read_bytes() == (b"new" if is_followed else b"old")


def test_a_file_that_is_removed_leaves_nothing(conf):
    edit.apply([change(conf / "a", None)])
    assert os.listdir(conf) == ["b"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EBUSY, errno.EROFS, errno.EXDEV, errno.EIO])
@pytest.mark.parametrize("kind", ["changed", "made", "removed"])
def test_when_the_second_cannot_be_put_in_place_the_first_is_put_back(kind, number, conf, monkeypatch):
    (conf / f"b{BACKUP}").write_bytes(b"of last time")
    if kind == "made":
        (conf / "a").unlink()
    before = snapshot(conf)
    changes = [change(conf / "a", None if kind == "removed" else b"new"), change(conf / "b")]
    failing(monkeypatch, "rename", conf / "b", number)
    with pytest.raises(NotChanged, match=r"/b cannot be changed: .*\. Nothing was changed\.$") as caught:
        edit.apply(changes)
    assert snapshot(conf) == before
    assert caught.value.by_hand == (number in (errno.EBUSY, errno.EROFS, errno.EXDEV))


def test_one_that_cannot_be_put_back_is_said_and_kept(conf, monkeypatch):
    changes = [change(conf / "a"), change(conf / "b")]
    real, calls = Path.rename, []

    def refuse(self: Path, target: Path) -> None:
        calls.extend([target] if self.exists() else [])
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(HalfChanged) as caught:
        edit.apply(changes)
    kept = conf / "a.offline-download-kept"
    assert str(caught.value) == (
        f"{conf / 'a'} was changed and cannot be changed back: Input/output error. The file as it was: {kept}"
    )
    assert kept.read_bytes() == b"old a"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("when", ["before", "behind"])
def test_whoever_interrupts_it_leaves_nothing_half_done(when, stop, conf, monkeypatch):
    before = snapshot(conf)
    changes = [change(conf / "a"), change(conf / "b")]
    real = Path.rename

    def interrupted(self: Path, target: Path) -> None:
        if when == "behind":
            real(self, target)
        if target == conf / "b":
            monkeypatch.undo()
            raise stop
        if when == "before":
            real(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(stop):
        edit.apply(changes)
    assert snapshot(conf) == before


def test_what_a_killed_one_left_is_no_obstacle(conf):
    for end in (".offline-download-draft", ".offline-download-kept"):
        (conf / f"a{end}").write_bytes(b"half of it")
    edit.apply([change(conf / "a")])
    assert sorted(os.listdir(conf)) == ["a", f"a{BACKUP}", "b"]


def test_what_somebody_saves_meanwhile_is_not_lost(conf):
    changes = [change(conf / "a"), change(conf / "b")]
    (conf / "b").write_bytes(b"saved by an editor")
    with pytest.raises(NotChanged, match="is being changed by somebody else"):
        edit.apply(changes)
    assert {name: (conf / name).read_bytes() for name in os.listdir(conf)} == {
        "a": b"old a",
        "b": b"saved by an editor",
    }


def test_a_file_with_two_names_is_not_changed(conf):
    os.link(conf / "a", conf / "second")
    before = snapshot(conf)
    with pytest.raises(NotChanged, match="has a second name") as caught:
        edit.apply([change(conf / "b"), change(conf / "a")])
    assert caught.value.by_hand
    assert snapshot(conf) == before


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_ordinary_file_is_not_read(make, conf):
    make(conf / "c")
    with pytest.raises(NotChanged, match="is no ordinary file"):
        edit.read(conf / "c")
    assert edit.read(conf / "nothing") is None


@pytest.fixture
def mounted_file(conf: Path) -> Iterator[Path]:
    """``conf/b`` is another file, mounted there as Docker does."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file")
    outside = conf.parent / "on the host"
    outside.write_bytes(b"old b")
    subprocess.run(["mount", "--bind", outside, conf / "b"], check=True, timeout=60)
    yield conf / "b"
    subprocess.run(["umount", conf / "b"], check=True, timeout=60)


def test_a_file_that_is_mounted_by_itself_is_not_changed(conf, mounted_file):
    before = snapshot(conf)
    with pytest.raises(NotChanged, match="is mounted by itself") as caught:
        edit.apply([change(conf / "a"), change(mounted_file)])
    assert caught.value.by_hand
    assert snapshot(conf) == before


def test_the_system_says_so_too_when_it_does_not_tell_what_is_mounted(conf, mounted_file, monkeypatch):
    monkeypatch.setattr(obstacles, "_MOUNTS", Path("/nothing"))
    before = snapshot(conf)
    with pytest.raises(NotChanged, match="cannot be changed: Device or resource busy") as caught:
        edit.apply([change(conf / "a"), change(mounted_file)])
    assert caught.value.by_hand
    assert snapshot(conf) == before


@pytest.mark.parametrize("name", ["plain", "with blanks", "back\\slash", "tab\there", "naïve"])
def test_a_mounted_file_is_known_whatever_it_is_called(name, tmp_path, monkeypatch):
    path = tmp_path / name
    escaped = "".join(f"\\{ord(char):03o}" if char in " \t\n\\" else char for char in str(path))
    table = tmp_path / "mountinfo"
    table.write_text(f"21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 21 8:1 /x {escaped} rw - ext4 /dev/sda1 rw\n")
    monkeypatch.setattr(obstacles, "_MOUNTS", table)
    assert obstacles.is_mount_point(path)
    assert not obstacles.is_mount_point(tmp_path / "other")


def test_a_disk_that_is_read_only_takes_nothing(small_disk):
    (small_disk / "a").write_bytes(b"old a")
    make_read_only(small_disk)
    with pytest.raises(NotChanged, match="it is on a read-only file system") as caught:
        edit.apply([change(small_disk / "a")])
    assert caught.value.by_hand


def test_a_disk_that_is_full_leaves_everything_as_it_is(small_disk):
    (small_disk / "a").write_bytes(b"old a")
    (small_disk / "b").write_bytes(b"old b")
    before = snapshot(small_disk)
    with pytest.raises(NotChanged, match="/b cannot be changed: No space left on device"):
        edit.apply([change(small_disk / "a"), change(small_disk / "b", b"x" * 2_000_000)])
    assert snapshot(small_disk) == before


@only_root
def test_an_immutable_file_stays_and_so_does_the_other_one(conf):
    set_it = subprocess.run(["chattr", "+i", conf / "b"], check=False, capture_output=True, timeout=60)
    if set_it.returncode:
        pytest.skip("this file system has no immutable files; the test of refused renames raises the same error")
    before = snapshot(conf)
    try:
        with pytest.raises(NotChanged, match="immutable"):
            edit.apply([change(conf / "a"), change(conf / "b")])
    finally:
        subprocess.run(["chattr", "-i", conf / "b"], check=True, timeout=60)
    assert snapshot(conf) == before


def test_two_at_once_do_not_meet(conf):
    refused = pytest.raises(NotChanged, match="Another `enable` or `disable` is at work")
    with edit.alone(conf), refused, edit.alone(conf):
        pass
    with edit.alone(conf):
        pass


def test_a_disk_without_locks_is_no_obstacle(conf, monkeypatch):
    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(edit.fcntl, "flock", refuse)
    with edit.alone(conf):
        edit.apply([change(conf / "a")])
    assert (conf / "a").read_bytes() == b"new"
