"""Bringing the tables up to date, and knowing whether they are."""

from __future__ import annotations

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, delete, func, inspect, select, table
from sqlalchemy import column as column_

from .. import migrations
from ..errors import DatabaseUnavailable, SchemaOutdated
from ..models import NODES, RECORDS, Base
from .database import Database, locked
from .part import Part

# Alembic keeps what it is running in module globals; threads of one process take turns.
_ALEMBIC = threading.Lock()

#: Seconds to wait while another process upgrades, and for each change of a table that may be large.
_LOCK_TIMEOUT = 120
_PATIENCE = 3600

_COLUMNS = table(
    "columns",
    *map(column_, ("table_schema", "table_name", "character_set_name")),
    schema="information_schema",
)

#: Our tables with a column of another character set than our own.
_NARROW = (
    select(_COLUMNS.c.table_name)
    .distinct()
    .where(
        _COLUMNS.c.table_schema == func.database(),
        _COLUMNS.c.table_name.in_((RECORDS.name, NODES.name)),
        _COLUMNS.c.character_set_name.not_in(("utf8mb4", "ascii")),
    )
)

VERSION = table(migrations.VERSION_TABLE, column_("version_num"))


class Schema(Part):
    """``upgrade`` and ``check_schema``."""

    def upgrade(self) -> None:
        """Make or extend the tables, also those that somebody has dropped; does nothing when they are up to date or
        newer. Any number of processes may call this at once, and it may be killed at any time. Raises
        DatabaseUnavailable."""
        if self._database.run(_is_current):
            return
        database = Database(self._database.url, patience=_PATIENCE)
        try:
            with _ALEMBIC:
                database.transaction(_migrate) if database.is_sqlite else database.run(_migrate_alone)
        finally:
            database.close()

    def check_schema(self) -> None:
        """Raise SchemaOutdated when the tables are missing or older than this program needs. Newer ones are fine:
        within a major version things are only added."""
        if self._database.run(_version) < migrations.HEAD:
            raise SchemaOutdated()

    def check_letters(self) -> None:
        """Raise DatabaseUnavailable when names and links with some letters (emoji) would be refused: the tables were
        made so that they are not, but whole databases get converted. The connection is so that they are not anyway."""
        if self._database.is_sqlite:
            return
        found = self._database.run(lambda connection: connection.execute(_NARROW).scalars().all())
        if found:
            raise DatabaseUnavailable(
                detail=f"the table {found[0]} has no room for all letters; run "
                f"`ALTER TABLE {found[0]} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`."
            )


def _migrate_alone(connection: Connection) -> None:
    """MySQL ends a transaction at each change of a table, so there it is a lock by name."""
    busy = "another program has been changing its tables for a long time."
    with locked(connection, limit=_LOCK_TIMEOUT, busy=busy):
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    if _is_current(connection):
        return
    if _version(connection) >= migrations.HEAD:
        # Each step passes over what is there already.
        connection.execute(delete(VERSION))
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _is_current(connection: Connection) -> bool:
    known = inspect(connection)
    return _version(connection) >= migrations.HEAD and all(known.has_table(name) for name in Base.metadata.tables)


def _version(connection: Connection) -> str:
    """The newest step that was finished; empty when there is none."""
    if not inspect(connection).has_table(migrations.VERSION_TABLE):
        return ""
    return connection.execute(select(func.max(VERSION.c.version_num))).scalar() or ""
