"""Seahub's notifications: the row that is written, on SQLite and MariaDB, into a table as Seahub makes it."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from seafevents_offline.errors import DatabaseUnavailable, SchemaOutdated
from seafevents_offline.repository import Repository
from tests.support.databases import run_sql
from tests.support.notices import make_notices, notices
from tests.support.records import REPO_ID

AT = datetime(2026, 1, 2, 3, 4, 5, 999_999)

NAMES = ["a.bin", "😀 𝒳.bin", "ünal 文件.bin", "quote\"\\'.bin", "%s %(x)s :name.bin"]


@pytest.mark.parametrize("name", NAMES)
def test_the_row_is_what_seahub_itself_writes(repo: Repository, database_url: str, name: str) -> None:
    make_notices(database_url)
    repo.notify_uploaded("Ada@Example.com", repo_id=REPO_ID, folder="/my 😀", name=name, at=AT)
    (row,) = notices(database_url)
    assert (row.to_user, row.msg_type, row.seen) == ("ada@example.com", "file_uploaded", 0)
    assert row.timestamp == "2026-01-02 03:04:05"
    assert json.loads(row.detail) == {"file_name": name, "repo_id": REPO_ID, "uploaded_to": "/my 😀"}
    assert row.detail.isascii()


def test_what_is_no_character_cannot_break_seahubs_page(repo: Repository, database_url: str) -> None:
    make_notices(database_url)
    repo.notify_uploaded("ada", repo_id=REPO_ID, folder="/", name="a\udcff.bin", at=AT)
    (row,) = notices(database_url)
    assert json.loads(row.detail)["file_name"] == "a?.bin"


def test_without_the_table_it_says_so(repo: Repository) -> None:
    with pytest.raises(SchemaOutdated):
        repo.notify_uploaded("ada", repo_id=REPO_ID, folder="/", name="a", at=AT)


def test_a_user_that_the_table_has_no_room_for(repo: Repository, database_url: str) -> None:
    """Three bytes a character, and 255 of them; SQLite takes anything."""
    make_notices(database_url)
    if database_url.startswith("sqlite"):
        return
    for user in ("😀@example.com", "x" * 256):
        with pytest.raises(DatabaseUnavailable):
            repo.notify_uploaded(user, repo_id=REPO_ID, folder="/", name="a", at=AT)
    assert run_sql(database_url, "SELECT COUNT(*) FROM notifications_usernotification") == [(0,)]
