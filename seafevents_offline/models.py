"""The tables, as SQLAlchemy sees them; the migrations make them, nothing else changes them.

Every NOT NULL column except the four that make a task has a default in the database itself, so that a plain
``INSERT (repo_id, path, url, owner)`` from any program is a complete task.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String, Table, Text, text
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import CHAR, TypeDecorator, TypeEngine, UserDefinedType

#: Characters that these columns hold.
COMMENT_LENGTH = 1000
NODE_NAME_LENGTH = 255
NODE_VERSION_LENGTH = 40

#: What a time that cannot be read counts as: long ago.
EPOCH = datetime(1970, 1, 1)


class UtcNow(FunctionElement[datetime]):
    """The database's own clock as naive UTC with microseconds: a default for plain SQL inserts."""

    inherit_cache = True


@compiles(UtcNow, "mysql", "mariadb")
def _utc_now_of_mysql(element: UtcNow, compiler: SQLCompiler, **_: Any) -> str:
    return "(UTC_TIMESTAMP(6))"


@compiles(UtcNow, "sqlite")
def _utc_now_of_sqlite(element: UtcNow, compiler: SQLCompiler, **_: Any) -> str:
    # SQLite knows milliseconds only; the zeros keep all values comparable as text.
    return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"


class UtcTime(TypeDecorator[datetime]):
    """Naive UTC: DATETIME(6) on MySQL, comparable text on SQLite.

    Reading never fails: other programs write these columns too, and one odd value must not hide all other tasks.
    """

    impl = String(26)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return mysql.DATETIME(fsp=6) if dialect.name in ("mysql", "mariadb") else self.impl_instance

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return value.isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return value if value is None or isinstance(value, datetime) else _lenient_time(str(value))


class StatusNumber(TypeDecorator[int]):
    """A status as its number: the driver of MySQL cannot write members of an enum."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class JsonObject(TypeDecorator[dict[str, Any]]):
    """A JSON object; what is none reads as NULL. Values that JSON does not know are written as their text."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return _MysqlJson() if dialect.name in ("mysql", "mariadb") else self.impl_instance

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else printable(json.dumps(value, default=str, ensure_ascii=False))

    def process_result_value(self, value: Any, dialect: Dialect) -> dict[str, Any] | None:
        try:
            found = json.loads(value, parse_constant=_no_json) if isinstance(value, (str, bytes)) else value
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


class _MysqlJson(UserDefinedType[str]):
    """The column type alone: SQLAlchemy's own would also read and write, and fail on what is no JSON."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSON"


def _no_json(constant: str) -> Any:
    """Python reads NaN and infinity, which no browser does."""
    raise ValueError(constant)


def printable(text_: str) -> str:
    """The text with ``?`` for what is no character (file names that are not UTF-8 have such): databases refuse it."""
    return text_.encode("utf-8", "replace").decode("utf-8")


def _lenient_time(value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo is None else found.astimezone(timezone.utc)).replace(tzinfo=None)
    except ValueError:
        pass
    try:
        return EPOCH + timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        return EPOCH


# Compared exactly, whatever the server's defaults are; DYNAMIC because an owner in an index can be 1,020 bytes.
_TABLE_OPTIONS = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
    # Folders and engine ids are named by odr_id: it must never be used again.
    "sqlite_autoincrement": True,
}

_ZERO = text("0")
_EMPTY = text("''")
# MySQL takes a default for TEXT only as an expression.
_EMPTY_TEXT = text("('')")


class Base(DeclarativeBase):
    """Our own; the host's tables are none of our business."""


