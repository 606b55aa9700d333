"""What a link needs beside itself, as requests bring it. What is wrong is said of its field and never quoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext

from seafevents_offline.errors import (
    HeaderInvalid,
    HeaderRefused,
    InputError,
    RefererInvalid,
    TwoLogins,
    UserAgentInvalid,
    UserNameInvalid,
)
from seafevents_offline.extras import NO_EXTRAS, Extras

from .replies import Refusal, translated

#: The fields that may be in a body. ``headers``: an object; in a form lines like ``Name: value``.
FIELDS = frozenset({"username", "password", "headers", "referer", "user_agent"})


def of(data: Mapping[str, Any], cookies: bool) -> Extras:
    """``cookies``: what the setting of that name says. Raises Refusal."""
    if not FIELDS & set(data):
        return NO_EXTRAS
    try:
        return Extras.checked(
            user=_text(data, "username"),
            password=_text(data, "password"),
            headers=_headers(data),
            referer=_text(data, "referer"),
            user_agent=_text(data, "user_agent"),
            cookies=cookies,
        )
    except InputError as error:
        raise Refusal(400, f"{_invalid(error)} {translated(error)}") from None


def _text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal(400, _sentence(field))
    return value


def _headers(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = _lines(data) if isinstance(data, QueryDict) else data.get("headers")
    if given is None:
        return []
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise Refusal(400, _sentence("headers"))
    return list(given.items())


def _lines(data: QueryDict) -> dict[str, str]:
    lines = [line for text in data.getlist("headers") for line in text.splitlines() if line.strip()]
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def _invalid(error: InputError) -> str:
    if isinstance(error, (HeaderInvalid, HeaderRefused, TwoLogins)):
        return _sentence("headers")
    if isinstance(error, RefererInvalid):
        return _sentence("referer")
    if isinstance(error, UserAgentInvalid):
        return _sentence("user_agent")
    return _sentence("username" if isinstance(error, UserNameInvalid) else "password")


def _sentence(field: str) -> str:
    sentences = {
        "username": gettext("username invalid."),
        "password": gettext("password invalid."),
        "headers": gettext("headers invalid."),
        "referer": gettext("referer invalid."),
        "user_agent": gettext("user_agent invalid."),
    }
    return str(sentences[field])
