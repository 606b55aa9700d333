"""Whether anything waits that is not of a full host, answered by an index."""

from __future__ import annotations

from sqlalchemy import text

from seafevents_offline.migrations import steps

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    steps.create_index(
        "OfflineDownloadRecord_link",
        "OfflineDownloadRecord",
        ["status", "url", "not_before"],
        mysql_length={"url": 40},
        sqlite_where=text("status = 1"),
    )
