"""Reading dated data files, TOML or CSV, into checked rows.

What the tables mean is known to those that read them, such as `facts.py` and `calendar_data.py`.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

DATA = Path(__file__).parent / "data"
"""The folder of the data files that come with the package."""


class DataFileError(ValueError):
    """A data file that cannot be used; says the file, the row, the field and what was expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a data file; `where` names it in errors. An empty CSV cell counts as missing."""

    where: str
    cells: Mapping[str, object]

    def has(self, field: str) -> bool:
        """Say whether the field is present and not empty."""
        return self.cells.get(field, "") != ""

    def text(self, field: str) -> str:
        """Return a non-empty text."""
        value = self.cells.get(field, "")
        if not isinstance(value, str) or not value.strip():
            self.refuse(field, "a text")
        return value

    def day(self, field: str) -> date:
        """Return a date, written `2026-08-03`."""
        value = self.cells.get(field)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.refuse(field, "a date like 2026-08-03")

    def moment(self, field: str) -> datetime:
        """Return a local date and time without zone, written `2026-12-04T10:00:00`."""
        value = self.cells.get(field)
        if not isinstance(value, datetime) or value.tzinfo is not None:
            self.refuse(field, "a local date and time like 2026-12-04T10:00:00")
        return value

    def clock(self, field: str) -> time:
        """Return a time of day, written `09:15:00`."""
        value = self.cells.get(field)
        if not isinstance(value, time):
            self.refuse(field, "a time like 09:15:00")
        return value

    def whole(self, field: str) -> int:
        """Return a whole number above zero."""
        value = self.cells.get(field)
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.refuse(field, "a whole number above 0")
        return value

    def decimal(self, field: str) -> Decimal:
        """Return an exact number above zero, written as text so that no binary fraction enters."""
        number = self.number(field)
        if number <= 0:
            self.refuse(field, "a number above 0")
        return number

    def number(self, field: str) -> Decimal:
        """Return an exact number, 0 or above, written as text."""
        value = self.cells.get(field)
        try:
            number = Decimal(value if isinstance(value, str) else "")
        except InvalidOperation:
            self.refuse(field, 'a number in quotes like "0.05"')
        if not number.is_finite() or number < 0:
            self.refuse(field, "a number, 0 or above")
        return number

    def percent(self, field: str) -> Decimal:
        """Return a number written in percent as a fraction: "0.03" is 0.0003."""
        return self.number(field) / 100

    def flag(self, field: str) -> bool:
        """Return true or false."""
        value = self.cells.get(field)
        if not isinstance(value, bool):
            self.refuse(field, "true or false")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a list of texts; it may be empty but not missing."""
        value = self.cells.get(field)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(field, "a list of texts")
        return tuple(value)

    def choice(self, field: str, allowed: tuple[str, ...]) -> str:
        """Return a text that is one of `allowed`."""
        value = self.cells.get(field)
        if not isinstance(value, str) or value not in allowed:
            self.refuse(field, "one of " + ", ".join(allowed))
        return value

    def row(self, field: str) -> Row:
        """Return a table inside the row."""
        value = self.cells.get(field)
        if not isinstance(value, dict):
            self.refuse(field, "a table")
        return Row(f"{self.where}.{field}", value)

    def rows(self, field: str) -> tuple[Row, ...]:
        """Return a list of tables inside the row; it may be empty but not missing."""
        return _rows(self.where, field, self.cells.get(field))

    def refuse(self, field: str, expected: str) -> NoReturn:
        """Raise the error that names this row and field."""
        found = repr(self.cells[field]) if field in self.cells else "nothing"
        raise DataFileError(f"{self.where}: {field} is {found}, expected {expected}")


def read_toml(path: Path) -> Row:
    """Return a TOML file as one row; raises `DataFileError` if it is missing or not TOML."""
    try:
        return Row(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataFileError(f"{path}: {error}, expected a TOML file") from error


def read_csv(path: Path, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """Return the rows of a CSV file with exactly `columns`; cells are texts."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataFileError(f"{path}: {error}, expected a CSV file") from error
    if not lines or tuple(lines[0]) != columns:
        raise DataFileError(f"{path}: expected the header {','.join(columns)}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(columns):
            raise DataFileError(f"{path.name} line {number}: expected {len(columns)} cells")
        rows.append(Row(f"{path.name} line {number}", dict(zip(columns, line, strict=True))))
    return tuple(rows)


def _rows(where: str, field: str, value: object) -> tuple[Row, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise DataFileError(f"{where}: {field} is {value!r}, expected a list of tables")
    return tuple(Row(f"{where}.{field}[{i}]", item) for i, item in enumerate(value))
