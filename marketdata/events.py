"""Scheduled events that move the whole market: policy days, Budget, inflation, output, the Fed.

What an event does to trading is a risk rule's business; expiry days live in `calendar.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from marketdata.calendar import IST
from marketdata.tables import DATA, Row, read_toml

_ZONES = ("Asia/Kolkata", "America/New_York")


class EventKind(StrEnum):
    """What is announced."""

    RBI_POLICY = "RBI_POLICY"
    BUDGET = "BUDGET"
    FOMC = "FOMC"
    CPI = "CPI"
    GDP = "GDP"


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """An announcement; `starts_at` is aware, in IST; `severity` from 0 (harmless) to 1."""

    kind: EventKind
    starts_at: datetime
    severity: float
    source: str


@cache
def load_events(path: Path = DATA / "events.toml") -> tuple[MarketEvent, ...]:
    """Return the events of the data file, earliest first.

    Raises `DataFileError` naming row and field.
    """
    events = (_event(row) for row in read_toml(path).rows("event"))
    return tuple(sorted(events, key=lambda event: (event.starts_at, event.kind)))


def events_between(first: datetime, last: datetime) -> tuple[MarketEvent, ...]:
    """Return the packaged events with `first <= starts_at < last`; both moments aware."""
    return tuple(event for event in load_events() if first <= event.starts_at < last)


def _event(row: Row) -> MarketEvent:
    zone = ZoneInfo(row.choice("zone", _ZONES))
    severity = row.decimal("severity")
    if severity > 1:
        row.refuse("severity", "at most 1")
    return MarketEvent(
        kind=EventKind(row.choice("kind", tuple(EventKind))),
        starts_at=row.moment("at").replace(tzinfo=zone).astimezone(IST),
        severity=float(severity),
        source=row.text("source"),
    )
