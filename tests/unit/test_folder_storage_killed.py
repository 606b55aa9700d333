"""The folder storage is killed before each single change that it makes on the disk; then it is asked again."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seafevents_offline.storages.folder import publish
from seafevents_offline.task import Payload, Task
from tests.support.content import content
from tests.support.killing import run_and_die
from tests.support.libraries import FolderLibrary, make_payload, make_task
from tests.support.putting import put, refuse_links

#: Of what is killed twice; each process takes as long as a test.
STRIDE = int(os.environ.get("OFFLINE_DOWNLOAD_STRIDE", "3"))

PAYLOADS = {
    "one": {"x": content("one", 2 * 1024 * 1024 + 1)},
    "empty": {"x": b""},
    "several": {"x": b"1", "sub/y": content("y", 1024 * 1024 + 1), "z": b""},
}


@pytest.fixture(params=["same disk", "another disk", "no links"])
def way(request) -> str:
    return request.param


@pytest.fixture
def place(way, tmp_path, other_disk, monkeypatch) -> Path:
    if way == "no links":
        monkeypatch.setattr(publish, "_link", refuse_links)
    return other_disk if way == "another disk" else tmp_path


@pytest.fixture(params=PAYLOADS)
def files(request) -> dict[str, bytes]:
    return PAYLOADS[request.param]


def killed_at_every_change(way, place, tmp_path, files, step=1) -> Iterator[tuple[FolderLibrary, Task, Payload]]:
    """A library as each kill (each ``step``-th one) left it, ending with one that was not killed."""
    for n in itertools.count(1, step):
        root = place / f"library-{n}"
        root.mkdir()
        payload = make_payload(tmp_path, files)
        task = make_task(stored_path="/a", size=payload.size)
        killed = run_and_die(n, put, root, task, payload, way != "no links")
        yield FolderLibrary(root), task, payload
        if not killed:
            assert n > 3
            return


def stored(files: dict[str, bytes]) -> dict[str, bytes]:
    return {"/a": files["x"]} if len(files) == 1 else {f"/a/{name}": data for name, data in files.items()}


def test_nobody_ever_sees_half_and_the_pipeline_gives_exactly_one_of_it(way, place, tmp_path, files):
    """Look; if it is not there choose and put: nothing is stored twice, nothing is given up too early."""
    for library, task, payload in killed_at_every_change(way, place, tmp_path, files):
        seen = {path: data for path, data in library.content().items() if not path.startswith("/.")}
        allowed = [{}, stored(files)] + ([{"/a": b""}] if way == "no links" and len(files) == 1 else [])
        assert seen in allowed
        if not library.storage.arrived(task, payload):
            assert library.storage.choose(task, "a") == "/a"
            library.storage.put(task, payload)
        assert library.content() == stored(files)
        assert os.listdir(library.root) == ["a"]


def test_without_the_payload_only_the_whole_counts_as_arrived_and_nothing_else_stays(way, place, tmp_path, files):
    """Another node asks so; the task may be cancelled before there is a payload again."""
    for library, task, _ in killed_at_every_change(way, place, tmp_path, files):
        if library.storage.arrived(task, None):
            assert library.content() == stored(files)
        else:
            assert os.listdir(library.root) == []


def test_killed_twice_it_is_still_put_once(way, place, tmp_path, files):
    for library, task, payload in killed_at_every_change(way, place, tmp_path, files, STRIDE):
        run_and_die(4, put, library.root, task, payload, way != "no links")
        library.storage.put(task, payload)
        assert library.content() == stored(files)


def test_the_name_goes_to_somebody_else_after_the_kill(way, place, tmp_path):
    """Then theirs stays as it is, unless it was ours already."""
    files = PAYLOADS["one"]
    for library, task, payload in killed_at_every_change(way, place, tmp_path, files):
        if library.storage.arrived(task, payload):
            continue
        library.write("/a", b"theirs")
        again = replace(task, stored_path=library.storage.choose(task, "a"))
        library.storage.put(again, payload)
        assert library.content() == {"/a": b"theirs", "/a (1)": files["x"]}
