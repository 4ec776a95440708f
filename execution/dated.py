"""Facts that change by circular: rows of a TOML file, each valid from a date until the next.

What the rows mean is known to the modules that read them, `charge_rates.py` and `margins.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")


class NoFactError(LookupError):
    """No dated row covers the day asked for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dated row of table `table` in `file`; `fields` as they stand there."""

    file: str
    table: str
    valid_from: date
    source: str
    fields: dict[str, Any]

    def number(self, *path: str) -> Decimal:
        """Return the number at `path`, written as text. Raises `ValueError` naming the field."""
        value: Any = self.fields
        try:
            for name in path:
                value = value[name]
            if not isinstance(value, str):
                raise TypeError
            return Decimal(value)
        except (KeyError, TypeError, InvalidOperation) as error:
            raise ValueError(
                f"{self.file}: {self.table} of {self.valid_from}: {'.'.join(path)}, "
                f"expected a number written as text"
            ) from error

    def percent(self, *path: str) -> Decimal:
        """Return the number at `path` as a fraction: "0.03" percent is 0.0003."""
        return self.number(*path) / 100


@cache
def rows_of(file: str) -> tuple[Row, ...]:
    """Return all rows of a data file. Raises `ValueError` where one lacks its date or source."""
    with (_DATA / file).open("rb") as stream:
        content = tomllib.load(stream)
    return tuple(
        _row(file, table, number, fields)
        for table, rows in content.items()
        for number, fields in enumerate(rows, start=1)
    )


def _row(file: str, table: str, number: int, fields: dict[str, Any]) -> Row:
    valid_from, source = fields.get("valid_from"), fields.get("source")
    if not isinstance(valid_from, date) or not isinstance(source, str) or not source:
        raise ValueError(f"{file}: {table} row {number}, expected a valid_from date and a source")
    return Row(file, table, valid_from, source, fields)


def in_force(rows: Iterable[Row], on: date, what: str) -> Row:
    """Return the newest row that begins on or before `on`.

    Raises `NoFactError` naming `what` and the first day known, where `on` lies before it.
    """
    known = sorted(rows, key=lambda row: row.valid_from)
    valid = [row for row in known if row.valid_from <= on]
    if not valid:
        begins = f"the first row begins {known[0].valid_from}" if known else "there is no row"
        raise NoFactError(f"{what}: nothing known for {on}, {begins}")
    return valid[-1]
