"""The calendar's data files as checked values: holidays, special sessions, hours, expiry rules.

What they mean for a day is decided in `calendar.py` and `expiry_rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path

from marketdata.dated import Dated
from marketdata.facts import dated, dated_entry, dated_table
from marketdata.tables import DataFileError, Row, read_toml

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one day in IST wall time, its end not included."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.closes <= self.opens:
            raise ValueError(f"closes: {self.closes} is not after {self.opens}")


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """A phase of an auction."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Regime:
    """The hours of an ordinary day, by what is traded; `auction` is empty where none is held."""

    name: str
    cash: Span
    cash_with_derivatives: Span
    derivatives: Span
    expiring_index: Span
    auction: tuple[NamedSpan, ...]


@dataclass(frozen=True, slots=True)
class Special:
    """A session outside the rule; `windows` is None where the hours are not published.

    `regular` sessions keep the hours of their date and have no windows of their own.
    """

    day: date
    name: str
    kind: str
    regular: bool
    windows: tuple[Span, ...] | None
    source: str


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """Weekdays of expiry, Monday 0; `weekly` is None where no weekly contracts are listed."""

    weekly: int | None
    monthly: int


@dataclass(frozen=True, slots=True)
class CalendarData:
    """Everything the calendar knows; `expiries` by `exchange:name`."""

    years: Mapping[int, str]
    closed: Mapping[date, str]
    specials: Mapping[date, Special]
    regimes: Dated[Regime]
    pre_opens: Mapping[str, Dated[tuple[NamedSpan, ...]]]
    expiries: Mapping[str, Dated[ExpiryRule]]


def read_calendar_data(folder: Path) -> CalendarData:
    """Read the four files of `folder`; raises `DataFileError` naming file, row and field."""
    years = read_toml(folder / "holidays.toml").rows("year")
    hours = read_toml(folder / "session_hours.toml")
    specials = read_toml(folder / "special_sessions.toml").rows("special")
    rules = read_toml(folder / "expiry_rules.toml").rows("rule")
    regimes = [dated_entry(row, _regime(row)) for row in hours.rows("regime")]
    return CalendarData(
        years={row.whole("year"): row.text("source") for row in years},
        closed={holiday.day("date"): _name(row, holiday) for row, holiday in _holidays(years)},
        specials={special.day: special for special in map(_special, specials)},
        regimes=dated("session hours", regimes),
        pre_opens=dated_table(hours.rows("pre_open"), "market", lambda row: _phases(row, "phases")),
        expiries=dated_table(tuple(map(_keyed, rules)), "key", _rule),
    )


def _holidays(years: tuple[Row, ...]) -> list[tuple[Row, Row]]:
    return [(row, holiday) for row in years for holiday in row.rows("closed")]


def _name(year: Row, holiday: Row) -> str:
    day = holiday.day("date")
    if day.year != year.whole("year"):
        holiday.refuse("date", f"a day of {year.whole('year')}")
    if day.weekday() >= len(WEEKDAYS):
        holiday.refuse("date", "a weekday; weekends are closed anyway")
    return holiday.text("name")


def _span(row: Row) -> Span:
    try:
        return Span(row.clock("opens"), row.clock("closes"))
    except DataFileError:
        raise
    except ValueError as error:
        raise DataFileError(f"{row.where}: {error}") from error


def _phases(row: Row, field: str) -> tuple[NamedSpan, ...]:
    return tuple(NamedSpan(item.text("name"), _span(item)) for item in row.rows(field))


def _regime(row: Row) -> Regime:
    return Regime(
        name=row.text("name"),
        cash=_span(row.row("cash")),
        cash_with_derivatives=_span(row.row("cash_with_derivatives")),
        derivatives=_span(row.row("derivatives")),
        expiring_index=_span(row.row("expiring_index")),
        auction=_phases(row, "auction"),
    )


def _special(row: Row) -> Special:
    hours = row.choice("hours", ("regular", "windows", "unknown"))
    windows = tuple(_span(item) for item in row.rows("windows")) if hours == "windows" else None
    if windows == ():
        row.refuse("windows", "at least one window")
    return Special(
        day=row.day("date"),
        name=row.text("name"),
        kind=row.choice("kind", ("muhurat", "weekend", "disaster-recovery")),
        regular=hours == "regular",
        windows=windows,
        source=row.text("source"),
    )


def _keyed(row: Row) -> Row:
    key = f"{row.choice('exchange', ('NFO', 'BFO'))}:{row.text('name')}"
    return Row(row.where, {**row.cells, "key": key})


def _rule(row: Row) -> ExpiryRule:
    weekly = WEEKDAYS.index(row.choice("weekly", WEEKDAYS)) if row.has("weekly") else None
    return ExpiryRule(weekly, WEEKDAYS.index(row.choice("monthly", WEEKDAYS)))
