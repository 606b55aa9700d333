"""The secrets of the page: made once, kept, nobody else's."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from seafevents_offline.errors import StorageUnavailable
from seafevents_offline.hosts.web import keys

FILE = "page-secret"


def test_keys_stay_the_same(tmp_path: Path) -> None:
    first = keys.read(tmp_path)
    assert keys.read(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_each_data_folder_and_each_purpose_has_keys_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    made = [keys.read(tmp_path), keys.read(tmp_path / "other")]
    assert len({key for pair in made for key in (pair.token, pair.signing)}) == 4
    assert len({key[:8] for pair in made for key in (pair.token, pair.signing)}) == 4


def test_a_token_needs_no_quoting_in_a_link_and_cannot_be_guessed(tmp_path: Path) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", keys.read(tmp_path).token)


def test_neither_file_nor_object_shows_them(tmp_path: Path) -> None:
    made = keys.read(tmp_path)
    content = (tmp_path / FILE).read_bytes()
    assert made.token.encode() not in content
    assert repr(made) == "Keys()"


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    made = keys.read(tmp_path)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    (tmp_path / FILE).chmod(0o644)
    assert keys.read(tmp_path) == made
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_what_is_no_secret_is_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    made = keys.read(tmp_path)
    assert len((tmp_path / FILE).read_bytes()) == 32
    assert keys.read(tmp_path) == made


def test_removing_the_file_makes_every_old_link_worthless(tmp_path: Path) -> None:
    old = keys.read(tmp_path)
    (tmp_path / FILE).unlink()
    new = keys.read(tmp_path)
    assert (new.token == old.token, new.signing == old.signing) == (False, False)


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"x" * 32)
    (tmp_path / FILE).symlink_to(target)
    with pytest.raises(StorageUnavailable, match=FILE):
        keys.read(tmp_path)
    with pytest.raises(StorageUnavailable, match=FILE):
        keys.read(tmp_path / "missing")
