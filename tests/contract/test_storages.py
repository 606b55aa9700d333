"""What every storage promises; see storages/base.py."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.errors import FolderGone, NameTaken, PayloadLost, PayloadUnusable, StorageUnavailable
from seafevents_offline.storages.folder import publish
from seafevents_offline.task import Payload, PayloadFile
from tests.support import seaserv
from tests.support.content import content
from tests.support.libraries import FolderLibrary, Library, SeafileLibrary, StubLibrary, make_payload, make_task, store
from tests.support.seafile import OWNER, Seafile

BIG = content("big", 3 * 1024 * 1024 + 1)
SEVERAL = {"a.txt": b"one", "sub/b.txt": b"two", "sub/deeper/c.bin": BIG, "empty": b""}


def refuse_links(fd: int, place: publish.Place) -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.fixture(params=["stub", "folder", "folder on another disk", "folder without links", 11, 12, 13, 14])
def library(request, tmp_path, other_disk, monkeypatch) -> Library:
    """A number is the version of a Seafile server."""
    if request.param == "stub":
        return StubLibrary()
    if isinstance(request.param, int):
        seafile = Seafile(request.param)
        seaserv.install(monkeypatch, seafile)
        return SeafileLibrary(seafile)
    root = (other_disk if request.param == "folder on another disk" else tmp_path) / "library"
    root.mkdir()
    if request.param == "folder without links":
        monkeypatch.setattr(publish, "_link", refuse_links)
    return FolderLibrary(root)


# --- check --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_folder_that_is_there_takes_a_file(library, size):
    library.make_folder("/sub")
    library.storage.check(make_task("/"), size)
    library.storage.check(make_task("/sub"), size)


def test_a_folder_that_is_not_there_takes_none(library):
    for verb in (lambda task: library.storage.check(task, 0), lambda task: library.storage.choose(task, "a")):
        with pytest.raises(FolderGone) as caught:
            verb(make_task("/gone/too"))
        assert caught.value.reason_args == {"path": "/gone/too"}


def test_whose_tasks_there_are_is_known(library):
    """A folder has no people of its own; the others' are tested where they are asked for."""
    assert library.storage.knows(OWNER)
    if not isinstance(library, FolderLibrary):
        gone = library.storage.strangers.add if isinstance(library, StubLibrary) else library.seafile.users.pop
        gone(OWNER)
        assert not library.storage.knows(OWNER)


# --- choose -------------------------------------------------------------------------------------------


def test_the_wished_name_is_chosen_when_it_is_free(library):
    library.make_folder("/sub")
    assert library.storage.choose(make_task("/"), "a.txt") == "/a.txt"
    assert library.storage.choose(make_task("/sub"), "a.txt") == "/sub/a.txt"


def test_choosing_reserves_nothing(library):
    assert library.storage.choose(make_task(), "a.txt") == library.storage.choose(make_task(), "a.txt")
    assert library.content() == {}


def test_a_taken_name_gets_a_number(library):
    library.write("/a.txt", b"x")
    library.write("/a (1).txt", b"x")
    library.make_folder("/a (2).txt")
    assert library.storage.choose(make_task(), "a.txt") == "/a (3).txt"


def test_the_recorded_name_is_taken_again_while_it_is_free(library):
    task = make_task(stored_path="/a (7).txt")
    assert library.storage.choose(task, "a.txt") == "/a (7).txt"
    library.write("/a (7).txt", b"x")
    assert library.storage.choose(task, "a.txt") == "/a.txt"


def test_a_recorded_name_in_another_folder_does_not_count(library):
    library.make_folder("/sub")
    assert library.storage.choose(make_task("/", "/sub/a.txt"), "a.txt") == "/a.txt"


# --- put one file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"x", BIG], ids=["empty", "tiny", "big"])
def test_a_file_appears_whole_under_its_name_and_nothing_else_does(library, tmp_path, data):
    library.make_folder("/sub")
    task = store(library.storage, make_task("/sub"), make_payload(tmp_path, {"x": data}), "a.bin")
    assert task.stored_path == "/sub/a.bin"
    assert library.content() == {"/sub/a.bin": data}


def test_putting_again_changes_nothing(library, tmp_path):
    payload = make_payload(tmp_path, {"x": BIG})
    task = store(library.storage, make_task(), payload, "a.bin")
    library.storage.put(task, payload)
    library.storage.put(task, payload)
    assert library.content() == {"/a.bin": BIG}


def test_the_source_stays(library, tmp_path):
    payload = make_payload(tmp_path, {"x": BIG})
    store(library.storage, make_task(), payload, "a.bin")
    assert Path(payload.files[0].source).read_bytes() == BIG


@pytest.mark.parametrize("theirs", [b"", b"other", b"mine"])
@pytest.mark.parametrize("files", [{"x": b"mine"}, {"x": b"mine", "y": b""}], ids=["one", "several"])
def test_another_file_is_never_overwritten(library, tmp_path, theirs, files):
    payload = make_payload(tmp_path, files)
    library.write("/a.bin", theirs)
    for _ in range(2):
        with pytest.raises(NameTaken):
            library.storage.put(make_task(stored_path="/a.bin"), payload)
    assert library.content() == {"/a.bin": theirs}


