"""The dated tables of `data/`: rows of which each holds from its first day until the next begins.

What the rows mean is known to the modules that read them, `charge_rates.py` and `margins.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from marketdata.dated import Dated
from marketdata.tables import DataFileError, Row, read_toml

_DATA = Path(__file__).with_name("data")


@cache
def rows_of(file: str, table: str) -> tuple[Row, ...]:
    """Return the rows of one table. Raises `DataFileError`."""
    return _content(file).rows(table)


@cache
def _content(file: str) -> Row:
    return read_toml(_DATA / file)


def dated_rows(
    file: str, table: str, belongs: Callable[[Row], bool] = lambda _: True
) -> Dated[Row]:
    """Return those rows of a table that belong together.

    Raises `DataFileError` where one lacks its `valid_from` or `source`, or two begin on one day.
    """
    rows = [row for row in rows_of(file, table) if belongs(row)]
    try:
        return Dated.until_next(
            f"{file} {table}", ((row.day("valid_from"), row, row.text("source")) for row in rows)
        )
    except DataFileError:
        raise
    except ValueError as error:
        raise DataFileError(f"{file} {table}: {error}") from error
