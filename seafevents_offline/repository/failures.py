"""From what a database driver raises to one clear sentence without secrets."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exc

from ..errors import DatabaseUnavailable, InfrastructureError, SchemaOutdated

_LOCK_TIMEOUT, _DEADLOCK = 1205, 1213
_BUSY = "too many others are writing; please try again."

#: No such table, no such column, no such index.
_MYSQL_SCHEMA = {1146, 1054, 1176}

_MYSQL: dict[int, str] = {
    1040: "the server has too many connections.",
    1044: "the user has no right to use this database.",
    1045: "the server refuses the user name or the password.",
    1049: "there is no database of that name on the server.",
    1114: "it is full.",
    1021: "the server's disk is full.",
    1142: "the user has no right to do this in the database.",
    1203: "the server has too many connections.",
    1226: "the server has too many connections.",
    1290: "the server is read-only.",
    1665: "the server needs binlog_format = MIXED or ROW.",
    1698: "the server refuses the user name or the password.",
    1836: "the server is read-only.",
    2002: "the server cannot be reached.",
    2003: "the server cannot be reached.",
    2006: "the connection to the server was lost.",
    2013: "the connection to the server was lost.",
    2014: "the connection to the server was lost.",
    _LOCK_TIMEOUT: _BUSY,
    _DEADLOCK: _BUSY,
}

_SQLITE_SCHEMA = ("no such table", "no such column", "has no column named")

_SQLITE: dict[str, str] = {
    "database is locked": "another program keeps its file locked.",
    "database table is locked": "another program keeps its file locked.",
    "unable to open database file": "its file cannot be opened; please check the folder and its rights.",
    "readonly database": "its file is read-only; please check its rights.",
    "file is not a database": "its file is damaged or is not a database.",
    "disk image is malformed": "its file is damaged; please restore a copy.",
    "database or disk is full": "the disk is full.",
    "disk i/o error": "its file cannot be read or written.",
}


def is_conflict(error: exc.SQLAlchemyError) -> bool:
    """Whether the transaction lost against another one and may simply be repeated."""
    return _code(error) in (_LOCK_TIMEOUT, _DEADLOCK)


def explain(error: exc.SQLAlchemyError) -> InfrastructureError:
    """DatabaseUnavailable, or SchemaOutdated where a table or column is missing."""
    if isinstance(error, exc.TimeoutError):
        return DatabaseUnavailable(detail="too many things use it at once.")
    code, text = _code(error), str(getattr(error, "orig", "")).lower()
    if code in _MYSQL_SCHEMA or (code is None and any(sign in text for sign in _SQLITE_SCHEMA)):
        return SchemaOutdated()
    if code is not None:
        return DatabaseUnavailable(detail=_MYSQL.get(code, f"the server answers with error {code}."))
    known = (sentence for sign, sentence in _SQLITE.items() if sign in text)
    return DatabaseUnavailable(detail=next(known, f"it fails with {_name(error)}."))


def _code(error: exc.SQLAlchemyError) -> int | None:
    """MySQL's error number; SQLite's driver gives a text alone."""
    arguments: tuple[Any, ...] = getattr(getattr(error, "orig", None), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _name(error: exc.SQLAlchemyError) -> str:
    original = getattr(error, "orig", None) or error
    return str(getattr(original, "sqlite_errorname", type(original).__name__))
