"""What rules about types may say, and what they come to."""

from __future__ import annotations

import re

import pytest

from seafevents_offline.mime import Rules, parse_pattern

GOOD = ["*", "*/*", "image/*", "application/pdf", "*/x-empty", "image/svg+xml", "application/vnd.ms-excel"]
GOOD += ["image/[gp]*", "image/[!gp]??", "application/*zip*", "text/x-c++", "video/mp4", "model/3mf", "a/b_c"]
BAD = ["", "[]a]", "image/[]a]", "image/[a", "image/a]", "image/[]", "image/[!]", "image/[z-a]", "image", "image/"]
BAD += [
    "/png",
    "image//png",
    "image/png/x",
    "!image/vnd.adobe.photoshop",
    "image/!png",
    "image*",
    "**",
    "?",
    "image/p ng",
]
BAD += ["image/bücher", "text/plain;charset=utf-8", "image/.png", "image/{png,gif}", "image\\png", "-/x"]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_a_pattern(text: str) -> None:
    assert parse_pattern(text) == parse_pattern(text.upper()) == text


@pytest.mark.parametrize("text", BAD)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(text) + "$"):
        parse_pattern(text)


@pytest.mark.parametrize(
    ("allow", "deny", "yes", "no"),
    [
        ((), (), "image/png text/plain application/x-empty", ""),
        (("image/*",), (), "image/png image/svg+xml", "application/pdf application/x-empty ximage/png image"),
        # Any of them is enough, not all of them.
        (("image/*", "application/pdf"), (), "image/png application/pdf", "text/plain application/pdfx"),
        ((), ("text/html",), "image/png text/plain", "text/html"),
        (("image/*",), ("image/vnd.adobe.photoshop",), "image/png", "image/vnd.adobe.photoshop text/plain"),
        (("*",), ("*",), "", "image/png application/x-empty"),
        (("*/x-empty",), (), "application/x-empty inode/x-empty", "image/png"),
        (("image/[!p]*",), (), "image/gif", "image/png"),
        (("image/?ng",), (), "image/png", "image/jpeg"),
        # A name with a bracket in it is nobody's.
        (("image/[gp]*",), (), "image/png image/gif", "image/jpeg image/[gp]x"),
    ],
)
def test_who_is_let_through(allow: tuple[str, ...], deny: tuple[str, ...], yes: str, no: str) -> None:
    rules = Rules(allow, deny)
    assert bool(rules) is bool(allow or deny)
    assert [kind for kind in yes.split() if not rules.permit(kind)] == []
    assert [kind for kind in no.split() if rules.permit(kind)] == []