@pytest.mark.parametrize("inside", [{}, {"/a/x": b"mine"}, {"/a/x": b"other"}])
@pytest.mark.parametrize("files", [{"x": b"mine"}, {"x": b"mine", "y": b"too"}], ids=["one", "several"])
def test_another_folder_is_never_overwritten(library, tmp_path, inside, files):
    library.make_folder("/a")
    for path, data in inside.items():
        library.write(path, data)
    with pytest.raises(NameTaken):
        library.storage.put(make_task(stored_path="/a"), make_payload(tmp_path, files))
    assert library.content() == inside


def test_a_folder_that_went_meanwhile_is_told(library, tmp_path):
    with pytest.raises(FolderGone):
        library.storage.put(make_task("/sub", "/sub/a.bin"), make_payload(tmp_path, {"x": b"x"}))


@pytest.mark.parametrize("files", [{"x": b"1"}, {"y": b"2", "x": b"1"}], ids=["one", "several"])
def test_a_lost_source_leaves_nothing_behind(library, tmp_path, files):
    payload = make_payload(tmp_path, files)
    os.unlink(next(file.source for file in payload.files if file.name == "x"))
    with pytest.raises(PayloadLost):
        library.storage.put(make_task(stored_path="/a"), payload)
    assert library.content() == {}


def test_a_source_of_another_size_is_not_stored(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"12345"})
    with pytest.raises(PayloadUnusable):
        library.storage.put(make_task(stored_path="/a"), Payload("a", (PayloadFile("x", payload.files[0].source, 4),)))
    assert library.content() == {}


def test_many_tasks_that_want_one_name_all_find_a_place(library, tmp_path):
    def run(number: int) -> str:
        task, payload = make_task(), make_payload(tmp_path, {"x": b"%d" % number})
        while True:
            try:
                return store(library.storage, task, payload, "a.bin").stored_path
            except NameTaken:
                continue

    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(run, range(60)))
    assert library.content() == {path: b"%d" % number for number, path in enumerate(paths)}


# --- put several files --------------------------------------------------------------------------------


def test_several_files_appear_in_a_folder_of_that_name(library, tmp_path):
    library.make_folder("/sub")
    payload = make_payload(tmp_path, SEVERAL)
    task = store(library.storage, make_task("/sub"), payload, "set")
    wanted = {f"/sub/set/{name}": data for name, data in SEVERAL.items()}
    assert library.content() == wanted
    library.storage.put(task, payload)
    assert library.content() == wanted
    assert library.storage.choose(make_task("/sub"), "set") == "/sub/set (1)"


# --- arrived ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("files", [{"x": BIG}, {"x": b""}, SEVERAL], ids=["one", "empty", "several"])
def test_what_was_put_has_arrived_and_nothing_else_has(library, tmp_path, files):
    payload = make_payload(tmp_path, files)
    task = make_task(stored_path="/a", size=payload.size)
    assert not library.storage.arrived(task, payload)
    assert not library.storage.arrived(task, None)
    library.storage.put(task, payload)
    assert library.storage.arrived(task, payload)
    assert library.storage.arrived(task, None)
    assert not library.storage.arrived(replace(task, stored_path="/b"), payload)


def test_another_file_of_the_same_size_is_not_ours(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"mine"})
    library.write("/a", b"them")
    assert not library.storage.arrived(make_task(stored_path="/a", size=4), payload)


def test_a_file_of_another_size_is_not_ours(library):
    library.write("/a", b"theirs")
    assert not library.storage.arrived(make_task(stored_path="/a", size=4), None)


def test_nothing_arrives_where_nothing_was_chosen_or_no_folder_is(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"x"})
    assert not library.storage.arrived(make_task(), payload)
    assert not library.storage.arrived(make_task(), None)
    assert not library.storage.arrived(make_task("/gone", "/gone/a"), payload)


def test_half_a_set_has_not_arrived(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"1", "y": b"2"})
    library.make_folder("/a")
    library.write("/a/x", b"1")
    assert not library.storage.arrived(make_task(stored_path="/a", size=2), payload)
    assert not library.storage.arrived(make_task(stored_path="/a", size=2), None)


# --- out of order -------------------------------------------------------------------------------------


def test_a_library_that_is_away_is_told_by_every_verb_and_works_when_it_is_back(library, tmp_path):
    payload = make_payload(tmp_path, {"x": b"x"})
    task = make_task(stored_path="/a", size=1)
    storage = library.storage
    library.break_down()
    for verb in (
        lambda: storage.check(task, 1),
        lambda: storage.choose(task, "a"),
        lambda: storage.put(task, payload),
        lambda: storage.arrived(task, payload),
        storage.health,
    ):
        with pytest.raises(StorageUnavailable) as caught:
            verb()
        assert str(caught.value).startswith("The library cannot be written at the moment: ")
    library.mend()
    storage.check(task, 1)
    store(storage, task, payload, "a")
    assert storage.arrived(task, payload)
    assert storage.health().endswith(".")
