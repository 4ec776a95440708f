"""System checks of the trading room: the database is the one the rows were made for.

Numbers `aitrapp.E001` to `aitrapp.E009` belong to this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

TRIGGERS = {
    "trading_auditentry": {"audit_no_change", "audit_no_truncate"},
    "trading_configversion": {"config_no_change", "config_no_truncate"},
}
"""The triggers that keep append-only tables append-only, by table."""

_ENABLED = """
SELECT tgname FROM pg_trigger
WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled IN ('O', 'A')
"""


@register(Tags.database)
def database_is_postgresql(
    *, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Refuse any other database: money columns, locks and triggers need PostgreSQL."""
    return [
        Error(
            f"DATABASES['{alias}']: {connections[alias].vendor}, expected postgresql",
            hint="Set DATABASE_URL to a PostgreSQL server.",
            id="aitrapp.E001",
        )
        for alias in databases or ()
        if connections[alias].vendor != "postgresql"
    ]


@register(Tags.database)
def append_only_tables_are_guarded(
    *, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Refuse a migrated database in which an append-only table has lost a trigger."""
    return [
        Error(
            f"{table}: trigger {', '.join(sorted(missing))} is missing or disabled",
            hint="The table can be changed unseen; migrate again and run `audit verify`.",
            id="aitrapp.E002",
        )
        for alias in databases or ()
        if connections[alias].vendor == "postgresql"
        for table, wanted in TRIGGERS.items()
        if (missing := _missing(alias, table, wanted))
    ]


def _missing(alias: str, table: str, wanted: set[str]) -> set[str]:
    """Return the triggers that aren't at work; none for a table that isn't there yet."""
    with connections[alias].cursor() as cursor:
        if table not in connections[alias].introspection.table_names(cursor):
            return set()
        cursor.execute(_ENABLED, [table])
        return wanted - {name for (name,) in cursor.fetchall()}
