"""Whether a file may come into a real library, and into which folder of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seafevents_offline.errors import (
    FolderGone,
    LibraryEncrypted,
    LibraryError,
    LibraryGone,
    LibraryIsWiki,
    LibraryReadOnly,
    OwnerInactive,
    StorageUnavailable,
    UploadForbidden,
)
from seafevents_offline.task import Task
from tests.support import seaserv
from tests.support.libraries import REPO_ID, SeafileLibrary, make_task
from tests.support.seafile import OWNER, READ_ONLY, SOMEBODY, Repo, Seafile

ORIGIN = "22222222-2222-2222-2222-222222222222"


@pytest.fixture(params=[11, 14])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SeafileLibrary:
    seafile = Seafile(request.param)
    seaserv.install(monkeypatch, seafile)
    found = SeafileLibrary(seafile)
    found.make_folder("/docs")
    found.make_folder("/docs/deep")
    return found


def task_in(path: str = "/docs", permission: str = "rw", **changes: Any) -> Task:
    task = replace(make_task(path), **changes)
    return task.permitted(permission) if permission else task


def shared(library: SeafileLibrary, permission: str) -> Repo:
    """The library is somebody else's, who lets the owner of the task do this."""
    library.repo.owner = SOMEBODY
    library.repo.shares[OWNER] = permission
    return library.repo


def refusal(library: SeafileLibrary, task: Task) -> type[LibraryError]:
    with pytest.raises(LibraryError) as caught:
        library.storage.check(task, 0)
    assert caught.value.keeps_folder
    assert not caught.value.retryable
    return type(caught.value)


# --- the right ------------------------------------------------------------------------------------------


def test_the_owner_and_whoever_may_write_are_let_in(library: SeafileLibrary) -> None:
    library.storage.check(task_in(), 1)
    shared(library, "rw")
    library.storage.check(task_in(), 1)


@pytest.mark.parametrize("now", ["r", "preview", "invisible", "custom-8", ""])
def test_a_right_that_is_another_now_is_none(library: SeafileLibrary, now: str) -> None:
    shared(library, now)
    assert refusal(library, task_in(permission="custom-7")) is UploadForbidden
    assert refusal(library, task_in(permission="rw")) is UploadForbidden
    assert refusal(library, task_in(permission="")) is UploadForbidden


@pytest.mark.parametrize("granted", ["custom-7", "admin", "cloud-edit"])
def test_a_right_that_only_seahub_knows_is_enough_while_it_is_the_same(library: SeafileLibrary, granted: str) -> None:
    shared(library, granted)
    library.storage.check(task_in(permission=granted), 1)
    library.repo.shares[OWNER] = "rw"
    library.storage.check(task_in(permission=granted), 1)


@pytest.mark.parametrize("options", [None, {}, {"permission": 7}, {"permission": None}, {"other": "rw"}])
def test_a_row_without_a_permission_needs_the_one_that_always_lets_upload(
    library: SeafileLibrary, options: Any
) -> None:
    library.storage.check(task_in(permission="", options=options), 1)
    shared(library, "custom-7")
    assert refusal(library, task_in(permission="", options=options)) is UploadForbidden


def test_the_right_is_that_of_the_folder(library: SeafileLibrary) -> None:
    library.repo.folders["/docs", OWNER] = "r"
    assert refusal(library, task_in("/docs")) is UploadForbidden
    library.storage.check(task_in("/"), 1)


# --- the person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [OWNER, "nobody@example.com", ""])
def test_who_is_not_active_or_not_known_gets_nothing(library: SeafileLibrary, owner: str) -> None:
    library.seafile.users[OWNER] = False
    library.repo.shares[owner] = "rw"
    assert refusal(library, task_in(owner=owner)) is OwnerInactive


def test_users_that_cannot_be_read_are_not_gone(library: SeafileLibrary) -> None:
    library.seafile.users_are_down = True
    with pytest.raises(StorageUnavailable):
        library.storage.check(task_in(), 1)


# --- the library ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("repo_id", ["33333333-3333-3333-3333-333333333333", "no library", ""])
def test_a_library_that_is_gone(library: SeafileLibrary, repo_id: str) -> None:
    assert refusal(library, task_in(repo_id=repo_id)) is LibraryGone


