from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seafevents_offline.hosts.installation import marks

BODY = "[OFFLINE DOWNLOAD]\nenabled = true\n"

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r", b""])
LINES = st.tuples(st.binary(max_size=12), ENDS).map(b"".join)
FILES = st.lists(LINES, max_size=6).map(b"".join)


@given(FILES)
@example(b"")
@example(b"\n")
@example(b"\n\n")
@example(b"\r\n")
@example(b"a")
@example(b"a\r\nb")
@example(b"a\r")
@example(b"a\nb\r\n")
@example(b"a\r\nb\n")
def test_what_is_put_behind_a_file_comes_out_again_byte_for_byte(data):
    found = marks.find(marks.append(data, BODY))
    assert found is not None
    assert found.without == data
    assert found.is_intact
    assert not found.made_file


def test_a_file_that_was_not_there_is_told_from_an_empty_one():
    assert marks.find(marks.append(None, BODY)).made_file
    assert not marks.find(marks.append(b"", BODY)).made_file


@pytest.mark.parametrize(("data", "end"), [(b"a\r\nb", b"\r\n"), (b"a\r\n", b"\r\n"), (b"a\n", b"\n"), (b"", b"\n")])
def test_lines_end_as_in_the_file(data, end):
    added = marks.append(data, BODY)[len(data) :]
    assert added.count(b"\n") == added.count(end)


@pytest.mark.parametrize("data", [b"a\n", b"a", b"a\r\nb\r\n", b"a\r\nb", b""])
def test_what_came_behind_it_meanwhile_stays_on_its_own_lines(data):
    found = marks.find(marks.append(data, BODY) + b"c = 1\n")
    assert found.without.splitlines() == [*data.splitlines(), b"c = 1"]


def test_an_empty_line_that_somebody_took_away_costs_no_line_end():
    data = marks.append(b"a\n", BODY).replace(b"a\n\n", b"a\n")
    assert marks.find(data).without == b"a\n"


@pytest.mark.parametrize("edit", [(b"true", b"false"), (b"enabled", b"# mine\nenabled")])
def test_an_edit_in_between_is_seen(edit):
    assert not marks.find(marks.append(b"a\n", BODY).replace(*edit)).is_intact


def test_every_version_knows_what_another_one_wrote():
    old = marks.append(b"a\n", "something else entirely\n")
    assert marks.find(old).is_intact
    assert marks.find(old).without == b"a\n"


@pytest.mark.parametrize("line", [0, -1])
def test_one_line_without_the_other_is_seen(line):
    whole = marks.append(b"", BODY)
    lines = whole.splitlines(keepends=True)
    del lines[line]
    assert marks.has_half(b"".join(lines))
    assert not marks.has_half(whole)
    assert not marks.has_half(b"a\n")
