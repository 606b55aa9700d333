"""What leaves: what was finished long ago, found by an index, and what belongs to people who have gone."""

from __future__ import annotations

from sqlalchemy import Column, String

from seafevents_offline.migrations import steps
from seafevents_offline.models import UtcNow, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    steps.create_index("OfflineDownloadRecord_ended", "OfflineDownloadRecord", ["status", "finished_at", "updated_at"])
    steps.create_table(
        "OfflineDownloadOwner",
        Column("owner", String(255), primary_key=True),
        Column("missing_since", UtcTime, nullable=False, server_default=UtcNow()),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
    )
