"""The ports through which a day is got ready: instrument files, quotes asked for once, candles.

Prices that stream come through `feed.py`; the broker's answers are made into these by an adapter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from marketdata.bars import Floats, Ints
from marketdata.instruments import Exchange


class SourceFailed(Exception):
    """What was asked for could not be had; asking changed nothing. Holds no secret."""


class LoginWanted(SourceFailed):
    """The session has ended; nothing can be had before a new login."""


class Interval(StrEnum):
    """How long a candle lasts, in Kite's words."""

    MINUTE = "minute"
    THREE_MINUTES = "3minute"
    FIVE_MINUTES = "5minute"
    TEN_MINUTES = "10minute"
    FIFTEEN_MINUTES = "15minute"
    HALF_HOUR = "30minute"
    HOUR = "60minute"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class CandleSpan:
    """Which candles of an instrument: those that begin from `first` to `last`, both aware."""

    token: int
    interval: Interval
    first: datetime
    last: datetime

    def __post_init__(self) -> None:
        if self.first.tzinfo is None or self.last.tzinfo is None:
            raise ValueError("first, last: expected aware moments")
        if self.last < self.first:
            raise ValueError(f"last: {self.last} is before {self.first}")


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles as they were told, in the order told, unjudged; each array shape `(n,)`.

    `start`: epoch seconds. Prices in rupees; anything that was not told is NaN.
    """

    start: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    oi: Floats

    def __len__(self) -> int:
        return len(self.start)


class InstrumentSource(Protocol):
    """Where the day's instrument files come from."""

    async def instruments(self, exchange: Exchange) -> bytes:
        """Return an exchange's file, as `instrument_dump.py` reads it. Raises `SourceFailed`."""


@dataclass(frozen=True, slots=True)
class Close:
    """A price before a day, in rupees. `of`: the date it is from.

    None where what the day's own quote tells as the close before is meant.
    """

    price: float
    of: date | None


class QuoteSource(Protocol):
    """What can be asked about instruments, by their keys; one that isn't known is left out."""

    async def previous_closes(self, keys: Sequence[str], day: date) -> Mapping[str, Close]:
        """Return the newest prices from before a day, each with its date. Raises `SourceFailed`."""

    async def last_prices(self, keys: Sequence[str]) -> Mapping[str, float]:
        """Return last prices in rupees. Raises `SourceFailed`."""

    async def price_limits(self, keys: Sequence[str]) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Return the day's lowest and highest price, in rupees. Raises `SourceFailed`."""


class History(Protocol):
    """Where candles of days gone by come from."""

    async def candles(self, span: CandleSpan) -> Candles:
        """Return the candles of a span, none where nothing traded. Raises `SourceFailed`."""
