"""Putting files into a real library, and finding them again after whatever went wrong."""

from __future__ import annotations

import os
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.errors import FolderGone, NameTaken, StorageUnavailable
from seafevents_offline.storages.seafile import SeafileStorage, storage
from seafevents_offline.task import Payload, PayloadFile, Task
from tests.support import seaserv
from tests.support.libraries import SeafileLibrary, make_payload, make_task, store
from tests.support.seafile import OWNER, SOMEBODY, Died, Node, Seafile, SearpcError

POSTS = ("post_file", "post_multi_files")


@pytest.fixture(params=[11, 14])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SeafileLibrary:
    seafile = Seafile(request.param)
    seaserv.install(monkeypatch, seafile)
    return SeafileLibrary(seafile)


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    return make_payload(tmp_path, {"x": b"mine"})


def placed(stored_path: str = "/a.txt") -> Task:
    return make_task(stored_path=stored_path, size=4)


def posts(library: SeafileLibrary) -> list[str]:
    return [call for call in library.seafile.calls if call in POSTS]


def mine(library: SeafileLibrary, path: str, *, age: float = 0, data: bytes = b"mine") -> None:
    """Another file of the same person."""
    library.repo.nodes[path] = Node(data, OWNER, int(time.time() - age))


def another_process(library: SeafileLibrary) -> SeafileStorage:
    """As after a crash: nothing is remembered."""
    return SeafileStorage(lambda task, subject: 0, library.server)


# --- the name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "path"), [("🎉.zip", "/_.zip"), ("", "/download"), (".", "/download"), ("𠮷", "/𠮷")])
def test_a_name_that_seahub_takes_is_chosen(library: SeafileLibrary, payload: Payload, name: str, path: str) -> None:
    assert store(library.storage, make_task(), payload, name).stored_path == path
    assert library.content() == {path: b"mine"}


def test_a_folder_with_emoji_is_a_folder(library: SeafileLibrary, payload: Payload) -> None:
    library.make_folder("/🚀")
    assert store(library.storage, make_task("/🚀"), payload, "a.txt").stored_path == "/🚀/a.txt"


def test_a_name_that_the_server_does_not_take_is_replaced(
    library: SeafileLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.seafile, "rpc_is_valid_filename", lambda repo_id, name: int("bad" not in name))
    assert library.storage.choose(make_task(), "bad.txt") == "/download"


def test_a_recorded_path_without_a_name_is_not_taken(library: SeafileLibrary) -> None:
    assert library.storage.choose(make_task(stored_path="/"), "a.txt") == "/a.txt"


# --- the put --------------------------------------------------------------------------------------------


def test_a_file_is_posted_once_and_belongs_to_who_asked_for_it(library: SeafileLibrary, payload: Payload) -> None:
    assert library.storage.put(placed(), payload) == "/a.txt"
    assert posts(library) == ["post_multi_files"]
    assert library.repo.nodes["/a.txt"].modifier == OWNER


def test_a_path_that_is_not_in_composed_form_is_read_all_the_same(library: SeafileLibrary, tmp_path: Path) -> None:
    """The server composes the paths that it is given in JSON, and then does not find the file."""
    name = unicodedata.normalize("NFD", "é.bin")
    payload = make_payload(tmp_path, {name: b"mine"})
    assert library.storage.put(placed(), payload) == "/a.txt"
    assert posts(library) == ["post_file"]
    assert library.content() == {"/a.txt": b"mine"}


def test_a_server_without_the_better_function_is_asked_by_the_other(library: SeafileLibrary, payload: Payload) -> None:
    library.seafile.knows_post_multi_files = False
    library.seafile.script("commit", lambda: library.write("/a.txt", b"them"))
    assert library.storage.put(placed(), payload) == "/a (1).txt"
    assert library.content() == {"/a.txt": b"them", "/a (1).txt": b"mine"}


@pytest.mark.parametrize("theirs", [b"them", b"mine", b"other"])
@pytest.mark.parametrize("who", [SOMEBODY, OWNER])
def test_a_name_that_is_taken_in_the_very_moment(
    library: SeafileLibrary, payload: Payload, theirs: bytes, who: str
) -> None:
    """The server's answer then has the name that it had chosen first."""

    def take() -> None:
        library.repo.nodes["/a.txt"] = Node(theirs, who, int(time.time()))

    library.seafile.script("commit", take)
    path = library.storage.put(placed(), payload)
    assert library.content() == {"/a.txt": theirs, "/a (1).txt": b"mine"}
    assert library.content()[path] == b"mine"
    assert path == "/a (1).txt" or theirs == b"mine"


