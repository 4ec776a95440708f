"""What Kite publishes as its limits, dated; the desk's own budgets below them are `pacing.py`'s.

The numbers stand in `data/kite_limits.toml` with their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache

from marketdata.facts import dated_table
from marketdata.tables import DATA, Row, read_toml

NEWEST = date.max
"""The day on which the newest numbers known hold."""


class Size(StrEnum):
    """How much one call or one key may carry at once."""

    QUOTE_KEYS = "quote-keys"
    PRICE_KEYS = "price-keys"
    SOCKETS = "sockets"
    SOCKET_INSTRUMENTS = "socket-instruments"


def size_on(size: Size, day: date) -> int:
    """Return the most that is carried. Raises `FactMissing` on a day before the file."""
    return dated_table(_rows("sizes"), "name", lambda row: row.whole("most"))[size].at(day)


def rates_on(day: date) -> Mapping[str, int]:
    """Return how many calls are answered in their window, by the name of the limit.

    Raises `FactMissing` on a day before the file.
    """
    table = dated_table(_rows("limits"), "name", lambda row: row.whole("published"))
    return {name: limit.at(day) for name, limit in table.items()}


@cache
def changes_of_an_order() -> int:
    """Return how often one order may be changed, by the newest number known."""
    return rates_on(NEWEST)["modifications"]


@cache
def _rows(table: str) -> tuple[Row, ...]:
    return read_toml(DATA / "kite_limits.toml").rows(table)
