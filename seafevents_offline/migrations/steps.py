"""Steps that can be repeated: a kill in the middle of an upgrade leaves MySQL with a part of it done."""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import Column, inspect
from sqlalchemy.schema import SchemaItem


def create_table(name: str, *items: SchemaItem, **options: Any) -> None:
    if not inspect(op.get_bind()).has_table(name):
        op.create_table(name, *items, **options)


def add_column(table: str, column: Column[Any]) -> None:
    if column.name not in {found["name"] for found in inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)


def create_index(name: str, table: str, columns: list[Any], *, unique: bool = False, **options: Any) -> None:
    """``options`` are of one kind of database each: ``mysql_length``, ``sqlite_where``."""
    if name not in {index["name"] for index in inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns, unique=unique, **options)
