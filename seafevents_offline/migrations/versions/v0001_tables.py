"""The first two tables."""

from __future__ import annotations

from sqlalchemy import CHAR, BigInteger, Column, Integer, SmallInteger, String, Text, text
from sqlalchemy.dialects import mysql

from seafevents_offline.migrations import steps
from seafevents_offline.models import JsonObject, UtcNow, UtcTime

revision = "0001"
down_revision = None

_RECORDS = "OfflineDownloadRecord"
_MYSQL = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}
_ZERO = text("0")
_EMPTY = text("''")


def upgrade() -> None:
    steps.create_table(
        _RECORDS,
        Column("odr_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        Column("repo_id", CHAR(36), nullable=False),
        Column("path", Text, nullable=False),
        Column("url", Text, nullable=False),
        Column("owner", String(255), nullable=False),
        Column("timestamp", UtcTime, nullable=False, server_default=UtcNow()),
        Column("started_at", UtcTime),
        Column("finished_at", UtcTime),
        Column("updated_at", UtcTime, nullable=False, server_default=UtcNow()),
        Column("hidden_at", UtcTime),
        Column("not_before", UtcTime),
        Column("size", BigInteger, nullable=False, server_default=_ZERO),
        Column("completed", BigInteger, nullable=False, server_default=_ZERO),
        Column("speed", BigInteger, nullable=False, server_default=_ZERO),
        Column("status", SmallInteger, nullable=False, server_default=text("1")),
        Column("comment", String(1000), nullable=False, server_default=_EMPTY),
        Column("reason", String(40), nullable=False, server_default=_EMPTY),
        Column("reason_args", JsonObject),
        Column("name", String(255), nullable=False, server_default=_EMPTY),
        Column("stored_path", Text, nullable=False, server_default=text("('')")),
        Column("priority", SmallInteger, nullable=False, server_default=text("50")),
        Column("attempts", Integer, nullable=False, server_default=_ZERO),
        Column("restores", Integer, nullable=False, server_default=_ZERO),
        Column("claim", Integer, nullable=False, server_default=_ZERO),
        Column("claimed_by", CHAR(36)),
        Column("quota_subject", String(255), nullable=False, server_default=_EMPTY),
        Column("options", JsonObject),
        Column(
            "active_key",
            CHAR(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb"),
        ),
        sqlite_autoincrement=True,
        **_MYSQL,
    )
    steps.create_table(
        "OfflineDownloadNode",
        Column("node_id", CHAR(36), primary_key=True),
        Column("name", String(255), nullable=False, server_default=_EMPTY),
        Column("version", String(40), nullable=False, server_default=_EMPTY),
        Column("beat_at", UtcTime, nullable=False, server_default=UtcNow()),
        Column("health", JsonObject),
        **_MYSQL,
    )
    _create_indexes()


def _create_indexes() -> None:
    steps.create_index("OfflineDownloadRecord_active", _RECORDS, ["active_key"], unique=True)
    steps.create_index("OfflineDownloadRecord_list", _RECORDS, ["owner", "odr_id", "hidden_at", "status", "size"])
    steps.create_index("OfflineDownloadRecord_ready", _RECORDS, ["status", "not_before", "claimed_by"])
    steps.create_index(
        "OfflineDownloadRecord_turn", _RECORDS, ["status", "owner", text("priority DESC"), "not_before", "odr_id"]
    )
