"""The market on which the kill switch is measured: prices that stand still, bought on one bar.

What is measured on it is `bench_flatten.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np

from marketdata.calendar import IST
from marketdata.features.base import Feature
from marketdata.instruments import Exchange, Instrument, Kind
from marketdata.tape import TapeReader, microseconds, write_tape
from marketdata.tape_head import TapeHead
from marketdata.ticks import TICK, Ticks
from marketdata.timeframes import Timeframe
from risk.limits import RiskLimits
from strategies.base import Frame, Repeat, Strategy
from strategies.signals import Signals

SHARES = 38
DAY = date(2026, 10, 6)
OPEN = datetime(2026, 10, 6, 9, 15, tzinfo=IST)
_CLOSE = datetime(2026, 10, 6, 15, 30, tzinfo=IST)
_EVERY, SOON = timedelta(seconds=5), timedelta(milliseconds=250)
"""Between two frames: until everything is bought, and from then on as time really passes."""
SPOKEN = timedelta(minutes=6)
"""Since the open: the close of the bar on which everything is bought."""
_LAST = timedelta(minutes=8)
_THIN = ("S36", "S37")
"""Shares of which few are offered once their entries work."""
_FEW, _MANY = 40, 20_000
_INDICES = (("NIFTY 50", "NIFTY", 256265, 24_000.0), ("NIFTY BANK", "BANKNIFTY", 260105, 52_000.0))
ROOMY = RiskLimits(
    risk_per_trade=Decimal("0.02"),
    heat=Decimal(1),
    daily_loss=Decimal(1),
    margin_share=Decimal(1),
    max_lots=60,
    equity_share_per_position=Decimal("0.0001"),
    max_positions=100,
    max_positions_per_strategy=100,
    underlying_share=Decimal(1),
    strategy_share=Decimal(1),
    correlated_share=Decimal(1),
    max_correlation=Decimal(1),
    account_stale_after_seconds=10**6,
)


@dataclass(frozen=True, slots=True)
class Everything(Strategy):
    """Buys all there is on one bar, with levels that nothing reaches."""

    name: ClassVar[str] = "everything"
    timeframe: ClassVar[Timeframe] = Timeframe.MINUTE
    repeat: ClassVar[Repeat] = Repeat(once_a_side_a_day=True, gap_minutes=0)
    valid_minutes: ClassVar[int] = 5
    max_positions: ClassVar[int] = 100

    def features(self) -> dict[str, Feature]:
        """Return none."""
        return {}

    def signals(self, frame: Frame) -> Signals:
        """Return a purchase of every column with a price on the one bar."""
        speaks = int(frame.minute) == int(SPOKEN.total_seconds()) // 60 - 1
        close = frame.close
        side = np.where(np.isfinite(close) & speaks, 1, 0).astype(np.int8)
        return Signals(
            side, close, close * 0.99, close * 1.05, close * 1.1, np.full(len(close), 0.5)
        )


def instruments() -> tuple[Instrument, ...]:
    """Return two indices with their futures, in which an order may be cut, and the shares."""
    indices = [
        Instrument(token, Exchange.NSE, symbol, name, Kind.INDEX, 1, Decimal("0.05"))
        for symbol, name, token, _ in _INDICES
    ]
    futures = [
        Instrument(
            token=(place + 50_000) << 8 | 2,
            exchange=Exchange.NFO,
            symbol=f"{name}26OCTFUT",
            name=name,
            kind=Kind.FUTURE,
            lot_size=lot,
            tick_size=Decimal("0.1"),
            expiry=date(2026, 10, 27),
            freeze_quantity=lot * 20,
        )
        for place, (name, lot) in enumerate((("NIFTY", 65), ("BANKNIFTY", 30)))
    ]
    shares = [
        Instrument(
            (place + 1_000) << 8 | 1,
            Exchange.NSE,
            f"S{place}",
            f"S{place}",
            Kind.EQUITY,
            1,
            Decimal("0.05"),
        )
        for place in range(SHARES)
    ]
    return (*indices, *futures, *shares)


def _price(item: Instrument) -> float:
    known = {name: price for _, name, _, price in _INDICES}
    return known.get(item.name, 1_000.0)


def write_day(path: Path) -> TapeReader:
    """Write the market: prices that stand still, and few units offered of the thin shares."""
    items = instruments()
    head = TapeHead(
        date=DAY,
        source="a bench",
        made_by="trading.bench_flatten",
        instruments=items,
        previous_close=tuple((item.token, _price(item)) for item in items),
        session_open=OPEN,
        session_close=_CLOSE,
    )
    return TapeReader(write_tape(path, head, _frames(items)))


def moments() -> list[datetime]:
    """Return when there is a frame: often, once everything is bought."""
    found, since = [], _EVERY
    while since < _LAST:
        found.append(OPEN + since)
        since += _EVERY if since <= SPOKEN else SOON
    return found


def _frames(items: Sequence[Instrument]) -> Iterator[tuple[int, Ticks]]:
    for number, moment in enumerate(moments(), 1):
        at = microseconds(moment)
        ticks = np.zeros(len(items), TICK)
        thin = moment - OPEN > SPOKEN
        for place, item in enumerate(items):
            price = _price(item)
            row = ticks[place]
            row["token"], row["exchange_at"] = item.token, at
            for name in ("last", "open", "high", "low"):
                row[name] = price
            row["bid"], row["ask"] = price - 0.1, price + 0.1
            few = thin and item.symbol in _THIN
            row["bid_quantity"], row["ask_quantity"] = _MANY, _FEW if few else _MANY
            row["volume"] = number * 1_000_000
        yield at, ticks
