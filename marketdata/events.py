"""Scheduled events: policy days, Budget, inflation, output, the Fed, and results of companies.

What an event does to trading is the risk room's business; expiry days are in `expiry_flags.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from marketdata.calendar import IST
from marketdata.tables import DATA, DataFileError, Row, read_csv, read_toml

EVENTS_FILE = DATA / "events.toml"
CSV_COLUMNS = ("kind", "underlying", "date", "time", "timing", "zone", "severity", "source")
DERIVED = "derived"
"""How the source of a date begins that was computed and not published."""
_ZONES = ("Asia/Kolkata", "America/New_York")
_YEARS = range(2000, 2200)
_LONGEST_UNDERLYING = 50
_LONGEST_SOURCE = 300


class EventKind(StrEnum):
    """What is announced."""

    RBI_POLICY = "RBI_POLICY"
    BUDGET = "BUDGET"
    FOMC = "FOMC"
    CPI = "CPI"
    GDP = "GDP"
    RESULTS = "RESULTS"

    @property
    def spoken(self) -> str:
        """Return the kind as people say it."""
        return _TITLES[self]


_TITLES = {
    EventKind.RBI_POLICY: "RBI policy",
    EventKind.BUDGET: "Union Budget",
    EventKind.FOMC: "FOMC",
    EventKind.CPI: "CPI",
    EventKind.GDP: "GDP",
    EventKind.RESULTS: "results",
}


class Timing(StrEnum):
    """When on its day an event is announced: at a moment, or in a part of the day."""

    AT = "AT"
    BEFORE_OPEN = "BEFORE_OPEN"
    INTRADAY = "INTRADAY"
    AFTER_CLOSE = "AFTER_CLOSE"


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """An announcement; `starts_at` is aware, in IST; `severity` from above 0 to 1.

    With another timing than `AT` only the day of `starts_at` is known, and its time is midnight.
    `underlying`: the symbol of the company for results, empty for what moves the whole market.
    Raises `ValueError` naming the field.
    """

    kind: EventKind
    starts_at: datetime
    severity: float
    source: str
    underlying: str = ""
    timing: Timing = Timing.AT

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None:
            raise ValueError("starts_at: expected an aware moment")
        if self.starts_at.year not in _YEARS:
            raise ValueError(f"date: {self.starts_at.date()}, expected a year from 2000 to 2199")
        if not 0 < self.severity <= 1:
            raise ValueError(f"severity: {self.severity}, expected above 0 and at most 1")
        if not self.source:
            raise ValueError("source: nothing, expected where the date was published")
        if bool(self.underlying) != (self.kind is EventKind.RESULTS):
            wanted = "a symbol" if self.kind is EventKind.RESULTS else "nothing"
            raise ValueError(f"underlying: {self.underlying!r}, expected {wanted} for {self.kind}")
        limits = {"underlying": _LONGEST_UNDERLYING, "source": _LONGEST_SOURCE}
        for name, longest in limits.items():
            if (length := len(getattr(self, name))) > longest:
                raise ValueError(f"{name}: {length} letters, expected at most {longest}")

    @property
    def key(self) -> tuple[EventKind, str, datetime]:
        """Return what makes two tellings the same event."""
        return self.kind, self.underlying, self.starts_at

    @property
    def is_derived(self) -> bool:
        """Say whether its date was computed from a publication rule, not read where it is told."""
        return self.source.startswith(DERIVED)

    @property
    def day(self) -> date:
        """Return its date in India."""
        return self.starts_at.astimezone(IST).date()

    @property
    def name(self) -> str:
        """Return what people call it, with its day and what is known of its time."""
        at = self.starts_at.astimezone(IST)
        when = f"{at:%H:%M}" if self.timing is Timing.AT else self.timing.lower().replace("_", " ")
        whose = f"{self.underlying} " if self.underlying else ""
        return f"{whose}{self.kind.spoken} {at:%d %b} {when}"


@dataclass(frozen=True, slots=True)
class EventList:
    """The days, both ends included, for which every event of a kind is listed."""

    kind: EventKind
    first: date
    last: date
    source: str


def read_events(path: Path) -> tuple[MarketEvent, ...]:
    """Return the events of a file, earliest first.

    A `.csv` has the columns `CSV_COLUMNS`; anything else is TOML with tables `[[event]]`, whose
    `at` may stand for `date` and `time`. Without a time, `timing` says in which part of the day;
    `zone` is India's where it is left out. Raises `DataFileError` naming row or line and field.
    """
    is_csv = path.suffix.lower() == ".csv"
    rows = read_csv(path, CSV_COLUMNS) if is_csv else read_toml(path).rows("event")
    found: dict[object, str] = {}
    events = []
    for row in rows:
        event = _event(row)
        if event.key in found:
            raise DataFileError(f"{row.where}: {event.name} stands in {found[event.key]} already")
        found[event.key] = row.where
        events.append(event)
    return tuple(sorted(events, key=lambda event: (event.starts_at, event.kind, event.underlying)))


@cache
def load_events(path: Path = EVENTS_FILE) -> tuple[MarketEvent, ...]:
    """Return the events of the data file, earliest first.

    Raises `DataFileError` naming row and field.
    """
    return read_events(path)


@cache
def event_lists(path: Path = EVENTS_FILE) -> tuple[EventList, ...]:
    """Return which days the data file covers, kind by kind. Raises `DataFileError`."""
    return tuple(_list(row) for row in read_toml(path).rows("list"))


def unlisted(day: date) -> tuple[EventKind, ...]:
    """Return the kinds of the whole market without a list for `day`: nothing is known of them."""
    listed = {item.kind for item in event_lists() if item.first <= day <= item.last}
    return tuple(kind for kind in EventKind if kind is not EventKind.RESULTS and kind not in listed)


def events_between(first: datetime, last: datetime) -> tuple[MarketEvent, ...]:
    """Return the packaged events with `first <= starts_at < last`; both moments aware."""
    return tuple(event for event in load_events() if first <= event.starts_at < last)


def _list(row: Row) -> EventList:
    first, last = row.day("first"), row.day("last")
    if last < first:
        row.refuse("last", f"{first} or later")
    kind = EventKind(row.choice("kind", tuple(EventKind)))
    return EventList(kind, first, last, row.text("source"))


def _event(row: Row) -> MarketEvent:
    timing = Timing(row.choice("timing", tuple(Timing))) if row.has("timing") else Timing.AT
    kind = EventKind(row.choice("kind", tuple(EventKind)))
    if row.has("underlying") != (kind is EventKind.RESULTS):
        row.refuse("underlying", f"{'a symbol' if kind is EventKind.RESULTS else 'nothing'}")
    severity = row.decimal("severity")
    if severity > 1:
        row.refuse("severity", "at most 1")
    try:
        return MarketEvent(
            kind=kind,
            starts_at=_starts(row, timing),
            severity=float(severity),
            source=row.text("source"),
            underlying=row.text("underlying") if row.has("underlying") else "",
            timing=timing,
        )
    except (ValueError, OverflowError) as error:
        raise DataFileError(f"{row.where}: {error}") from error


def _starts(row: Row, timing: Timing) -> datetime:
    zone = ZoneInfo(row.choice("zone", _ZONES) if row.has("zone") else _ZONES[0])
    if timing is not Timing.AT:
        for field in ("at", "time"):
            if row.has(field):
                row.refuse(field, f"nothing beside the timing {timing}")
        return datetime.combine(row.day("date"), time(), tzinfo=IST)
    local = row.moment("at").replace(tzinfo=zone) if row.has("at") else _joined(row, zone)
    return local.astimezone(IST)


def _joined(row: Row, zone: ZoneInfo) -> datetime:
    if not row.has("date"):
        row.refuse("at", "a local date and time like 2026-12-04T10:00:00")
    value = row.cells.get("time", "")
    try:
        clock = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        row.refuse("time", "a time like 10:00, or a timing like BEFORE_OPEN")
    return datetime.combine(row.day("date"), clock, tzinfo=zone)
