"""What is said over the host's channel: look into the table (``Wake``), or put this into it (``NewTask``).

Seafile 12 to 14, an object of JSON:

    {"msg_type": "offline-file-upload", "odr_id": 12}
    {"msg_type": "offline-file-upload", "repo_id": "…", "path": "/", "user": "…", "url": "…"}

Seafile 11, the same values in the same order with tabs between them. Both are read, whatever the version is. Where a
link may lead, and whether the user may put files there, is asked when the task is claimed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

from .errors import PathInvalid
from .filename import check_path
from .link import MAX_LINK_LENGTH
from .task import NewTask, is_repo_id

#: A queue of seaf-server that every host listens to, and what our messages in it begin with.
CHANNEL = "seahub.stats"
TYPE = "offline-file-upload"

#: In the order in which they stand between tabs.
_FIELDS = ("repo_id", "path", "user", "url")

_MAX_USER_LENGTH = 255


class BadMessage(ValueError):
    """Says why, and quotes nothing: a link in the wrong place could be secret."""


@dataclass(frozen=True)
class Wake:
    """Something about this task has changed in the table."""

    odr_id: int


Message = Union[Wake, NewTask]


def wake(odr_id: int, *, in_json: bool) -> str:
    """The content of a message that says ``Wake(odr_id)``; up to Seafile 11 it is not ``in_json``."""
    return json.dumps({"msg_type": TYPE, "odr_id": odr_id}) if in_json else f"{TYPE}\t{odr_id}"


def parse(content: object) -> Message:
    """Raises BadMessage."""
    if not isinstance(content, str):
        raise BadMessage("it is no text")
    fields = _from_json(content) if content.lstrip().startswith("{") else _from_tabs(content)
    if "odr_id" in fields:
        return Wake(_number(fields["odr_id"]))
    return _new(*(_text(name, fields.get(name)) for name in _FIELDS))


def _from_json(content: str) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise BadMessage("it is no JSON") from None
    assert isinstance(found, dict), "it began like an object"
    return found


def _from_tabs(content: str) -> Mapping[str, Any]:
    _, *fields = content.split("\t")
    if len(fields) == 1:
        return {"odr_id": int(fields[0]) if fields[0].isascii() and fields[0].isdigit() else None}
    if len(fields) != len(_FIELDS):
        raise BadMessage(f"it has {len(fields) + 1} fields; 2 or {len(_FIELDS) + 1} are understood")
    return dict(zip(_FIELDS, fields, strict=True))


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadMessage("its odr_id is no number of a task")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadMessage(f"it has no {name}")
    # What is no character (half of one, zero) no database takes.
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise BadMessage(f"its {name} is no text")
    return value


def _new(repo_id: str, path: str, user: str, url: str) -> NewTask:
    if not is_repo_id(repo_id):
        raise BadMessage("its repo_id is no library's")
    if len(user) > _MAX_USER_LENGTH:
        raise BadMessage("its user is too long")
    if len(url) > MAX_LINK_LENGTH:
        raise BadMessage("its url is too long")
    try:
        return NewTask(repo_id, check_path(path), url, user)
    except PathInvalid:
        raise BadMessage("its path is no folder's") from None
