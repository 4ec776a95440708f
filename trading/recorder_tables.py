"""Columns into tables: append by COPY, or insert and replace by id.

What the columns mean is told by `mapping.py`; the transaction belongs to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, models

from trading.mapping import Columns


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)


def copy_rows(model: type[models.Model], rows: Sequence[Columns]) -> None:
    """Append `rows`, which all have the same columns in the same order, by COPY."""
    if not rows:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({_quoted(rows[0])}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(tuple(row.values()))


def insert_missing(model: type[models.Model], rows: Sequence[Columns]) -> None:
    """Insert the rows whose id is not there yet; leave the others as they are."""
    _insert(model, rows, "ON CONFLICT (id) DO NOTHING")


def replace_rows(
    model: type[models.Model], rows: Sequence[Columns], keep: frozenset[str] = frozenset()
) -> None:
    """Insert `rows`, or replace by id what is there, except the columns in `keep`."""
    if not rows:
        return
    name = connection.ops.quote_name
    changes = ", ".join(
        f"{name(column)} = EXCLUDED.{name(column)}"
        for column in rows[0]
        if column != "id" and column not in keep
    )
    _insert(model, rows, f"ON CONFLICT (id) DO UPDATE SET {changes}")


def _insert(model: type[models.Model], rows: Sequence[Columns], conflict: str) -> None:
    if not rows:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    marks = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({_quoted(rows[0])}) VALUES ({marks}) {conflict}",
            [tuple(row.values()) for row in rows],
        )
