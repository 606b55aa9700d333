"""What comes from outside never makes a line of its own, and never shows other text than it is."""

from __future__ import annotations

import logging
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seafevents_offline.text import LineFormatter, escape_lines, plain, traceback_of
from seafevents_offline.threads import survive

TEXTS = st.text(st.characters(), max_size=40)

#: What a line of a host's log looks like, in a text that somebody gives.
FORGED = "x\r\n2026-01-01 00:00:00,000 [INFO] task 7: stored\n\x1b[2J\u202e"


@given(TEXTS)
def test_plain_text_is_one_line_that_turns_nothing(text: str) -> None:
    found = plain(text)
    assert len(found.splitlines()) <= 1
    assert {unicodedata.category(char) for char in found}.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert {unicodedata.bidirectional(char) for char in found}.isdisjoint(
        {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    )
    found.encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("naïve 文件 😀.zip", "naïve 文件 😀.zip"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("a\x1b[31m\x9b2J\x00", r"a\x1b[31m\x9b2J\x00"),
        ("exe.\u202egpj\u2066\u2069\u200f\u061c", r"exe.\u202egpj\u2066\u2069\u200f\u061c"),
        ("a\u2028\u2029\x85\ufeff\ud800", r"a\u2028\u2029\x85\ufeff\ud800"),
    ],
)
def test_what_steers_is_shown(text: str, line: str) -> None:
    assert plain(text) == line


def failing(message: str) -> None:
    raise RuntimeError(message)


def test_a_traceback_never_looks_like_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert not survive("task 1:", lambda: failing(FORGED))
    (record,) = caplog.records
    # The host's own logger writes this as it is; its formatter is not ours to change.
    message = record.getMessage()
    assert (record.exc_info, record.stack_info) == (None, None)
    first, *others = message.split("\n")
    assert first == "task 1: failed unexpectedly"
    assert "RuntimeError: x" in message
    assert all(line.startswith("    ") and line.isprintable() for line in others)


@given(TEXTS)
def test_only_what_traceback_of_adds_makes_lines(text: str) -> None:
    lines = escape_lines(f"task 1: {text.replace(' ', '')}{traceback_of(RuntimeError(text))}").splitlines()
    assert lines[0].startswith("task 1: ")
    assert all(line.startswith("    ") for line in lines[1:])


def test_our_own_log_writes_the_tracebacks_of_others_in_the_same_way() -> None:
    try:
        failing(FORGED)
    except RuntimeError as error:
        info = (RuntimeError, error, error.__traceback__)
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "failed: %s", (FORGED,), info)
    first, *others = LineFormatter("%(message)s").format(record).splitlines()
    assert first == r"failed: x\r\n2026-01-01 00:00:00,000 [INFO] task 7: stored\n\x1b[2J\u202e"
    assert others
    assert all(line.startswith("    ") and line.isprintable() for line in others)
