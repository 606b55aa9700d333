"""Seahub's table of notifications, as Django makes it where a character has three bytes, and what stands in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from .databases import run_sql

_MYSQL = """
CREATE TABLE notifications_usernotification (
    id int AUTO_INCREMENT NOT NULL PRIMARY KEY,
    to_user varchar(255) NOT NULL,
    msg_type varchar(30) NOT NULL,
    detail longtext NOT NULL,
    timestamp datetime NOT NULL,
    seen bool NOT NULL,
    KEY (to_user), KEY (msg_type), KEY (timestamp)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3
"""

_SQLITE = """
CREATE TABLE notifications_usernotification (
    id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    to_user varchar(255) NOT NULL,
    msg_type varchar(30) NOT NULL,
    detail text NOT NULL,
    timestamp datetime NOT NULL,
    seen bool NOT NULL
)
"""


class Notice(NamedTuple):
    """``timestamp`` as text, to the second."""

    to_user: str
    msg_type: str
    detail: str
    timestamp: str
    seen: int


def make_notices(url: str) -> None:
    run_sql(url, _SQLITE if url.startswith("sqlite") else _MYSQL)


def notices(url: str) -> list[Notice]:
    columns = ", ".join(Notice._fields)
    rows: list[Any] = run_sql(url, f"SELECT {columns} FROM notifications_usernotification ORDER BY id")
    found = [Notice(*row) for row in rows]
    assert all(str(one.timestamp).removesuffix(".000000").count(".") == 0 for one in found)
    return [one._replace(timestamp=str(one.timestamp)[:19]) for one in found]
