"""The event windows of one session: the one way a run, a replay and a backtest come to them.

What events do is said by `risk/event_rules.py`; which rows hold over the packaged list by
`services/events.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from marketdata.calendar import IST, Calendar, CalendarUnknown
from marketdata.events import MarketEvent, events_between
from marketdata.instruments import Segment
from risk.event_rules import EventWindow, SessionSpan, event_windows
from trading.config import Config

REACH = timedelta(days=14)
"""How far before a session its events may lie: longer than the market ever stays closed."""


def windows_of(
    config: Config,
    opens_at: datetime,
    closes_at: datetime,
    events: Sequence[MarketEvent] | None = None,
) -> tuple[EventWindow, ...]:
    """Return the event windows of the session from `opens_at` to `closes_at`, by configuration.

    `events`: those a run was started with, None for the packaged list.
    """
    if events is None:
        events = events_between(opens_at - REACH, closes_at + timedelta(days=1))
    session = SessionSpan(_closed_since(opens_at), opens_at, closes_at)
    return event_windows(events, session, config.events, config.event_block_minutes)


def _closed_since(opens_at: datetime) -> datetime:
    """Return when the session before ended; midnight where the calendar doesn't know it."""
    day = opens_at.astimezone(IST).date()
    try:
        before = _calendar().previous_trading_day(day)
        return _calendar().session(before, Segment.FUTURES).closes_at
    except CalendarUnknown:
        return datetime(day.year, day.month, day.day, tzinfo=IST)


@cache
def _calendar() -> Calendar:
    return Calendar.load()
