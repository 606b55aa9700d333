"""Request bodies, JSON or form, as typed values. Everything that is wrong with one is a Refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from seafevents_offline.checksum import Checksum
from seafevents_offline.errors import (
    ChecksumInvalid,
    LinkEmpty,
    LinkInvalid,
    NameInvalid,
    OfflineDownloadError,
    PathInvalid,
)
from seafevents_offline.extras import Extras
from seafevents_offline.filename import check_name, check_path
from seafevents_offline.status import FINAL, OfflineDownloadStatus
from seafevents_offline.task import PRIORITIES, is_repo_id

from . import needs
from .replies import Refusal, translated

#: Bytes that a body may have: 100 of the longest links fit in.
MAX_BYTES = 2_621_440

#: Links that one request may bring.
MAX_LINKS = 100

_NUMBER = re.compile(r"[0-9]{1,9}")
# Django's own field in forms.
_FOREIGN = frozenset({"csrfmiddlewaretoken"})


class JsonParser(BaseParser):
    """UTF-8 whatever the charset says, and not impressed by a body that is all brackets."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return json.loads(stream.read().decode("utf-8-sig"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise ParseError() from None


@dataclass(frozen=True)
class Addition:
    """What to add where. ``links`` are as they were typed; ``many``: they came as a list."""

    repo_id: str
    path: str
    links: tuple[str, ...]
    many: bool
    name: str
    priority: int
    checksum: Checksum | None
    extras: Extras


def addition(request: Any, cookies: bool) -> Addition:
    """``cookies``: what the setting of that name says."""
    data = _fields(request, {"repo_id", "path", "url", "urls", "name", "priority", "checksum", *needs.FIELDS})
    repo_id, path = repo_id_of(_text(data, "repo_id")), _path(_text(data, "path"))
    many = "urls" in data
    if many and "url" in data:
        raise Refusal(400, gettext("Please give either url or urls."))
    links = _links(data) if many else (_text(data, "url"),)
    name = _name(data, len(links))
    place = _priority(data.get("priority", 50))
    checksum = _checksum(data.get("checksum"), len(links))
    return Addition(repo_id, path, links, many, name, place, checksum, needs.of(data, cookies))


def again(request: Any, cookies: bool) -> Extras:
    """What a retry may bring: what the link needs from now on."""
    return needs.of(_fields(request, set(needs.FIELDS)), cookies)


def priority(request: Any) -> int:
    """The one field of a task that its owner may change."""
    return _priority(_fields(request, {"priority"}).get("priority"))


def nothing(request: Any) -> None:
    """Refuse fields where none is expected."""
    _fields(request, set())


def final_states(request: Any) -> frozenset[OfflineDownloadStatus]:
    """``status``: names or numbers of states that are final. No default: a body that was lost shall clear nothing."""
    data = _fields(request, {"status"})
    wanted = data.getlist("status") if isinstance(data, QueryDict) else data.get("status", [])
    found = states_of(wanted if isinstance(wanted, list) else [wanted])
    if not found or not found <= FINAL:
        raise Refusal(400, gettext("status invalid."))
    return found


def repo_id_of(text: str) -> str:
    if not is_repo_id(text):
        raise Refusal(400, gettext("repo_id invalid."))
    return text


def states_of(words: list[Any]) -> frozenset[OfflineDownloadStatus]:
    """From names and numbers, also several in one word with commas between. Refuses others."""
    named = {status.state: status for status in OfflineDownloadStatus}
    named.update({str(int(status)): status for status in OfflineDownloadStatus})
    parts = [part.strip() for word in words for part in str(word).split(",")]
    try:
        return frozenset(named[part.lower()] for part in parts if part)
    except KeyError:
        raise Refusal(400, gettext("status invalid.")) from None


def with_reason(sentence: str, error: OfflineDownloadError) -> str:
    """``url invalid.`` and, where the error says more than that, its own sentence."""
    return sentence if isinstance(error, (LinkEmpty, LinkInvalid)) else f"{sentence} {translated(error)}"


def _fields(request: Any, allowed: set[str]) -> Mapping[str, Any]:
    data = request.data
    if not isinstance(data, Mapping) and not isinstance(data, QueryDict):
        raise Refusal(400, gettext("The request cannot be read."))
    unknown = sorted(str(name)[:60] for name in set(data) - allowed - _FOREIGN)
    if unknown:
        sentence = gettext("These fields are not known: {fields}.")
        raise Refusal(400, sentence.format(fields=", ".join(unknown[:5])))
    return data


def _text(data: Mapping[str, Any], field: str) -> str:
    value = data.get(field, "")
    return value if isinstance(value, str) else ""


def _path(text: str) -> str:
    try:
        return check_path(text)
    except PathInvalid:
        raise Refusal(400, gettext("path invalid.")) from None


def _links(data: Mapping[str, Any]) -> tuple[str, ...]:
    links = data.getlist("urls") if isinstance(data, QueryDict) else data["urls"]
    texts = isinstance(links, list) and all(isinstance(link, str) for link in links)
    if not texts or not 1 <= len(links) <= MAX_LINKS:
        sentence = gettext("urls invalid. Please give 1 to {limit} links at once.")
        raise Refusal(400, sentence.format(limit=MAX_LINKS))
    return tuple(links)


def _name(data: Mapping[str, Any], links: int) -> str:
    name = data.get("name")
    if name is None or (isinstance(name, str) and not name.strip()):
        return ""
    if not isinstance(name, str):
        raise Refusal(400, gettext("name invalid."))
    if links > 1:
        raise Refusal(400, gettext("name invalid. A name can be given for one link only."))
    try:
        return check_name(name)
    except NameInvalid as error:
        raise Refusal(400, with_reason(gettext("name invalid."), error)) from None


def _priority(value: Any) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    # True is a whole number to Python.
    if type(value) is not int or value not in PRIORITIES:
        raise Refusal(400, gettext("priority invalid."))
    return value


def _checksum(value: Any, links: int) -> Checksum | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if links > 1:
        raise Refusal(400, gettext("checksum invalid. A checksum can be given for one link only."))
    try:
        return Checksum.parse(value if isinstance(value, str) else "")
    except ChecksumInvalid as error:
        raise Refusal(400, with_reason(gettext("checksum invalid."), error)) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)
