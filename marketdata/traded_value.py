"""How much of each share is traded a day, from the bars on disk; shares are ranked by it.

Bringing the bars there is the work of the history download.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from marketdata.bar_checks import ist_days
from marketdata.calendar import Calendar, Hours
from marketdata.history import HistoryError, bars_path, read_bars
from marketdata.instruments import Segment


def traded_values(
    folder: Path, symbols: Iterable[str], sessions: tuple[date, ...], calendar: Calendar
) -> dict[str, float]:
    """Return the rupees traded a day, by symbol: the average over those sessions with bars.

    `sessions`: oldest first, at least one. A symbol without a file that can be read, or without
    bars in at least half of the sessions, is left out.
    """
    hours = Hours(calendar, Segment.CASH, has_derivatives=True, is_index=False)
    values = {}
    for symbol in symbols:
        try:
            bars = read_bars(bars_path(folder, symbol), sessions[0], sessions[-1], hours)
        except HistoryError:
            continue
        days = len(np.unique(ist_days(bars.start.astype(np.int64))))
        if days and 2 * days >= len(sessions):
            values[symbol] = float(np.sum(bars.close * bars.volume)) / days
    return values


def sessions_before(day: date, count: int, calendar: Calendar) -> tuple[date, ...]:
    """Return the last `count` sessions before a day, oldest first. Raises `CalendarUnknown`."""
    found: list[date] = []
    while len(found) < count:
        found.append(calendar.previous_trading_day(found[-1] if found else day))
    return tuple(reversed(found))
