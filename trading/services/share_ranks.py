"""By what shares are ranked for a live day: how much of each was traded in the sessions before.

Choosing by it is `marketdata/live_universe.py`; this reads bars from disk, which few processes do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from marketdata.calendar import Calendar
from marketdata.instruments import Instrument, Kind
from marketdata.live_universe import LiveUniverseSettings
from marketdata.traded_value import sessions_before, traded_values


def share_ranks(
    listed: Sequence[Instrument], day: date, settings: LiveUniverseSettings, folder: Path
) -> dict[str, float]:
    """Return rupees traded a day by symbol, of the listed shares that could be watched.

    `folder`: of bars. Raises `CalendarUnknown` where the sessions before a day aren't known.
    """
    if not settings.stocks:
        return {}
    with_futures = {item.name for item in listed if item.kind is Kind.FUTURE}
    symbols = [
        item.symbol
        for item in listed
        if item.kind is Kind.EQUITY
        and (item.symbol in with_futures or not settings.needs_derivatives)
    ]
    calendar = Calendar.load()
    sessions = sessions_before(day, settings.traded_sessions, calendar)
    return traded_values(folder, symbols, sessions, calendar)
