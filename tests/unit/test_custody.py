"""A task's folder changes hands: what the engine's account may do to it, and what must not outlast the taking back."""

from __future__ import annotations

import fcntl
import mmap
import os
import resource
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from seafevents_offline import custody, payloads
from seafevents_offline.confine import Account
from seafevents_offline.custody import clear, hand_over, let_through, take_back
from seafevents_offline.engines.base import EngineFile, Snapshot
from seafevents_offline.errors import PayloadLost, PayloadUnusable, TempDirUnusable
from seafevents_offline.tempdir import TempDir

NOBODY = Account("nobody", 65534, 65534)

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A task's folder, as the service makes it, with a file in it."""
    folder = TempDir(tmp_path).make(7)
    (folder / "a").write_text("content")
    return folder


@pytest.fixture
def theirs(folder: Path) -> Path:
    hand_over(folder, NOBODY)
    return folder


def owner_and_mode(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_uid, stat.S_IMODE(found.st_mode)


# --- giving and taking --------------------------------------------------------------------------------


@only_root
def test_the_engine_gets_the_folder_and_what_is_in_it(theirs: Path) -> None:
    assert owner_and_mode(theirs) == (NOBODY.uid, 0o700)
    assert (theirs / "a").stat().st_uid == NOBODY.uid
    hand_over(theirs, NOBODY)


@only_root
def test_all_is_ours_again_afterwards(theirs: Path) -> None:
    (theirs / "deep").mkdir()
    (theirs / "deep" / "b").write_text("more")
    for path in (theirs / "deep", theirs / "deep" / "b"):
        os.chown(path, NOBODY.uid, NOBODY.gid)
    (theirs / "deep" / "b").chmod(0o4777)
    take_back(theirs)
    assert owner_and_mode(theirs) == owner_and_mode(theirs / "deep") == (0, 0o700)
    assert owner_and_mode(theirs / "a") == owner_and_mode(theirs / "deep" / "b") == (0, 0o600)
    take_back(theirs)
    assert (theirs / "a").read_text() == "content"


@only_root
def test_it_may_go_on_under_another_account(theirs: Path) -> None:
    daemon = Account("daemon", 1, 1)
    take_back(theirs)
    hand_over(theirs, daemon)
    assert (theirs / "a").stat().st_uid == theirs.stat().st_uid == daemon.uid
    take_back(theirs)
    assert (theirs / "a").stat().st_uid == theirs.stat().st_uid == 0


def test_without_an_account_nothing_changes(folder: Path) -> None:
    before = owner_and_mode(folder), owner_and_mode(folder / "a")
    hand_over(folder, None)
    take_back(folder)
    let_through(folder, None)
    assert (owner_and_mode(folder), owner_and_mode(folder / "a")) == before


@only_root
def test_the_engine_may_go_through_but_not_look_around(tmp_path: Path) -> None:
    let_through(tmp_path, NOBODY)
    assert owner_and_mode(tmp_path) == (0, 0o710)
    assert tmp_path.stat().st_gid == NOBODY.gid
    TempDir(tmp_path).open()


@only_root
def test_a_file_with_a_second_name_is_not_given_away(folder: Path, tmp_path: Path) -> None:
    """It is in a library already."""
    os.link(folder / "a", tmp_path / "stored")
    hand_over(folder, NOBODY)
    assert (tmp_path / "stored").stat().st_uid == 0


# --- what a hostile engine leaves ---------------------------------------------------------------------


def link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def link_to_folder(path: Path) -> None:
    path.symlink_to("/etc")


def deep_link(path: Path) -> None:
    path.mkdir()
    (path / "link").symlink_to("/etc/passwd")


def abyss(path: Path) -> None:
    """A folder in a folder in a folder …"""
    path.mkdir()
    fd = os.open(path, os.O_RDONLY)
    for _ in range(100):
        os.mkdir("d", dir_fd=fd)
        fd, above = os.open("d", os.O_RDONLY, dir_fd=fd), fd
        os.close(above)
    os.close(fd)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def door(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def second_name(path: Path) -> None:
    victim = path.parent.parent / "victim"
    victim.write_text("secret")
    os.chown(victim, NOBODY.uid, NOBODY.gid)
    os.link(victim, path)


def file_of_root(path: Path) -> None:
    """Linked into the folder and then deleted where it was: it has one name left."""
    path.write_text("secret")
    path.chmod(0o600)


@only_root
@pytest.mark.parametrize("plant", [link, link_to_folder, deep_link, abyss, pipe, door, second_name, file_of_root])
def test_what_is_no_plain_file_of_the_engine_is_refused_for_good(theirs: Path, plant: Callable[[Path], None]) -> None:
    plant(theirs / "planted")
    before = {path: owner_and_mode(path) for path in map(Path, ("/etc", "/etc/passwd"))}
    victim = theirs.parent / "victim"
    for _ in range(2):
        with pytest.raises(PayloadUnusable):
            take_back(theirs)
        assert theirs.stat().st_uid == 0, "nobody changes it any more"
    assert {path: owner_and_mode(path) for path in before} == before
    assert not victim.exists() or owner_and_mode(victim) == (NOBODY.uid, 0o644)
    again = TempDir(theirs.parent).make(7)
    assert owner_and_mode(again) == (0, 0o700)
    assert list(again.iterdir()) == []


@only_root
@pytest.mark.parametrize("mapped", [False, True])
def test_what_somebody_still_writes_changes_no_more(theirs: Path, mapped: bool) -> None:
    """Whether by a descriptor or in memory that it shares with the file."""
    before = (theirs / "a").stat()
    with open(theirs / "a", "r+b") as file, mmap.mmap(file.fileno(), 7) as memory:
        if mapped:
            file.close()
        take_back(theirs)
        memory[:3] = b"CON"
        memory.flush()
        assert (theirs / "a").read_bytes() == b"content"
        assert os.listdir(theirs) == ["a"]
    after = (theirs / "a").stat()
    assert after.st_mtime_ns == before.st_mtime_ns
    assert owner_and_mode(theirs / "a") == (0, 0o600)


@only_root
def test_a_reader_is_no_writer(theirs: Path) -> None:
    before = (theirs / "a").stat().st_ino
    with open(theirs / "a", "rb"):
        take_back(theirs)
    assert (theirs / "a").stat().st_ino == before, "nothing was copied"


@only_root
def test_where_files_cannot_be_leased_the_names_still_hold(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    take_back(theirs)
    assert owner_and_mode(theirs / "a") == (0, 0o600)


@only_root
def test_a_taking_back_that_was_cut_short_trusts_nothing(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(custody, "_take_contents", killed)
        with pytest.raises(KeyboardInterrupt):
            take_back(theirs)
    with pytest.raises(PayloadUnusable):
        take_back(theirs)


def test_a_folder_that_is_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "8").symlink_to(folder)
    for change in (take_back, lambda path: hand_over(path, NOBODY), lambda path: let_through(path, NOBODY)):
        with pytest.raises(NotADirectoryError):
            change(tmp_path / "8")


# --- deleting -----------------------------------------------------------------------------------------


def test_clearing_deletes_all_and_follows_no_link(tmp_path: Path) -> None:
    folder, other = tmp_path / "1", tmp_path / "other"
    (folder / "deep" / "deeper").mkdir(parents=True)
    other.mkdir()
    for path in (folder / "a", folder / "deep" / "b", folder / "deep" / "deeper" / "c", other / "precious"):
        path.write_text("x")
    (folder / "link").symlink_to(other)
    (folder / "deep" / "link").symlink_to(other)
    clear(folder)
    assert list(folder.iterdir()) == []
    assert [path.name for path in other.iterdir()] == ["precious"]


def test_no_folder_is_too_deep_to_be_deleted(folder: Path) -> None:
    """Neither descriptors nor Python's stack go as deep as folders can."""
    abyss(folder / "planted")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 10, hard))
    try:
        TempDir(folder.parent).delete(7)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not folder.exists()


# --- the payload --------------------------------------------------------------------------------------


@pytest.fixture
def complete(theirs: Path) -> Snapshot:
    return Snapshot(files=(EngineFile(theirs / "a", 7, 7),))


@only_root
def test_a_payload_is_taken_back_before_it_is_looked_at(theirs: Path, complete: Snapshot) -> None:
    payload = payloads.verified(theirs, complete)
    assert payload.size == 7
    assert owner_and_mode(theirs) == (0, 0o700)
    assert owner_and_mode(theirs / "a") == (0, 0o600)


@only_root
def test_a_link_beside_a_good_file_spoils_it(theirs: Path, complete: Snapshot) -> None:
    link(theirs / "b")
    with pytest.raises(PayloadUnusable):
        payloads.verified(theirs, complete)


@only_root
def test_a_folder_that_is_gone_is_a_loss(theirs: Path, complete: Snapshot) -> None:
    TempDir(theirs.parent).delete(7)
    with pytest.raises(PayloadLost):
        payloads.verified(theirs, complete)


def test_a_folder_of_somebody_else_is_no_fault_of_the_link(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    monkeypatch.setattr(os, "fchown", refuse)
    with pytest.raises(TempDirUnusable):
        payloads.verified(folder, Snapshot(files=(EngineFile(folder / "a", 7, 7),)))
    with pytest.raises(TempDirUnusable):
        TempDir(tmp_path).make(7)
