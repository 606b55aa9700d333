"""Nothing that came from outside reaches a terminal as anything but text."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.cli.output import clip, pad, say_json, table, width
from seafevents_offline.text import escape

TEXTS = st.text(st.characters(), max_size=40)


@given(TEXTS)
def test_escaped_text_is_one_line_of_visible_characters(text: str) -> None:
    escaped = escape(text)
    assert {unicodedata.category(char) for char in escaped}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert len(escaped.splitlines()) <= 1


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("naïve 文件 😀.zip", "naïve 文件 😀.zip"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b2J", r"\x9b2J"),
        ("exe.\u202egpj", r"exe.\u202egpj"),
        ("a\u2066b\u2069\u200fc", r"a\u2066b\u2069\u200fc"),
        ("a\u2028b\u200bc\ufeff", r"a\u2028b\u200bc\ufeff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("東京\u3000駅", "東京\u3000駅"),
    ],
)
def test_what_could_deceive_is_shown(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(TEXTS.map(escape), st.integers(0, 50))
def test_clipped_text_fits(text: str, room: int) -> None:
    clipped = clip(text, room)
    assert width(clipped) <= room
    assert clipped == text or width(text) > room


def test_wide_characters_take_two_columns() -> None:
    assert [width(text) for text in ("abc", "文件", "e\u0301", "😀")] == [3, 4, 1, 2]
    assert clip("文件夹", 5) == "文件…"
    assert pad("文件", 6) == "文件  "


def test_tables_are_aligned_escaped_and_clipped() -> None:
    rows = [("ID", "NAME", "SIZE"), ("1", "文件", "1 byte"), ("12", "a\x1bb", "")]
    assert table(rows, None) == ["ID  NAME    SIZE", "1   文件    1 byte", r"12  a\x1bb"]
    assert table(rows, 12) == ["ID  NAME   …", "1   文件   …", "12  a\\x1bb"]


def test_json_is_one_line_of_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "\x1b[31m\u202e\n文"}
    say_json(value)
    line = capsys.readouterr().out
    assert line.isascii()
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert json.loads(line) == value
