"""What the files of a backtest held and lacked, symbol by symbol.

What makes a row or a tick unusable is told by `marketdata.bar_checks` and `marketdata.quality`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from trading.research.bar_days import TradingDay
from trading.research.bar_market import Market
from trading.research.listings import Role


@dataclass(frozen=True, slots=True)
class Coverage:
    """One symbol's bars over the sessions traded.

    `traded_as`: the instruments it was traded as, `made` where they were made from it.
    `missing_minutes`: minutes of its hours without a bar on days on which it has one;
    `missing_sessions`: sessions on which it has none. `dropped`: rows of the file left out,
    history included; `screened`: ticks the screen left out or mended, both by reason.
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


def coverage_of(market: Market, first: int) -> tuple[Coverage, ...]:
    """Return the coverage of every file; `first` is the place of the first session traded."""
    columns = market.laid.columns
    made = {
        listing.symbol: place
        for place, listing in enumerate(columns)
        if listing.role is Role.MADE_FUTURE
    }
    return tuple(
        _of(market, first, place, made.get(listing.symbol, place))
        for place, listing in enumerate(columns)
        if listing.role is not Role.MADE_FUTURE
    )


def told(item: Coverage) -> str:
    """Return the coverage of a symbol in one line."""
    left_out = {**item.dropped, **item.screened}
    faults = ", ".join(f"{reason} {count}" for reason, count in left_out.items())
    return (
        f"{item.symbol}: {item.sessions} sessions, {item.bars:,} bars, "
        f"{item.missing_minutes:,} minutes missing, left out or mended: {faults or 'none'}"
    )


def _of(market: Market, first: int, place: int, traded: int) -> Coverage:
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
        missing_sessions=len(days) - first - len(present),
        dropped=dict(sorted(market.laid.dropped[symbol].items())),
        screened=dict(sorted(screened.items())),
    )


def _name(day: TradingDay, place: int) -> str:
    instrument = day.instruments[place]
    return f"{instrument.symbol} (made)" if instrument.made_from else instrument.symbol
