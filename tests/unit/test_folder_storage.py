"""What only the folder storage promises: links and copies, modes, hostile folders, full and broken disks."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.errors import (
    DiskFull,
    FolderGone,
    NameTaken,
    PayloadUnusable,
    StorageRefused,
    StorageUnavailable,
)
from seafevents_offline.storages.folder import FolderStorage, publish
from seafevents_offline.storages.folder.storage import _hidden_name
from seafevents_offline.task import Payload, PayloadFile
from tests.support.content import content
from tests.support.disks import make_read_only
from tests.support.libraries import FolderLibrary, make_payload, make_task, store

NOBODY = 65534


@pytest.fixture
def library(tmp_path) -> FolderLibrary:
    (tmp_path / "library").mkdir()
    return FolderLibrary(tmp_path / "library")


@pytest.fixture
def far_library(other_disk) -> FolderLibrary:
    """On another file system than the payloads."""
    (other_disk / "library").mkdir()
    return FolderLibrary(other_disk / "library")


def failing(number: int):
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


# --- how files get there ------------------------------------------------------------------------------


def test_on_the_same_disk_nothing_is_copied(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"abc", "sub/y": b"def"})
    store(library.storage, make_task(), Payload("x", payload.files[:1]), "one")
    store(library.storage, make_task(), payload, "set")
    for stored, source in (("/one", 0), ("/set/x", 0), ("/set/sub/y", 1)):
        assert os.path.samefile(library.at(stored), payload.files[source].source)


def test_on_another_disk_a_copy_keeps_the_time(far_library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"abc"})
    os.utime(payload.files[0].source, ns=(1, 1_234_567_890_123_456_789))
    store(far_library.storage, make_task(), payload, "a")
    assert far_library.at("/a").stat().st_mtime_ns == 1_234_567_890_123_456_789


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
@pytest.mark.parametrize("files", [{"x": b"abc"}, {"x": b"abc", "s/y": b"d"}], ids=["one", "several"])
def test_where_links_are_refused_files_are_copied(library, tmp_path, monkeypatch, number, files):
    monkeypatch.setattr(os, "link", failing(number))
    payload = make_payload(tmp_path, files)
    task = store(library.storage, make_task(), payload, "a")
    assert sorted(library.content().values()) == sorted(files.values())
    assert library.storage.arrived(task, payload)


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077, 0o002])
@pytest.mark.parametrize("place", ["library", "far_library"])
def test_stored_files_have_the_mode_of_ordinary_files(request, tmp_path, umask, place):
    there = request.getfixturevalue(place)
    payload = make_payload(tmp_path, {"x": b"abc", "sub/y": b"def"})
    for file in payload.files:
        os.chmod(file.source, 0o600)
    before = os.umask(umask)
    # A service asks for it once.
    publish._umask.cache_clear()
    try:
        store(there.storage, make_task(), payload, "set")
    finally:
        os.umask(before)
        publish._umask.cache_clear()
    for path in ("/set/x", "/set/sub/y"):
        assert stat.S_IMODE(there.at(path).stat().st_mode) == 0o666 & ~umask
    for path in ("/set", "/set/sub"):
        assert stat.S_IMODE(there.at(path).stat().st_mode) == 0o777 & ~umask


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can have an engine that runs as another user")
def test_stored_files_belong_to_the_service_not_to_the_engine(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"abc"})
    os.chown(payload.files[0].source, NOBODY, NOBODY)
    store(library.storage, make_task(), payload, "a")
    assert library.at("/a").stat().st_uid == os.geteuid()


@pytest.mark.parametrize("place", ["library", "far_library"])
def test_bytes_are_durable_before_the_name_and_the_name_before_the_end(request, tmp_path, monkeypatch, place):
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def note_fsync(fd: int) -> None:
        steps.append("sync folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "sync file")
        fsync(fd)

    def note_link(*args, **kwargs) -> None:
        link(*args, **kwargs)
        steps.append("link")

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "link", note_link)
    store(request.getfixturevalue(place).storage, make_task(), make_payload(tmp_path, {"x": b"abc"}), "a")
    assert steps == ["sync file", "link", "sync folder"]


def test_a_folder_that_cannot_be_synced_is_no_reason_to_fail(library, tmp_path, monkeypatch):
    fsync = os.fsync

    def picky_fsync(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "no")
        fsync(fd)

    monkeypatch.setattr(os, "fsync", picky_fsync)
    store(library.storage, make_task(), make_payload(tmp_path, {"x": b"abc"}), "a")
    assert library.content() == {"/a": b"abc"}


# --- whose file is it? --------------------------------------------------------------------------------


def test_a_copy_is_known_again_when_the_disk_rounds_times(far_library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"abc"})
    os.utime(payload.files[0].source, ns=(1, 1_234_567_891_123_456_789))
    task = store(far_library.storage, make_task(), payload, "a")
    os.utime(far_library.at("/a"), ns=(1, 1_234_567_890_000_000_000))
    assert far_library.storage.arrived(task, payload)


@pytest.mark.parametrize("change", ["bytes", "size"])
def test_what_somebody_changed_is_not_ours_any_more(far_library, tmp_path, change):
    payload = make_payload(tmp_path, {"x": b"abc"})
    task = store(far_library.storage, make_task(), payload, "a")
    stored = far_library.at("/a")
    time = stored.stat().st_mtime_ns
    stored.write_bytes({"bytes": b"xyz", "size": b"ab"}[change])
    os.utime(stored, ns=(1, time))
    assert not far_library.storage.arrived(task, payload)


def test_what_another_node_downloaded_and_put_there_has_arrived(library, tmp_path):
    """The same bytes under the recorded name, of another time; but who is only about to store finds the name taken."""
    payload = make_payload(tmp_path, {"x": b"abc"})
    library.write("/a", b"abc")
    os.utime(library.at("/a"), ns=(1, 1))
    assert library.storage.arrived(make_task(stored_path="/a"), payload) == "/a"
    with pytest.raises(NameTaken):
        library.storage.put(make_task(stored_path="/a"), payload)


def test_a_worker_that_was_thought_dead_publishes_nothing_half(far_library, tmp_path, monkeypatch):
    """Its hidden copy is replaced by the half one of the worker that came after it."""
    payload = make_payload(tmp_path, {"x": b"whole"})
    task = make_task(stored_path="/a")
    copy_bytes = publish._copy_bytes

    def copy_and_be_overtaken(source: int, target: int) -> None:
        copy_bytes(source, target)
        hidden = far_library.at(_hidden_name(task))
        hidden.unlink()
        hidden.write_bytes(b"ha")

    monkeypatch.setattr(publish, "_copy_bytes", copy_and_be_overtaken)
    with pytest.raises(StorageUnavailable):
        far_library.storage.put(task, payload)
    assert "/a" not in far_library.content()


def test_two_services_that_share_a_library_hide_under_different_names():
    task = make_task()
    assert _hidden_name(task) == _hidden_name(replace(task, claim=7, stored_path="/x", claimed_by="b"))
    assert _hidden_name(task) != _hidden_name(replace(task, url="https://example.com/other"))


# --- hostile folders, names and sources ---------------------------------------------------------------


@pytest.mark.parametrize("path", ["/link", "/link/inner", "/sub/link", "/file", "/file/x", "/../outside", "/sub/../.."])
def test_a_path_that_is_not_made_of_real_folders_is_gone(library, tmp_path, path):
    (tmp_path / "outside" / "inner").mkdir(parents=True)
    library.make_folder("/sub")
    library.write("/file", b"")
    library.at("/link").symlink_to(tmp_path / "outside")
    library.at("/sub/link").symlink_to("/")
    payload = make_payload(tmp_path, {"x": b"x"})
    with pytest.raises(FolderGone):
        library.storage.check(make_task(path), 1)
    with pytest.raises(FolderGone):
        library.storage.choose(make_task(path), "a")
    with pytest.raises(FolderGone):
        library.storage.put(make_task(path, f"{path}/a"), payload)
    assert not library.storage.arrived(make_task(path, f"{path}/a"), payload)
    assert list((tmp_path / "outside").rglob("*")) == [tmp_path / "outside" / "inner"]


@pytest.mark.parametrize("stored_path", ["/..", "/.", "/sub/..", "/../x", "/x\0y"])
def test_a_name_that_leads_elsewhere_is_never_written(library, tmp_path, stored_path):
    library.make_folder("/sub")
    with pytest.raises(FolderGone):
        library.storage.put(make_task(stored_path=stored_path), make_payload(tmp_path, {"x": b"x"}))
    assert library.content() == {}


def test_the_library_itself_may_be_a_link(library, tmp_path):
    (tmp_path / "link").symlink_to(library.root)
    store(FolderStorage(tmp_path / "link"), make_task(), make_payload(tmp_path, {"x": b"x"}), "a")
    assert library.content() == {"/a": b"x"}


@pytest.mark.parametrize("place", ["library", "far_library"])
@pytest.mark.parametrize("files", [{"x": b"mine"}, {"x": b"mine", "y": b""}], ids=["one", "several"])
def test_a_link_under_the_wished_name_is_neither_followed_nor_replaced(request, tmp_path, place, files):
    there = request.getfixturevalue(place)
    (tmp_path / "target").mkdir()
    for target in (tmp_path / "target", tmp_path / "nothing"):
        there.at("/a").symlink_to(target)
        assert there.storage.choose(make_task(), "a") == "/a (1)"
        with pytest.raises(NameTaken):
            there.storage.put(make_task(stored_path="/a"), make_payload(tmp_path, files))
        there.at("/a").unlink()
    assert list((tmp_path / "target").iterdir()) == []
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("kind", ["link", "hard link", "folder"])
@pytest.mark.parametrize("files", [{"x": b"mine"}, {"x": b"mine", "y": b"too"}], ids=["one", "several"])
def test_what_is_planted_under_the_hidden_name_is_replaced_not_written_to(far_library, tmp_path, kind, files):
    payload = make_payload(tmp_path, files)
    task = make_task(stored_path="/a")
    victim = far_library.root.parent / "victim"
    victim.write_bytes(b"precious")
    hidden = far_library.at(_hidden_name(task))
    if kind == "link":
        hidden.symlink_to(victim)
    elif kind == "hard link":
        hidden.hardlink_to(victim)
    else:
        (hidden / "deep").mkdir(parents=True)
        (hidden / "deep" / "link").symlink_to(victim)
    far_library.storage.put(task, payload)
    assert victim.read_bytes() == b"precious"
    assert sorted(far_library.content().values()) == sorted(files.values())


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_a_source_that_is_no_regular_file_is_not_stored(library, tmp_path, kind):
    source = tmp_path / "source"
    if kind == "link":
        source.symlink_to("/etc/hostname")
    elif kind == "folder":
        source.mkdir()
    else:
        os.mkfifo(source)
    size = source.stat().st_size
    with pytest.raises(PayloadUnusable):
        library.storage.put(make_task(stored_path="/a"), Payload("a", (PayloadFile("a", str(source), size),)))
    assert library.content() == {}


def test_hostile_names_inside_a_payload_become_safe_and_stay_apart(library, tmp_path):
    good = make_payload(tmp_path, {f"f{number}": b"%d" % number for number in range(8)})
    names = ["../x", "a:b", "a*b", "a?b/c", "a|b/c", "..", "CON", "\u202egpj.exe"]
    files = tuple(replace(file, name=name) for file, name in zip(good.files, names, strict=True))
    task = store(library.storage, make_task(), Payload("set", files), "set")
    assert library.content() == {
        "/set/download/x": b"0",
        "/set/a_b": b"1",
        "/set/a_b (1)": b"2",
        "/set/a_b (2)/c": b"3",
        "/set/a_b (3)/c": b"4",
        "/set/download (1)": b"5",
        "/set/_CON": b"6",
        "/set/gpj.exe": b"7",
    }
    assert library.storage.arrived(task, Payload("set", files))


# --- disks --------------------------------------------------------------------------------------------


def test_a_full_disk_leaves_nothing_visible_and_works_when_there_is_room(small_disk, tmp_path):
    library = FolderLibrary(small_disk)
    one = make_payload(tmp_path, {"x": content(1, 600_000)})
    several = make_payload(tmp_path, {"x": content(2, 300_000), "y": content(3, 300_000)})
    library.write("/filler", b"x" * 600_000)
    task, other = make_task(stored_path="/a"), make_task(stored_path="/set")
    for _ in range(2):
        with pytest.raises(DiskFull):
            library.storage.put(task, one)
        with pytest.raises(DiskFull):
            library.storage.put(other, several)
        assert list(library.content()) == ["/filler"]
        assert list(small_disk.iterdir()) == [small_disk / "filler"]
    library.at("/filler").unlink()
    library.storage.put(task, one)
    library.at("/a").unlink()
    library.storage.put(other, several)
    assert library.content() == {"/set/x": content(2, 300_000), "/set/y": content(3, 300_000)}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("function", ["write", "fsync", "utime"])
@pytest.mark.parametrize("files", [{"x": b"a"}, {"x": b"a", "y": b"b"}], ids=["one", "several"])
def test_room_may_end_at_any_step(far_library, tmp_path, monkeypatch, number, function, files):
    payload = make_payload(tmp_path, files)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, failing(number))
        with pytest.raises(DiskFull):
            far_library.storage.put(make_task(stored_path="/a"), payload)
    assert list(far_library.root.iterdir()) == []


def test_room_is_asked_for_before_it_is_needed(small_disk, tmp_path):
    storage = FolderStorage(small_disk, tempdir=tmp_path)
    storage.check(make_task(), 900_000)
    with pytest.raises(DiskFull):
        storage.check(make_task(), 2_000_000)


def test_what_is_on_the_same_disk_already_needs_no_room(tmp_path, small_disk):
    FolderStorage(small_disk, tempdir=small_disk).check(make_task(), 2_000_000)
    FolderStorage(small_disk).check(make_task(), 2_000_000)


def test_a_file_that_the_disk_cannot_hold_is_refused_for_good(far_library, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.EFBIG))
        with pytest.raises(StorageRefused):
            far_library.storage.put(make_task(stored_path="/a"), make_payload(tmp_path, {"x": b"x"}))
    assert far_library.content() == {}


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.ESTALE, errno.EACCES])
@pytest.mark.parametrize("function", ["open", "fsync", "link", "stat"])
def test_a_broken_disk_is_waited_for(library, tmp_path, monkeypatch, number, function):
    payload = make_payload(tmp_path, {"x": b"x"})
    task = make_task(stored_path="/a")
    with monkeypatch.context() as patch:
        patch.setattr(os, function, failing(number))
        with pytest.raises((StorageUnavailable, PayloadUnusable)) as caught:
            library.storage.put(task, payload)
    assert isinstance(caught.value, StorageUnavailable)
    library.storage.put(task, payload)
    assert library.content() == {"/a": b"x"}


def test_a_disk_that_fails_to_answer_is_not_taken_for_a_taken_name(library, tmp_path, monkeypatch):
    payload = make_payload(tmp_path, {"x": b"x"})
    task = store(library.storage, make_task(), payload, "a")
    os_open = os.open

    def fail_for_stored(path, flags, *args, **kwargs) -> int:
        if path == "a":
            raise OSError(errno.EIO, "broken")
        return os_open(path, flags, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail_for_stored)
        for verb in (library.storage.put, library.storage.arrived):
            with pytest.raises(StorageUnavailable):
                verb(task, payload)
    assert library.storage.arrived(task, payload)


@pytest.mark.parametrize("place", ["library", "far_library"])
def test_a_socket_or_pipe_in_the_way_is_a_taken_name(request, tmp_path, place):
    there = request.getfixturevalue(place)
    os.mkfifo(there.at("/a"))
    os.mknod(there.at("/b"), stat.S_IFSOCK)
    for name in ("/a", "/b"):
        with pytest.raises(NameTaken):
            there.storage.put(make_task(stored_path=name), make_payload(tmp_path, {"x": b"x"}))


def test_a_read_only_library_is_waited_for(small_disk, tmp_path):
    library = FolderLibrary(small_disk)
    payload = make_payload(tmp_path, {"x": b"x"})
    task = make_task(stored_path="/a")
    make_read_only(small_disk)
    for verb in (lambda: library.storage.check(task, 1), library.storage.health):
        with pytest.raises(StorageUnavailable, match="no right to write"):
            verb()
    with pytest.raises(StorageUnavailable, match="Read-only file system"):
        library.storage.put(task, payload)
    make_read_only(small_disk, False)
    library.storage.check(task, 1)
    library.storage.put(task, payload)
    assert library.storage.arrived(task, payload)


def test_a_library_that_never_was_is_told_with_its_name(tmp_path):
    with pytest.raises(StorageUnavailable, match=f"{tmp_path}/nowhere: No such file or directory"):
        FolderStorage(tmp_path / "nowhere").health()


def test_a_library_that_is_a_file_is_no_library(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable):
        FolderStorage(tmp_path / "file").check(make_task(), 0)


def test_health_says_where_and_how_much_room(library):
    sentence = library.storage.health()
    assert sentence.startswith(f"Files are put into the folder {library.root}; ")
    assert sentence.endswith(" are free.")


def test_no_file_descriptor_is_left_open(library, far_library, tmp_path, monkeypatch):
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    payload = make_payload(tmp_path, {"x": b"x", "s/y": b"y"})
    before = count()
    for there in (library, far_library):
        task = store(there.storage, make_task(), payload, "set")
        there.storage.arrived(task, payload)
        for path in ("/gone", "/set/gone", "/set/x/gone"):
            with pytest.raises(FolderGone):
                there.storage.check(make_task(path), 1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing(errno.EIO))
            with pytest.raises(StorageUnavailable):
                there.storage.put(make_task(stored_path="/b"), payload)
    assert count() == before