class OfflineDownloadRecord(Base):
    """One task; what the columns mean is said in docs/architecture."""

    __tablename__ = "OfflineDownloadRecord"

    odr_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    repo_id: Mapped[str] = mapped_column(CHAR(36))
    path: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(255))
    timestamp: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())
    started_at: Mapped[datetime | None] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())
    hidden_at: Mapped[datetime | None] = mapped_column(UtcTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcTime)
    size: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    completed: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    speed: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    status: Mapped[int] = mapped_column(StatusNumber, server_default=text("1"))
    comment: Mapped[str] = mapped_column(String(COMMENT_LENGTH), server_default=_EMPTY)
    reason: Mapped[str] = mapped_column(String(40), server_default=_EMPTY)
    reason_args: Mapped[dict[str, Any] | None] = mapped_column(JsonObject)
    name: Mapped[str] = mapped_column(String(255), server_default=_EMPTY)
    stored_path: Mapped[str] = mapped_column(Text, server_default=_EMPTY_TEXT)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("50"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    restores: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    claim: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    claimed_by: Mapped[str | None] = mapped_column(CHAR(36))
    quota_subject: Mapped[str] = mapped_column(String(255), server_default=_EMPTY)
    options: Mapped[dict[str, Any] | None] = mapped_column(JsonObject)
    active_key: Mapped[str | None] = mapped_column(
        CHAR(64).with_variant(mysql.CHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
    )
    # 1: it has ended, and the message that says so is not among the deliveries yet.
    untold: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        Index("OfflineDownloadRecord_active", "active_key", unique=True),
        # Whether anything is ready, and what this node was interrupted in.
        Index("OfflineDownloadRecord_ready", "status", "not_before", "claimed_by"),
        # Turns between owners, and each owner's order.
        Index("OfflineDownloadRecord_turn", "status", "owner", text("priority DESC"), "not_before", "odr_id"),
        # Whether anything waits that is not of a full host. Nobody asks for the links of all other rows.
        Index(
            "OfflineDownloadRecord_link",
            "status",
            "url",
            "not_before",
            mysql_length={"url": 40},
            sqlite_where=text("status = 1"),
        ),
        # An owner's list, totals and sums without a look at the rows themselves.
        Index("OfflineDownloadRecord_list", "owner", "odr_id", "hidden_at", "status", "size"),
        # Whether an owner's list has changed.
        Index("OfflineDownloadRecord_state", "owner", "hidden_at", "updated_at", "status"),
        # What was finished long ago; where nobody wrote when, the last change counts.
        Index("OfflineDownloadRecord_ended", "status", "finished_at", "updated_at"),
        Index("OfflineDownloadRecord_untold", "untold"),
        _TABLE_OPTIONS,
    )


class OfflineDownloadNode(Base):
    """One row a daemon, written once a tick."""

    __tablename__ = "OfflineDownloadNode"

    node_id: Mapped[str] = mapped_column(CHAR(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(NODE_NAME_LENGTH), server_default=_EMPTY)
    version: Mapped[str] = mapped_column(String(NODE_VERSION_LENGTH), server_default=_EMPTY)
    beat_at: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())
    health: Mapped[dict[str, Any] | None] = mapped_column(JsonObject)

    __table_args__ = ({key: value for key, value in _TABLE_OPTIONS.items() if key.startswith("mysql_")},)


class OfflineDownloadOwner(Base):
    """One row an owner of tasks who is not known any more where the libraries are, and since when."""

    __tablename__ = "OfflineDownloadOwner"

    owner: Mapped[str] = mapped_column(String(255), primary_key=True)
    missing_since: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())

    __table_args__ = ({key: value for key, value in _TABLE_OPTIONS.items() if key.startswith("mysql_")},)


class OfflineDownloadDelivery(Base):
    """One row a message that another server has not taken yet; ``body`` is its JSON as it was when the task ended."""

    __tablename__ = "OfflineDownloadDelivery"

    delivery_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    odr_id: Mapped[int] = mapped_column(BigInteger)
    owner: Mapped[str] = mapped_column(String(255))
    body: Mapped[dict[str, Any]] = mapped_column(JsonObject)
    created_at: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())
    next_at: Mapped[datetime] = mapped_column(UtcTime, server_default=UtcNow())
    attempts: Mapped[int] = mapped_column(Integer, server_default=_ZERO)

    __table_args__ = (
        # What is due, what of the same task comes first, and what is one person's.
        Index("OfflineDownloadDelivery_next_at", "next_at"),
        Index("OfflineDownloadDelivery_odr_id", "odr_id"),
        Index("OfflineDownloadDelivery_owner", "owner"),
        _TABLE_OPTIONS,
    )


def table_of(model: type[Base]) -> Table:
    """The model's table, for statements of SQLAlchemy Core."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


RECORDS = table_of(OfflineDownloadRecord)
NODES = table_of(OfflineDownloadNode)
OWNERS = table_of(OfflineDownloadOwner)
DELIVERIES = table_of(OfflineDownloadDelivery)
