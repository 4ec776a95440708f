"""The sessions by which the desk has proven itself: how many passed in a row, how old they are.

Reading them from the rows is `burn_in_rows.py`; how many are needed is said by `live_gate.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from marketdata.calendar import IST, Calendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Session:
    """One day's session as it counts: whether it passed, when it ended, what it was run on."""

    day: date
    passed: bool
    ended_at: datetime | None
    config_sha256: str
    code_revision: str


def passed_in_a_row(found: Sequence[Session]) -> int:
    """Return how many sessions passed, counted back from the newest up to one that didn't."""
    return len(list(takewhile(lambda session: session.passed, found)))


def age_of(ended_at: datetime, at: datetime, calendar: Calendar) -> timedelta:
    """Return the time since a session ended, without what fell on days nobody trades (IST).

    Raises `CalendarUnknown` for days without data.
    """
    first, last = ended_at.astimezone(IST).date(), at.astimezone(IST).date()
    days = [first + _DAY * number for number in range((last - first).days + 1)]
    spans = [_within(day, ended_at, at) for day in days if not calendar.is_trading_day(day)]
    return (at - ended_at) - sum(spans, timedelta(0))


def _within(day: date, start: datetime, end: datetime) -> timedelta:
    """Return how much of a span falls on a day."""
    begins = datetime.combine(day, time(0), tzinfo=IST)
    return max(min(end, begins + _DAY) - max(start, begins), timedelta(0))
