"""What a message of the host says, in both forms; what is none is refused without being quoted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seafevents_offline.link import MAX_LINK_LENGTH
from seafevents_offline.message import TYPE, BadMessage, Wake, parse, wake
from seafevents_offline.task import NewTask

REPO_ID = "12345678-1234-4123-8123-123456789abc"
URL = "https://example.com/a.bin?token=s3cret"
FIELDS = {"repo_id": REPO_ID, "path": "/docs", "user": "ada@example.com", "url": URL}
NEW = NewTask(REPO_ID, "/docs", URL, "ada@example.com")


def in_json(**fields: Any) -> str:
    return json.dumps({"msg_type": TYPE, **fields})


def in_tabs(*fields: str) -> str:
    return "\t".join((TYPE, *fields))


GOOD = [
    (in_tabs("12"), Wake(12)),
    (in_json(odr_id=12), Wake(12)),
    (in_json(odr_id=12, sent_at=3), Wake(12)),
    (in_tabs(*FIELDS.values()), NEW),
    (in_json(**FIELDS), NEW),
    (" \n" + in_json(**FIELDS), NEW),
    (in_json(**{**FIELDS, "path": "/docs//"}), NEW),
    (in_json(**{**FIELDS, "path": "/😀", "user": "ünal", "url": "https://x.example/😀"}), None),
    # Whether it can be downloaded is found out when it is claimed.
    (in_json(**{**FIELDS, "url": "gopher://127.0.0.1"}), None),
]


@pytest.mark.parametrize(("content", "meaning"), GOOD)
def test_both_forms_are_understood(content: str, meaning: object) -> None:
    assert isinstance(parse(content), NewTask) if meaning is None else parse(content) == meaning


@pytest.mark.parametrize(("is_json", "content"), [(True, in_json(odr_id=12)), (False, in_tabs("12"))])
def test_what_seahub_says_is_what_the_daemon_hears(is_json: bool, content: str) -> None:
    assert wake(12, in_json=is_json) == content
    assert parse(content) == Wake(12)


BAD = [
    *[None, 12, b"{}", "", "\t", "{", "{}", "{]", "[" * 100_000, '{"a":' * 100_000, "[]", "null"],
    *[in_tabs(), in_tabs("x"), in_tabs(""), in_tabs("-1"), in_tabs("0"), in_tabs("1.5"), in_tabs("٤"), in_tabs("1_0")],
    # A43: three, four and six fields.
    *[in_tabs(*["x"] * count) for count in (2, 3, 5, 6)],
    *[in_json(odr_id=value) for value in ("12", 0, -1, 1.5, True, None, [12], {})],
    *[in_json(**{**FIELDS, name: value}) for name in FIELDS for value in ("", None, 12, ["x"], "a\0b", "a\ud800")],
    *[in_json(**{name: FIELDS[name] for name in FIELDS if name != missing}) for missing in FIELDS],
    *[in_json(**{**FIELDS, "repo_id": value}) for value in ("x", REPO_ID.upper(), REPO_ID + "\n", f"/{REPO_ID}")],
    *[in_json(**{**FIELDS, "path": value}) for value in ("docs", "/..", "/a/../b", "/a\nb", "\\", "/" + "x" * 256)],
    in_json(**{**FIELDS, "user": "x" * 256}),
    in_json(**{**FIELDS, "url": "https://example.com/" + "x" * MAX_LINK_LENGTH}),
]


@pytest.mark.parametrize("content", BAD)
def test_what_is_no_message_is_refused(content: object) -> None:
    with pytest.raises(BadMessage):
        parse(content)


@pytest.mark.parametrize(
    "content",
    [in_json(**{**FIELDS, "path": URL}), in_tabs(REPO_ID, URL, "ada", "/"), in_tabs(*FIELDS.values(), URL), f"{{{URL}"],
)
def test_why_it_is_refused_says_nothing_secret(content: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse(content)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


@settings(max_examples=50)
@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)))
def test_nothing_else_ever_comes_of_it(text: str) -> None:
    for content in (text, in_tabs(text), f'{{"odr_id": {text}}}'):
        try:
            parse(content)
        except BadMessage:
            continue
