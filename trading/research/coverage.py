"""What the files of a backtest held and lacked, symbol by symbol.

What makes a row or a tick unusable is told by `marketdata.bar_checks` and `marketdata.quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from marketdata.calendar import Calendar
from trading.research.bar_days import TradingDay
from trading.research.bar_market import Market
from trading.research.listings import Role


@dataclass(frozen=True, slots=True)
class Coverage:
    """One symbol's bars over the sessions traded.

    `traded_as`: the instruments it was traded as, `made` where they were made from it.
    `missing_minutes`: minutes of its hours without a bar on days on which it has one;
    `missing_sessions`: sessions of the span asked for on which it has none. `dropped`: rows of
    the file left out, history included; `screened`: ticks the screen left out or mended, both by
    reason.
    """

    symbol: str
    traded_as: tuple[str, ...]
    first: date | None
    last: date | None
    sessions: int
    history_sessions: int
    bars: int
    missing_minutes: int
    missing_sessions: int
    dropped: Mapping[str, int]
    screened: Mapping[str, int]


def sessions_asked(first: date, last: date, calendar: Calendar) -> tuple[date, ...]:
    """Return the sessions of a span, both ends included, in the years with a holiday list."""
    return tuple(
        day
        for year in sorted(calendar.data.years)
        for day in calendar.trading_days(
            max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
        )
    )


def without_a_bar(market: Market, asked: Sequence[date]) -> tuple[str, ...]:
    """Return the warning that there are sessions of which no file holds a bar, if there are."""
    there = ~np.isnan(market.laid.close)
    held = {day.date for day in market.days if there[day.rows].any()}
    lacking = [day for day in asked if day not in held]
    if not lacking:
        return ()
    return (
        f"{len(lacking):,} of {len(asked):,} sessions asked for have no bar in any file, "
        f"from {lacking[0]} to {lacking[-1]}",
    )


def coverage_of(market: Market, first: int, asked: Sequence[date]) -> tuple[Coverage, ...]:
    """Return the coverage of every file over the sessions `asked` for.

    `first`: the place of the first session traded.
    """
    columns = market.laid.columns
    made = {
        listing.symbol: place
        for place, listing in enumerate(columns)
        if listing.role is Role.MADE_FUTURE
    }
    return tuple(
        _of(market, first, (place, made.get(listing.symbol, place)), len(asked))
        for place, listing in enumerate(columns)
        if listing.role is not Role.MADE_FUTURE
    )


def told(item: Coverage) -> str:
    """Return the coverage of a symbol in one line."""
    left_out = {**item.dropped, **item.screened}
    faults = ", ".join(f"{reason} {count}" for reason, count in left_out.items())
    return (
        f"{item.symbol}: {item.sessions:,} sessions, {item.missing_sessions:,} missing, "
        f"{item.bars:,} bars, {item.missing_minutes:,} minutes missing, "
        f"left out or mended: {faults or 'none'}"
    )


def _of(market: Market, first: int, places: tuple[int, int], asked: int) -> Coverage:
    """Return the coverage of the column at the first place, traded as that at the second."""
    place, traded = places
    symbol = market.laid.columns[place].symbol
    there = ~np.isnan(market.laid.close[:, place])
    counts = [int(np.count_nonzero(there[day.rows])) for day in market.days]
    days = list(zip(market.days, counts, strict=True))
    present = [(day, count) for day, count in days[first:] if count]
    screened: Counter[str] = Counter()
    for faults in market.faults[first:]:
        for (name, reason), count in faults.items():
            if name == symbol:
                screened[reason] += count
    return Coverage(
        symbol=symbol,
        traded_as=tuple(dict.fromkeys(_name(day, traded) for day, _ in present)),
        first=present[0][0].date if present else None,
        last=present[-1][0].date if present else None,
        sessions=len(present),
        history_sessions=sum(count > 0 for _, count in days[:first]),
        bars=sum(count for _, count in present),
        missing_minutes=sum(day.open_minutes[place] - count for day, count in present),
        missing_sessions=asked - len(present),
        dropped=dict(sorted(market.laid.dropped[symbol].items())),
        screened=dict(sorted(screened.items())),
    )


def _name(day: TradingDay, place: int) -> str:
    instrument = day.instruments[place]
    return f"{instrument.symbol} (made)" if instrument.made_from else instrument.symbol
