"""What another server is told: a mark of the tasks that it has to hear of, and the messages until it takes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, String, text

from seafevents_offline.migrations import steps
from seafevents_offline.models import JsonObject, UtcNow, UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    steps.add_column("OfflineDownloadRecord", Column("untold", SmallInteger))
    steps.create_index("OfflineDownloadRecord_untold", "OfflineDownloadRecord", ["untold"])
    steps.create_table(
        "OfflineDownloadDelivery",
        Column("delivery_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("odr_id", BigInteger, nullable=False),
        Column("owner", String(255), nullable=False),
        Column("body", JsonObject, nullable=False),
        Column("created_at", UtcTime, nullable=False, server_default=UtcNow()),
        Column("next_at", UtcTime, nullable=False, server_default=UtcNow()),
        Column("attempts", Integer, nullable=False, server_default=text("0")),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_row_format="DYNAMIC",
        sqlite_autoincrement=True,
    )
    for column in ("next_at", "odr_id", "owner"):
        steps.create_index(f"OfflineDownloadDelivery_{column}", "OfflineDownloadDelivery", [column])