def test_the_one_window_of_a_frozen_node_is_a_call_that_the_server_gets_too_late(
    library: SeafileLibrary, payload: Payload
) -> None:
    """docs/guarantees.md: another node has looked, and stored, while this one's call was on its way. Nothing is
    overwritten, and nothing can tell the server that it is late."""

    def overtake() -> None:
        other = another_process(library)
        assert other.arrived(placed(), None) is None
        assert other.put(placed(), payload) == "/a.txt"

    library.seafile.script("post_multi_files", overtake)
    library.storage.put(placed(), payload)
    assert library.content() == {"/a.txt": b"mine", "/a (1).txt": b"mine"}


def test_what_a_frozen_node_stores_before_another_one_does_is_found(library: SeafileLibrary, payload: Payload) -> None:
    """It was downloaded a second time by then: another file, of another time."""
    late, other = library.storage, another_process(library)
    assert other.arrived(placed(), None) is None
    assert late.put(placed(), payload) == "/a.txt"
    again = payload.files[0].source
    os.utime(again, (time.time() + 90, time.time() + 90))
    assert other.arrived(placed(), payload) == "/a.txt"


def test_a_call_that_goes_on_after_its_service_was_killed_is_waited_for(
    library: SeafileLibrary, payload: Payload
) -> None:
    """The server reads the file to its end, whoever is still there to hear of it."""
    again = another_process(library)
    with open(payload.files[0].source, "rb"):
        assert again.arrived(placed(), payload) is None
        with pytest.raises(StorageUnavailable, match="is still storing"):
            again.put(placed(), payload)
    assert posts(library) == []
    mine(library, "/a.txt")
    assert again.arrived(placed(), payload) == "/a.txt"


def test_what_older_servers_make_of_two_changes_at_once(library: SeafileLibrary, payload: Payload) -> None:
    conflict = f"/a (SFConflict {OWNER} 2026-01-02-03-04-05).txt"

    def merge() -> None:
        library.repo.nodes[conflict] = library.repo.nodes.pop("/a.txt")
        library.write("/a.txt", b"them")

    library.seafile.script("answered", merge)
    assert library.storage.put(placed(), payload) == conflict


def test_a_file_that_is_moved_in_the_very_moment_was_put(library: SeafileLibrary, payload: Payload) -> None:
    library.seafile.script("answered", lambda: library.repo.nodes.pop("/a.txt"))
    assert library.storage.put(placed(), payload) == "/a.txt"


def test_a_folder_that_goes_while_the_file_is_read(library: SeafileLibrary, payload: Payload) -> None:
    library.make_folder("/sub")
    library.seafile.script("commit", lambda: library.repo.nodes.pop("/sub"))
    with pytest.raises(FolderGone):
        library.storage.put(placed("/sub/a.txt"), payload)
    library.seafile.knows_post_multi_files = False
    library.make_folder("/sub")
    library.seafile.script("commit", lambda: library.repo.nodes.pop("/sub"))
    with pytest.raises(FolderGone):
        library.storage.put(placed("/sub/a.txt"), payload)


@pytest.mark.parametrize("text", ["Failed to index blocks", "GC Conflict", "Invalid repo", "Failed to put file"])
def test_what_else_the_server_says_is_no_answer(library: SeafileLibrary, payload: Payload, text: str) -> None:
    library.seafile.script("post_multi_files", SearpcError(text))
    with pytest.raises(StorageUnavailable, match=text):
        library.storage.put(placed(), payload)


def test_a_put_is_remembered_only_while_the_file_is_there(library: SeafileLibrary, payload: Payload) -> None:
    task = placed()
    library.storage.put(task, payload)
    library.write("/a.txt", b"them")
    with pytest.raises(NameTaken):
        library.storage.put(task, payload)
    assert library.storage.arrived(task, payload) is None


