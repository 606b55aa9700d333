"""What a file is called in a real library."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.filename import numbered
from seafevents_offline.storages.seafile.names import candidates, final_name, is_variant, join, split
from tests.support.seahub import is_valid_dirent_name


@pytest.mark.parametrize(
    ("name", "final"),
    [
        ("report.pdf", "report.pdf"),
        ("Ünïcödé 日本語 𠮷.txt", "Ünïcödé 日本語 𠮷.txt"),
        ("🎉 party 🎉.zip", "_ party _.zip"),
        ("😀🚀.zip", "_.zip"),
        ("❤️.txt", "_.txt"),
        ("👩\u200d💻 at work", "_ at work"),
        ("🇩🇪", "download"),
        ("☀", "download"),
        ("", "download"),
        (".", "download"),
        ("..", "download"),
        ("a..b...c.txt", "a.b.c.txt"),
        ("e\u0301.txt", "é.txt"),
        ("a\\b/c.txt", "a_b_c.txt"),
        ("a\nb.txt", "ab.txt"),
        ("a\ud800.txt", "a.txt"),
    ],
)
def test_what_a_name_becomes(name: str, final: str) -> None:
    assert final_name(name) == final


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_seahub_takes_every_name(name: str) -> None:
    for found, _ in zip(candidates(name), range(3), strict=False):
        assert final_name(found) == found
        assert 0 < len(found.encode()) <= 255
        for version in (11, 12, 13, 14):
            assert is_valid_dirent_name(version, found), found


def test_the_names_are_tried_in_order() -> None:
    names = candidates("🎉.zip")
    assert [next(names) for _ in range(3)] == ["_.zip", "_ (1).zip", "_ (2).zip"]


@pytest.mark.parametrize("of", ["a.b", "a", ".b", "a b.tar.gz", "a (1).b"])
def test_what_the_server_makes_of_a_name_is_known(of: str) -> None:
    stem, dot, ending = of.rpartition(".") if "." in of else (of, "", "")
    assert is_variant(f"{stem} (1){dot}{ending}", of)
    assert is_variant(f"{stem} (SFConflict me@example.com 2026-01-02-03-04-05){dot}{ending}", of)
    assert not is_variant(of, of)
    assert not is_variant(f"x{stem} (1){dot}{ending}", of)
    assert not is_variant(f"{stem} (1){dot}{ending}x", of)


def test_ours_are_not_taken_for_the_servers_of_another_name() -> None:
    assert not is_variant(numbered("a.b", 2), "a (1).b")


@pytest.mark.parametrize(
    ("path", "parts"),
    [("/a", ("/", "a")), ("/a/b", ("/a", "b")), ("", ("/", "")), ("/", ("/", "")), ("/a/", ("/a", ""))],
)
def test_paths_are_taken_apart_and_put_together(path: str, parts: tuple[str, str]) -> None:
    assert split(path) == parts
    assert not parts[1] or join(*parts) == path
