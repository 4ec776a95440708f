"""A quote over REST: what `GET /quote` tells of one instrument, read off its packet.

How it looks as JSON is said where it is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from execution.kitesim.wire_state import UNIT
from marketdata.calendar import IST
from marketdata.instruments import Instrument, Kind, PriceDirection

_PERCENT = Decimal(10)
_FLEX = Decimal(5)
_NEAR = Decimal(1)
_OPTION_TIMES, _OPTION_MORE = 5, 200


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the book; all zeros where there is none."""

    price: float
    quantity: int
    orders: int


@dataclass(frozen=True, slots=True)
class Ohlc:
    """The day's range so far and the close of the session before, in rupees."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Quote:
    """The fields of `GET /quote`, under Kite's names; rupees, units, moments in IST or None.

    `buy` and `sell` are `depth`, five levels each, best first. Circuit limits are 0 where there
    are none.
    """

    instrument_token: int
    timestamp: datetime | None
    last_trade_time: datetime | None
    last_price: float
    last_quantity: int
    buy_quantity: int
    sell_quantity: int
    volume: int
    average_price: float
    oi: int
    oi_day_high: int
    oi_day_low: int
    net_change: float
    lower_circuit_limit: float
    upper_circuit_limit: float
    ohlc: Ohlc
    buy: tuple[Level, ...]
    sell: tuple[Level, ...]


def quote_of(packet: np.void, circuit: tuple[Decimal, Decimal] | None) -> Quote:
    """Return the quote that a full-mode packet and the circuit limits make."""
    lower, upper = circuit or (Decimal(0), Decimal(0))
    last, close = int(packet["last"]), int(packet["close"])
    return Quote(
        instrument_token=int(packet["token"]),
        timestamp=_moment(packet["exchange_at"]),
        last_trade_time=_moment(packet["traded_at"]),
        last_price=last / UNIT,
        last_quantity=int(packet["last_quantity"]),
        buy_quantity=int(packet["buy_quantity"]),
        sell_quantity=int(packet["sell_quantity"]),
        volume=int(packet["volume"]),
        average_price=int(packet["average"]) / UNIT,
        oi=int(packet["oi"]),
        oi_day_high=int(packet["oi_high"]),
        oi_day_low=int(packet["oi_low"]),
        net_change=(last - close) / UNIT if last and close else 0.0,
        lower_circuit_limit=float(lower),
        upper_circuit_limit=float(upper),
        ohlc=Ohlc(*(int(packet[name]) / UNIT for name in ("open", "high", "low", "close"))),
        buy=_levels(packet["bids"]),
        sell=_levels(packet["asks"]),
    )


def circuit_of(instrument: Instrument, packet: np.void) -> tuple[Decimal, Decimal] | None:
    """Return the day's lowest and highest price, or None for an index or without a close before.

    A model: 10 % around the close before, widened by 5 % whenever the day has come within 1 % of
    an edge; an option from one tick to five times its close and 200 rupees.
    """
    close = Decimal(int(packet["close"])) / UNIT
    if instrument.kind is Kind.INDEX or not close:
        return None
    if instrument.kind in (Kind.CALL, Kind.PUT):
        highest = close * _OPTION_TIMES + _OPTION_MORE
        return instrument.tick_size, instrument.on_grid(highest, PriceDirection.DOWN)
    percent = _PERCENT
    for name in ("high", "low"):
        price = Decimal(int(packet[name])) / UNIT
        while price and abs(price - close) * 100 > (percent - _NEAR) * close:
            percent += _FLEX
    distance = close * percent / 100
    return (
        instrument.on_grid(close - distance, PriceDirection.UP),
        instrument.on_grid(close + distance, PriceDirection.DOWN),
    )


def _levels(side: np.ndarray) -> tuple[Level, ...]:
    return tuple(
        Level(int(level["price"]) / UNIT, int(level["quantity"]), int(level["orders"]))
        for level in side
    )


def _moment(seconds: int) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), IST) if seconds else None
