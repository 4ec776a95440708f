"""What the books of a chain's options say at a moment, and why one of them says nothing.

Which options these are stands in `columns.py`; what follows from the mids in `chain.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from marketdata.options.columns import NOWHERE, ChainColumns
from marketdata.panel import Panel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8]

_MICROSECONDS = 1_000_000


class Fault(IntEnum):
    """Why an option has no mid, or its mid no volatility."""

    NONE = 0
    NOT_WATCHED = 1
    SILENT = 2
    STALE = 3
    ONE_SIDED = 4
    CROSSED = 5
    NO_VOLATILITY = 6

    @property
    def reason(self) -> str:
        """Return the fault in words."""
        return _REASONS[self]


_REASONS = {
    Fault.NONE: "",
    Fault.NOT_WATCHED: "not listed or not watched",
    Fault.SILENT: "no quote yet today",
    Fault.STALE: "its quote is stale",
    Fault.ONE_SIDED: "its book lacks a bid or an ask",
    Fault.CROSSED: "its bid is not below its ask",
    Fault.NO_VOLATILITY: "no volatility explains its mid",
}


@dataclass(frozen=True, slots=True)
class Books:
    """The options of one chain at a moment, calls first; arrays of shape `(S, 2)`.

    Prices in rupees, NaN where unknown; quantities, `oi` and `volume` in units. `age_us`: since
    the quote was heard of, microseconds, -1 before the first. `mid`: NaN unless the book is whole
    and fresh; `fault` says why.
    """

    bid: Floats
    ask: Floats
    last: Floats
    bid_quantity: Ints
    ask_quantity: Ints
    oi: Ints
    volume: Ints
    age_us: Ints
    mid: Floats
    fault: Codes


def books_of(columns: ChainColumns, panel: Panel, at: datetime) -> Books:
    """Return what the panel knows of a chain's options; `at` is aware."""
    places = columns.sides
    absent = places == NOWHERE
    bid, ask, last = (_floats(values, places, absent) for values in _prices(panel))
    age = _age_us(panel, places, absent, at)
    fault = _faults(columns, (bid, ask), age)
    return Books(
        bid=bid,
        ask=ask,
        last=last,
        bid_quantity=_whole(panel.bid_quantity, places, absent),
        ask_quantity=_whole(panel.ask_quantity, places, absent),
        oi=_whole(panel.oi, places, absent),
        volume=_whole(panel.volume, places, absent),
        age_us=age,
        mid=np.where(fault == Fault.NONE, (bid + ask) / 2, np.nan),
        fault=np.where(absent, np.int8(Fault.NOT_WATCHED), fault),
    )


def mid_of(panel: Panel, column: int, at: datetime, columns: ChainColumns) -> float:
    """Return the mid of one column with a whole, fresh book, its last price without a book.

    NaN where it is not known or stale. An index has no book.
    """
    if column == NOWHERE or not _is_fresh(panel, column, at, columns):
        return float("nan")
    bid, ask = float(panel.bid[column]), float(panel.ask[column])
    return (bid + ask) / 2 if 0 < bid < ask else float(panel.last[column])


def _is_fresh(panel: Panel, column: int, at: datetime, columns: ChainColumns) -> bool:
    age = _now_us(at) - int(panel.seen_at_us[column])
    return age <= columns.rules.stale_after.total_seconds() * _MICROSECONDS


def _prices(panel: Panel) -> tuple[Floats, Floats, Floats]:
    return panel.bid, panel.ask, panel.last


def _now_us(at: datetime) -> int:
    return round(at.timestamp() * _MICROSECONDS)


def _age_us(panel: Panel, places: Ints, absent: NDArray[np.bool_], at: datetime) -> Ints:
    """Return the age of each quote in microseconds; -1 before the first."""
    seen = _whole(panel.seen_at_us, places, absent)
    age: Ints = np.where(seen > 0, np.maximum(_now_us(at) - seen, 0), -1)
    return age


def _faults(columns: ChainColumns, quote: tuple[Floats, Floats], age: Ints) -> Codes:
    """Return the first fault of each book, in the order in which they are listed."""
    bid, ask = quote
    limit = columns.rules.stale_after.total_seconds() * _MICROSECONDS
    conditions = [
        age < 0,
        age > limit,
        ~(bid > 0) | ~(ask > 0),
        bid >= ask,
    ]
    kinds = [Fault.SILENT, Fault.STALE, Fault.ONE_SIDED, Fault.CROSSED]
    codes = [np.int8(kind) for kind in kinds]
    return np.select(conditions, codes, np.int8(Fault.NONE)).astype(np.int8)


def _floats(values: Floats, places: Ints, absent: NDArray[np.bool_]) -> Floats:
    return np.where(absent, np.nan, values[places])


def _whole(values: Ints, places: Ints, absent: NDArray[np.bool_]) -> Ints:
    return np.where(absent, 0, values[places])
