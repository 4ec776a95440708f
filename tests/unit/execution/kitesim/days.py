"""Small days for the tests of kitesim's market: an index, a share, a future and a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from marketdata.calendar import IST
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import Frame, microseconds
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks

DAY = date(2026, 10, 6)
OPEN = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
EXPIRY = date(2026, 10, 27)
D = Decimal
INDEX = Instrument(256265, Exchange.NSE, "NIFTY 50", "NIFTY", Kind.INDEX, 1, D("0.05"))
SHARE = Instrument(408065, Exchange.NSE, "INFY", "INFY", Kind.EQUITY, 1, D("0.1"))
FUTURE = Instrument(
    14866434, Exchange.NFO, "NIFTY26OCTFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"), expiry=EXPIRY
)
CALL = Instrument(
    14866690,
    Exchange.NFO,
    "NIFTY26OCT24500CE",
    "NIFTY",
    Kind.CALL,
    65,
    D("0.05"),
    expiry=EXPIRY,
    strike=D(24500),
)
ALL = (INDEX, SHARE, FUTURE, CALL)
CLOSES = ((INDEX.token, 24_400.0), (SHARE.token, 1_500.0), (FUTURE.token, 24_450.0))


@dataclass(frozen=True)
class Day:
    """A tape in memory."""

    head: TapeHead
    told: tuple[tuple[datetime, Ticks], ...]

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Yield the frames from number `start` on."""
        for index in range(start, len(self.told)):
            yield Frame(index, *self.told[index])


def tick(item: Instrument, last: float, at: datetime = OPEN, **fields: float) -> np.ndarray:
    """Return one tick; what isn't given is the last price, no quote, or 0."""
    row = np.zeros(1, TICK)
    row["token"], row["exchange_at"] = item.token, microseconds(at)
    row["bid"] = row["ask"] = np.nan
    for name in ("last", "open", "high", "low"):
        row[name] = last
    for name, value in fields.items():
        row[name] = value
    return row


def ticks(*rows: np.ndarray) -> Ticks:
    """Return ticks as one array."""
    return np.concatenate(rows) if rows else np.zeros(0, TICK)


def day(*told: Sequence[np.ndarray], seconds: float = 1.0) -> Day:
    """Return a day whose frames stand `seconds` apart from the open on."""
    head = TapeHead(
        date=DAY,
        source="tests",
        made_by="tests",
        instruments=ALL,
        previous_close=CLOSES,
        session_open=OPEN,
        session_close=OPEN + timedelta(hours=6),
    )
    moments = (OPEN + timedelta(seconds=number * seconds) for number in range(len(told)))
    frames = tuple((at, ticks(*rows)) for at, rows in zip(moments, told, strict=True))
    return Day(head, frames)