def test_not_everything_is_remembered_for_ever(
    library: SeafileLibrary, payload: Payload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_REMEMBERED", 10)
    for number in range(15):
        library.storage.put(placed(f"/{number}.txt"), payload)
    assert len(library.storage._placed) == 10


# --- a connection that breaks ---------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["post_multi_files", "commit"])
def test_a_server_that_ends_before_the_file_is_in_gets_it_again(
    library: SeafileLibrary, payload: Payload, moment: str
) -> None:
    library.seafile.script(moment, Died())
    assert library.storage.put(placed(), payload) == "/a.txt"
    assert posts(library) == ["post_multi_files"] * 2
    assert library.content() == {"/a.txt": b"mine"}


def test_a_server_that_ends_after_the_file_is_in_does_not_get_it_again(
    library: SeafileLibrary, payload: Payload
) -> None:
    library.seafile.script("answered", Died())
    assert library.storage.put(placed(), payload) == "/a.txt"
    assert posts(library) == ["post_multi_files"]


def test_a_server_that_gave_another_name_and_ended_does_not_get_it_again(
    library: SeafileLibrary, payload: Payload
) -> None:
    library.seafile.script("commit", lambda: library.write("/a.txt", b"them"))
    library.seafile.script("answered", Died())
    assert library.storage.put(placed(), payload) == "/a (1).txt"
    assert library.content() == {"/a.txt": b"them", "/a (1).txt": b"mine"}


@pytest.mark.parametrize(("moment", "there"), [("commit", False), ("answered", True)])
def test_a_server_that_stays_away_gets_the_file_later_and_once(
    library: SeafileLibrary, payload: Payload, moment: str, there: bool
) -> None:
    def end() -> None:
        library.break_down()
        raise Died()

    library.seafile.script(moment, end)
    task = placed()
    with pytest.raises(StorageUnavailable):
        library.storage.put(task, payload)
    library.mend()
    assert library.storage.arrived(task, payload) == ("/a.txt" if there else None)
    if not there:
        library.storage.put(task, payload)
    assert library.content() == {"/a.txt": b"mine"}


# --- after a crash --------------------------------------------------------------------------------------


def test_it_is_known_by_path_size_and_modifier(library: SeafileLibrary, payload: Payload) -> None:
    task = placed()
    library.storage.put(task, payload)
    again = another_process(library)
    assert again.arrived(task, payload) == again.arrived(task, None) == "/a.txt"
    for changed in (
        replace(task, stored_path="/b.txt"),
        replace(task, owner=SOMEBODY),
        replace(task, size=5),
    ):
        assert again.arrived(changed, None) is None
    library.make_folder("/folder")
    assert again.arrived(replace(task, stored_path="/folder"), payload) is None
    assert again.arrived(replace(task, stored_path="/folder", size=0), None) is None


def test_under_another_name_it_is_known_by_its_time_too(library: SeafileLibrary, payload: Payload) -> None:
    library.write("/a.txt", b"them")
    mine(library, "/a (1).txt", age=1000)
    mine(library, "/a (2).txt")
    mine(library, "/b (3).txt")
    mine(library, "/a (4).txt", data=b"other")
    library.repo.nodes["/a (5).txt"] = Node(b"mine", SOMEBODY, int(time.time()))
    assert another_process(library).arrived(placed(), payload) == "/a (2).txt"
    os.utime(payload.files[0].source, (0, time.time() + 100))
    assert another_process(library).arrived(placed(), payload) is None


def test_of_several_that_it_may_be_the_latest_is_taken(library: SeafileLibrary, payload: Payload) -> None:
    os.utime(payload.files[0].source, (0, time.time() - 100))
    library.write("/a.txt", b"them")
    for number, age in ((1, 50), (2, 10), (3, 30)):
        mine(library, f"/a ({number}).txt", age=age)
    assert another_process(library).arrived(placed(), payload) == "/a (2).txt"


def test_an_older_file_of_another_name_is_none_while_ours_is_free(library: SeafileLibrary, payload: Payload) -> None:
    mine(library, "/a (1).txt")
    assert another_process(library).arrived(placed(), payload) is None


@pytest.mark.parametrize("with_payload", [True, False])
def test_in_a_library_that_is_gone_nothing_has_arrived(
    library: SeafileLibrary, payload: Payload, with_payload: bool
) -> None:
    library.seafile.repos.clear()
    assert library.storage.arrived(placed(), payload if with_payload else None) is None


def test_whether_it_arrived_is_not_guessed(library: SeafileLibrary, payload: Payload) -> None:
    library.seafile.libraries_are_down = True
    with pytest.raises(StorageUnavailable):
        library.storage.arrived(placed(), payload)


# --- several files --------------------------------------------------------------------------------------


def test_an_interrupted_folder_is_filled_up(library: SeafileLibrary, tmp_path: Path) -> None:
    payload = make_payload(tmp_path, {"a": b"1", "sub/b": b"22", "🎉": b"333"})
    task = make_task(stored_path="/set", size=payload.size)
    library.seafile.script("commit", None, Died(), Died())
    with pytest.raises(StorageUnavailable):
        library.storage.put(task, payload)
    again = another_process(library)
    assert again.arrived(task, payload) is None
    assert again.put(task, payload) == "/set"
    assert library.content() == {"/set/a": b"1", "/set/sub/b": b"22", "/set/download": b"333"}
    assert len(posts(library)) == 5
    assert again.arrived(task, payload) == again.arrived(task, None) == "/set"
    library.write("/set/more", b"")
    assert again.arrived(task, payload) is None
    with pytest.raises(NameTaken):
        again.put(task, payload)


def test_nothing_is_begun_when_a_file_is_not_what_it_should_be(library: SeafileLibrary, tmp_path: Path) -> None:
    payload = make_payload(tmp_path, {"a": b"1", "b": b"2"})
    (good, bad) = payload.files
    with pytest.raises(Exception, match="not a complete"):
        library.storage.put(make_task(stored_path="/set"), Payload("set", (good, PayloadFile("b", bad.source, 9))))
    assert list(library.repo.nodes) == ["/"]
