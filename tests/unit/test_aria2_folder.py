"""What counts as a part that can be continued."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seafevents_offline.engines.aria2.folder import only_file, payload


def put(folder: Path, **files: int) -> None:
    for name, size in files.items():
        (folder / name.replace("__", ".")).write_bytes(b"x" * size)


def test_a_file_and_its_control_file(tmp_path: Path) -> None:
    put(tmp_path, a__bin=5, a__bin__aria2=1)
    assert payload(tmp_path) == tmp_path / "a.bin"


def test_a_file_that_has_no_bytes_yet(tmp_path: Path) -> None:
    put(tmp_path, a=0, a__aria2=1)
    assert payload(tmp_path) == tmp_path / "a"


def test_a_half_written_control_file_beside_the_good_one(tmp_path: Path) -> None:
    put(tmp_path, a=5, a__aria2=1)
    (tmp_path / "a.aria2__temp").touch()
    assert payload(tmp_path) == tmp_path / "a"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a": 5},
        {"a__aria2": 5},
        {"a": 5, "a__aria2": 0},
        {"a": 5, "b__aria2": 5},
        {"a": 5, "a__aria2": 5, "b": 5},
        {"a": 5, "a__aria2": 5, "a__aria2__aria2": 5},
    ],
)
def test_anything_else_is_none(tmp_path: Path, files: dict[str, int]) -> None:
    put(tmp_path, **files)
    assert payload(tmp_path) is None


def test_no_folder_is_none(tmp_path: Path) -> None:
    assert payload(tmp_path / "nowhere") is None


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
@pytest.mark.parametrize("which", ["a", "a.aria2"])
def test_only_regular_files_count(tmp_path: Path, kind: str, which: str) -> None:
    folder = tmp_path / "1"
    folder.mkdir()
    put(folder, a=5, a__aria2=5)
    path = folder / which
    path.rename(tmp_path / "elsewhere")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert payload(folder) is None


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("a", "a"),
        ("a a.aria2 a.aria2__temp .offline-download-saved", "a"),
        ("a.aria2", None),
        ("a b", None),
        ("", None),
    ],
)
def test_the_file_that_is_being_written(tmp_path: Path, names: str, found: str | None) -> None:
    for name in names.split():
        (tmp_path / name).touch()
    assert only_file(tmp_path) == (tmp_path / found if found else None)
    assert only_file(tmp_path / "nowhere") is None
