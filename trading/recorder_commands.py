"""What a journal tells of operators' commands, written onto the rows the commands came from.

A command whose row is missing (a journal projected into an empty database) gets its row back.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from trading.mapping import Columns
from trading.models import Command
from trading.recorder_tables import insert_missing

_TAKEN = "UPDATE trading_command SET taken_at = %s WHERE id = %s AND run_id = %s"
_DONE = """
UPDATE trading_command SET state = %s, outcome = %s, done_at = %s WHERE id = %s AND run_id = %s
"""
_SEQUENCE_BEHIND_ROWS = """
SELECT setval(pg_get_serial_sequence('trading_command', 'id'),
              GREATEST((SELECT max(id) FROM trading_command),
                       nextval(pg_get_serial_sequence('trading_command', 'id'))))
"""


def write_commands(issued: Sequence[Columns], done: Sequence[Columns]) -> None:
    """Mark commands as taken and done; a row of another run under the same id stays as it is."""
    insert_missing(Command, issued)
    with connection.cursor() as cursor:
        if issued:
            cursor.execute(_SEQUENCE_BEHIND_ROWS)
            cursor.executemany(
                _TAKEN, [(row["taken_at"], row["id"], row["run_id"]) for row in issued]
            )
        if done:
            names = ("state", "outcome", "done_at", "id", "run_id")
            cursor.executemany(_DONE, [tuple(row[name] for name in names) for row in done])