def test_a_library_that_cannot_be_read_is_not_gone(library: SeafileLibrary) -> None:
    library.seafile.libraries_are_down = True
    with pytest.raises(StorageUnavailable):
        library.storage.check(task_in(), 1)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"status": READ_ONLY}, LibraryReadOnly),
        ({"status": 2}, LibraryReadOnly),
        ({"encrypted": True}, LibraryEncrypted),
    ],
)
def test_a_library_that_must_not_be_written_though_the_server_would(
    library: SeafileLibrary, change: dict[str, Any], error: type[LibraryError]
) -> None:
    vars(library.repo).update(change)
    assert refusal(library, task_in()) is error


def test_a_wiki_is_no_library_where_there_are_wikis(library: SeafileLibrary) -> None:
    library.repo.repo_type = "wiki"
    if library.seafile.version >= 12:
        assert refusal(library, task_in()) is LibraryIsWiki
    else:
        library.storage.check(task_in(), 1)


def virtual(library: SeafileLibrary) -> Repo:
    """A folder of somebody's library that is shared with the task's owner, who sees it as a library."""
    origin = library.seafile.make(ORIGIN, owner=SOMEBODY)
    origin.nodes["/docs"] = library.repo.nodes["/docs"]
    library.repo.owner, library.repo.origin, library.repo.origin_path = SOMEBODY, origin, "/docs"
    library.repo.shares[OWNER] = "rw"
    return origin


def test_a_shared_folder_is_as_writable_as_where_it_comes_from(library: SeafileLibrary) -> None:
    origin = virtual(library)
    library.storage.check(task_in("/"), 1)
    assert library.noted[-1][1] == SOMEBODY
    origin.status = READ_ONLY
    assert refusal(library, task_in("/")) is LibraryReadOnly
    origin.status, origin.encrypted = 0, True
    assert refusal(library, task_in("/")) is LibraryEncrypted
    del library.seafile.repos[ORIGIN]
    assert refusal(library, task_in("/")) is LibraryGone


# --- the folder -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "place"), [([], "/docs/deep"), (["/docs/deep"], "/docs"), (["/docs/deep", "/docs"], "/")]
)
def test_the_nearest_folder_above_takes_the_file(library: SeafileLibrary, gone: list[str], place: str) -> None:
    for path in gone:
        del library.repo.nodes[path]
    task = library.storage.check(task_in("/docs/deep"), 1)
    assert library.storage.choose(task, "a.txt") == f"{place.rstrip('/')}/a.txt"


def test_a_file_where_the_folder_was_is_no_folder(library: SeafileLibrary) -> None:
    library.write("/docs/deep", b"")
    assert library.storage.choose(task_in("/docs/deep"), "a.txt") == "/docs/a.txt"


def test_a_folder_above_that_may_not_be_written_is_passed_over(library: SeafileLibrary) -> None:
    del library.repo.nodes["/docs/deep"]
    library.repo.folders["/docs", OWNER] = "r"
    assert library.storage.choose(task_in("/docs/deep"), "a.txt") == "/a.txt"
    library.repo.folders["/", OWNER] = None
    assert refusal(library, task_in("/docs/deep")) is UploadForbidden


def test_without_a_right_to_the_folder_itself_no_other_is_taken(library: SeafileLibrary) -> None:
    library.repo.folders["/docs/deep", OWNER] = "r"
    assert refusal(library, task_in("/docs/deep")) is UploadForbidden
    with pytest.raises(UploadForbidden) as caught:
        library.storage.choose(task_in("/docs/deep"), "a.txt")
    assert caught.value.reason_args == {"path": "/docs/deep"}


def test_a_folder_that_no_door_has_seen_must_be_there_at_the_first_check(library: SeafileLibrary) -> None:
    assert refusal(library, task_in("/never", permission="")) is FolderGone
    task = library.storage.check(task_in("/docs", permission=""), 1)
    del library.repo.nodes["/docs"]
    assert library.storage.check(task, 1) is task
    assert library.storage.choose(task, "a.txt") == "/a.txt"


def test_the_right_to_where_it_goes_is_what_was_granted(library: SeafileLibrary) -> None:
    shared(library, "custom-7")
    del library.repo.nodes["/docs"]
    assert library.storage.choose(task_in("/docs", permission="custom-7"), "a") == "/a"
    assert REPO_ID in library.seafile.repos
