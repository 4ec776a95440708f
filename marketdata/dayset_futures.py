"""A near-month future made from an index, for days on which no future was recorded.

Its price is the index carried to expiry at a fixed rate, its volume a model; both are noted in the
tape's head, and the instrument itself says what it was made from.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from marketdata.calendar import Calendar
from marketdata.dated import FactMissing
from marketdata.dayset_source import RawTicks
from marketdata.facts import (
    IndexName,
    freeze_quantity,
    index_names,
    lot_size,
    tick_size,
)
from marketdata.instruments import TOKEN_SEGMENTS, Exchange, Instrument, Kind
from marketdata.minute_bars import MinuteBars, days_of, joined
from marketdata.synthetic_quotes import on_grid
from marketdata.synthetic_shape import volatility_multiplier, volume_share

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""Months as symbols of contracts write them."""

_MINUTE = 60_000_000
_SESSION_MINUTES = 375
_FIRST_YEAR = 2016
_MADE_TOKENS = 50_000


@dataclass(frozen=True, slots=True)
class FutureModel:
    """How a future is made from its index.

    `rate`: carry a year as a fraction. `day_lots`: lots traded on a day whose minutes have the
    usual range. `usual_range`: high to low of a usual minute as a fraction of the price. A
    minute's lots follow the day's profile, times the root of its range over the usual one (held
    to 0.5 to 2), times a seeded chance between 0.75 and 1.25.
    """

    rate: float = 0.05
    day_lots: int = 120_000
    usual_range: float = 0.0006

    def carry(self, future: Instrument, day: date) -> float:
        """Return future price over index level on `day`; 1 on the expiry day itself."""
        if future.expiry is None:
            raise ValueError(f"expiry: {future.symbol} has none, expected a future")
        return 1 + self.rate * (future.expiry - day).days / 365


def near_future(index: IndexName, day: date, level: float, calendar: Calendar) -> Instrument:
    """Return the index future that expires next on or after `day`, with the facts of its date.

    `level`: of the index, for the size of the tick. Where the freeze quantity of the day isn't
    known it is None. Raises `LookupError` where expiry, lot or tick of that date isn't known.
    """
    exchange = index.derivatives or Exchange.NFO
    expiry = calendar.expiry(index.name, exchange, day, monthly=True)
    return Instrument(
        token=_made_token(index, exchange, expiry),
        exchange=exchange,
        symbol=f"{index.name}{expiry:%y}{MONTHS[expiry.month - 1]}FUT",
        name=index.name,
        kind=Kind.FUTURE,
        lot_size=lot_size(index.name, expiry),
        tick_size=tick_size(
            Kind.FUTURE, day, Decimal(str(level)), exchange=exchange, is_index=True
        ),
        expiry=expiry,
        freeze_quantity=known_freeze(index.name, day),
        made_from=f"index {index.spot}",
    )


def future_bars(future: Instrument, index: MinuteBars, model: FutureModel) -> MinuteBars:
    """Return the future's minute bars made from its index's, over any number of days.

    Prices on the tick grid, volume in whole lots. The same bars give the same result.
    """
    return joined([_bars_of_day(future, index.on(day), day, model) for day in days_of(index)])


def future_ticks(
    future: Instrument, index: RawTicks, bars: MinuteBars, model: FutureModel
) -> RawTicks:
    """Return one tick of the future for each of the index's, with the same stamps.

    `bars`: the future's minute bars of that day, whose volume runs evenly through each minute.
    """
    factor = model.carry(future, days_of(bars)[0])
    row = np.clip(np.searchsorted(bars.start, index.stamp, side="right") - 1, 0, None)
    traded = np.cumsum(bars.volume)[row] - bars.volume[row]
    share = np.clip((index.stamp - bars.start[row]) / _MINUTE, 0, 1)
    lots = np.floor(bars.volume[row] / future.lot_size * share).astype(np.int64)
    return RawTicks(
        stamp=index.stamp,
        last=on_grid(index.last * factor, future.tick_size),
        volume=traded + lots * future.lot_size,
    )


def _bars_of_day(
    future: Instrument, index: MinuteBars, day: date, model: FutureModel
) -> MinuteBars:
    factor = model.carry(future, day)
    open_, high, low, close = (
        on_grid(prices * factor, future.tick_size)
        for prices in (index.open, index.high, index.low, index.close)
    )
    lots = _lots(future.symbol, day, index, model)
    return MinuteBars(index.start, open_, high, low, close, lots * future.lot_size)


def _lots(symbol: str, day: date, index: MinuteBars, model: FutureModel) -> Ints:
    minute = (index.start - index.start[0]) // _MINUTE
    share = volume_share(_SESSION_MINUTES)[np.minimum(minute, _SESSION_MINUTES - 1)]
    usual = model.usual_range * volatility_multiplier(minute, banks=False)
    busy = np.clip(np.sqrt((index.high - index.low) / index.open / usual), 0.5, 2)
    seed = int.from_bytes(hashlib.sha256(f"{day}{symbol}".encode()).digest()[:8])
    chance = 0.75 + 0.5 * np.random.Generator(np.random.PCG64(seed)).random(len(index))
    lots: Ints = np.rint(model.day_lots * share * busy * chance).astype(np.int64)
    return lots


def known_freeze(name: str, day: date) -> int | None:
    """Return the largest quantity of one order on a day; None where it isn't known."""
    try:
        return freeze_quantity(name, day)
    except FactMissing:
        return None


def _made_token(index: IndexName, exchange: Exchange, expiry: date) -> int:
    """Return a token in the form of the exchange's derivatives, outside its shares' range."""
    month = (expiry.year - _FIRST_YEAR) * 12 + expiry.month
    number = _MADE_TOKENS + 10 * month + index_names().index(index)
    return number * 256 + TOKEN_SEGMENTS[exchange]
