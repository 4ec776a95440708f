"""A plain backtest written by hand from `docs/backtesting.md`: loops over bars, nothing shared.

It imports nothing of the project, so that it can be wrong only on its own account.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from csv import DictReader
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, floor
from pathlib import Path

MINUTE = timedelta(minutes=1)


@dataclass
class Minute:
    at: datetime
    open: float
    high: float
    low: float
    close: float


@dataclass
class Opinion:
    """What a strategy says at a bar's close: 1 long, -1 short."""

    at: datetime
    side: int
    stop: float
    target: float


@dataclass
class Trip:
    symbol: str
    side: int
    signal_at: datetime
    entry_at: datetime
    entry: float
    exit_minute: datetime
    exit: float
    reason: str


def read_days(path: Path) -> dict[str, list[list[Minute]]]:
    """Return each symbol's minutes, day by day."""
    days: dict[str, dict[object, list[Minute]]] = defaultdict(lambda: defaultdict(list))
    with gzip.open(path, "rt") as file:
        for row in DictReader(file):
            at = datetime.fromisoformat(row["ts"])
            bar = Minute(at, *(float(row[name]) for name in ("open", "high", "low", "close")))
            days[row["symbol"]][at.date()].append(bar)
    return {symbol: list(by_day.values()) for symbol, by_day in days.items()}


def opening_range_opinions(day: list[Minute], range_minutes: int, reward: float) -> list[Opinion]:
    """The first close above the range and the first below it, from the range's last close on."""
    begins = day[0].at.replace(hour=9, minute=15)
    ends = begins + range_minutes * MINUTE
    opening = [bar for bar in day if bar.at < ends]
    if not opening:
        return []
    high, low = max(bar.high for bar in opening), min(bar.low for bar in opening)
    found, said, beyond = [], set(), 0
    for bar in day:
        if bar.at < ends:
            continue
        now = 1 if bar.close > high else -1 if bar.close < low else 0
        if now and now != beyond and now not in said:
            said.add(now)
            stop = low if now > 0 else high
            target = bar.close + reward * (bar.close - stop)
            found.append(Opinion(bar.at + MINUTE, now, stop, target))
        beyond = now
    return found


def trade(symbol: str, day: list[Minute], opinions: list[Opinion], square_off: str) -> list[Trip]:
    """Every opinion before the square-off is entered at the next bar's open and left by rule."""
    hour, minute = map(int, square_off.split(":"))
    flat_at = day[0].at.replace(hour=hour, minute=minute)
    trips: list[Trip] = []
    for opinion in opinions:
        if opinion.at >= flat_at:
            continue
        against = [
            trip for trip in trips if trip.side != opinion.side and trip.exit_minute >= opinion.at
        ]
        if against:
            continue
        after = [bar for bar in day if bar.at >= opinion.at]
        if after and after[0].at < flat_at:
            trips.append(_held(symbol, opinion, after, flat_at))
    return trips


def _held(symbol: str, opinion: Opinion, bars: list[Minute], flat_at: datetime) -> Trip:
    side, entry = opinion.side, bars[0]
    stop = _paisa(opinion.stop, -side)
    target = _paisa(opinion.target, side)

    def left(bar: Minute, price: float, reason: str) -> Trip:
        return Trip(symbol, side, opinion.at, entry.at, entry.open, bar.at, price, reason)

    for place, bar in enumerate(bars):
        if bar.at >= flat_at:
            return left(bar, bar.open, "END_OF_DAY")
        if side * (bar.open - stop) <= 0:
            return left(bar, bar.open, "HARD_STOP")
        if place and side * (bar.open - target) >= 0:
            return left(bar, bar.open, "TARGET2")
        worst, best = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
        if side * (worst - stop) <= 0:
            return left(bar, stop, "HARD_STOP")
        if side * (best - target) >= 0:
            return left(bar, max(target * side, bar.open * side) * side, "TARGET2")
    last = replace(bars[-1], at=flat_at.replace(hour=15, minute=29))
    return left(last, last.close, "END_OF_DAY")


def _paisa(price: float, way: int) -> float:
    """Take a level to the paisa, away from the entry: down where `way` is below 0."""
    hundredths = price * 100
    near = round(hundredths)
    if abs(hundredths - near) < 1e-6:
        return near / 100
    return (ceil(hundredths) if way > 0 else floor(hundredths)) / 100
