"""Sessions by date and segment: the only place where IST wall time is reasoned about.

The dates and hours stand in `data/`; the rules of expiry days in `expiry_rules.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from marketdata.calendar_data import (
    CalendarData,
    NamedSpan,
    Regime,
    Span,
    Special,
    read_calendar_data,
)
from marketdata.dated import FactMissing
from marketdata.expiry_rules import first_expiry
from marketdata.instruments import Exchange, Segment
from marketdata.tables import DATA

IST = ZoneInfo("Asia/Kolkata")
_DAY = timedelta(days=1)
_SATURDAY = 5


class NoSession(Exception):
    """The market is closed on that day; the message carries the reason."""


class CalendarUnknown(LookupError):
    """The calendar has no data for that day and will not guess."""


class HoursUnknown(CalendarUnknown):
    """The day is known to have a session, but its hours are not published."""


@dataclass(frozen=True, slots=True)
class Session:
    """When one segment trades on one day.

    `windows`: aware stretches of continuous trading in order, their ends not included; more than
    one only on a split day. `kind`: `regular`, `weekend`, `muhurat` or `disaster-recovery`.
    """

    date: date
    segment: Segment
    opens_at: datetime
    closes_at: datetime
    windows: tuple[tuple[datetime, datetime], ...]
    kind: str
    source: str

    def is_open(self, at: datetime) -> bool:
        """Say whether `at` lies in a window; the closing moment itself does not."""
        return any(opens <= at < closes for opens, closes in self.windows)


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of an auction, its end not included."""

    name: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """The trading calendar of NSE and BSE equities and their derivatives."""

    data: CalendarData

    @classmethod
    def load(cls, folder: Path = DATA) -> Calendar:
        """Read the packaged data, or a folder with the same four files."""
        return cls(_packaged() if folder == DATA else read_calendar_data(folder))

    @property
    def last_day(self) -> date:
        """Return the last day that any list of holidays covers."""
        return date(max(self.data.years), 12, 31)

    def is_trading_day(self, day: date) -> bool:
        """Say whether any session is held, Muhurat and weekend sessions included.

        Raises `CalendarUnknown` for a year without data.
        """
        self._check_year(day)
        if day in self.data.specials:
            return True
        return day.weekday() < _SATURDAY and day not in self.data.closed

    def is_full_day(self, day: date) -> bool:
        """Say whether the day has ordinary hours: not Muhurat, not a drill."""
        special = self.data.specials.get(day)
        return self.is_trading_day(day) and (special is None or special.regular)

    def session(
        self,
        day: date,
        segment: Segment,
        *,
        has_derivatives: bool = False,
        expires_today: bool = False,
        is_index: bool = False,
    ) -> Session:
        """Return the hours of continuous trading.

        `has_derivatives` matters in the cash segment, `expires_today` for derivatives; `is_index`:
        the instrument, or what it derives from, is an index. Raises `NoSession` on a closed day
        with its name, `HoursUnknown` where hours are unpublished, `CalendarUnknown` without data.
        """
        self._check_open(day)
        special = self.data.specials.get(day)
        regime = self._regime(day)
        span = _hours(regime, segment, has_derivatives and not is_index, expires_today and is_index)
        spans = _special_spans(special) if special and not special.regular else (span,)
        windows = tuple((_at(day, span.opens), _at(day, span.closes)) for span in spans)
        return Session(
            date=day,
            segment=segment,
            opens_at=windows[0][0],
            closes_at=windows[-1][1],
            windows=windows,
            kind=special.kind if special else "regular",
            source=special.source if special else self.data.regimes.entry(day).source,
        )

    def closing_auction(self, day: date) -> tuple[Phase, ...]:
        """Return the phases of the closing auction of stocks with derivatives; empty if none.

        Empty too on a Muhurat or drill day, whose auction hours only its circular knows. Raises
        like `session`.
        """
        self._check_open(day)
        return _phases(day, self._regime(day).auction) if self.is_full_day(day) else ()

    def pre_open(self, day: date, segment: Segment) -> tuple[Phase, ...]:
        """Return the phases of the pre-open auction; empty where the segment has none."""
        self._check_open(day)
        if segment is Segment.OPTIONS or not self.is_full_day(day):
            return ()
        market = "cash" if segment is Segment.CASH else "futures"
        return _phases(day, self.data.pre_opens[market].at(day))

    def listed_expiry_ends_at(self, expiry: date, *, is_index: bool) -> datetime:
        """Return when derivatives that are listed to expire on a day stop trading on it.

        That the exchange lists them says the day has a session, so a year without a holiday list
        has the hours of its date. Raises as `session` for a day that is known to be closed, and
        `CalendarUnknown` for a weekend of such a year.
        """
        if expiry.year in self.data.years or expiry.weekday() >= _SATURDAY:
            session = self.session(
                expiry,
                Segment.OPTIONS,
                has_derivatives=True,
                expires_today=True,
                is_index=is_index,
            )
            return session.closes_at
        span = _hours(self._regime(expiry), Segment.OPTIONS, False, is_index)
        return _at(expiry, span.closes)

    def previous_trading_day(self, day: date) -> date:
        """Return the last day before `day` with a session; raises `CalendarUnknown`."""
        return self._step(day, -_DAY)

    def next_trading_day(self, day: date) -> date:
        """Return the first day after `day` with a session; raises `CalendarUnknown`."""
        return self._step(day, _DAY)

    def trading_days(self, first: date, last: date) -> Iterable[date]:
        """Yield the days with a session from `first` to `last`, both included."""
        day = first
        while day <= last:
            if self.is_trading_day(day):
                yield day
            day += _DAY

    def expiry(self, name: str, exchange: Exchange, on_or_after: date, monthly: bool) -> date:
        """Return the first expiry of contracts on `name` from a day on, by the dated rules.

        Weekly includes the monthly one. A holiday moves it to the ordinary session before. Only a
        cross-check: the instrument dump wins. Raises `CalendarUnknown` where rule or year is
        missing, `NoExpiry` where the rules give none for 100 days.
        """
        table = self.data.expiries
        rules = table.get(f"{exchange}:{name}") or table.get(f"{exchange}:*")
        if rules is None:
            raise CalendarUnknown(f"expiry rule: none for {exchange}:{name}")
        try:
            return first_expiry(rules, on_or_after, monthly, self._is_ordinary)
        except FactMissing as error:
            raise CalendarUnknown(f"expiry rule of {name}: {error}") from error

    @staticmethod
    def session_ordinal(day: date) -> int:
        """Return the number by which bars name their session: the date's ordinal."""
        return day.toordinal()

    def _is_ordinary(self, day: date) -> bool:
        return self.is_trading_day(day) and day not in self.data.specials

    def _step(self, day: date, step: timedelta) -> date:
        day += step
        while not self.is_trading_day(day):
            day += step
        return day

    def _regime(self, day: date) -> Regime:
        try:
            return self.data.regimes.at(day)
        except FactMissing as error:
            raise CalendarUnknown(str(error)) from error

    def _check_year(self, day: date) -> None:
        if day.year not in self.data.years:
            raise CalendarUnknown(f"calendar: no holiday list for {day.year}, asked for {day}")

    def _check_open(self, day: date) -> None:
        if not self.is_trading_day(day):
            raise NoSession(f"{day}: no session, {self.data.closed.get(day) or f'{day:%A}'}")


@dataclass(frozen=True, slots=True)
class Hours:
    """The question `Calendar.session` is asked about one instrument, day after day."""

    calendar: Calendar
    segment: Segment
    has_derivatives: bool
    is_index: bool

    def session(self, day: date) -> Session:
        """Return the instrument's session, taking `day` not to be its expiry day."""
        return self.calendar.session(
            day,
            self.segment,
            has_derivatives=self.has_derivatives,
            is_index=self.is_index,
        )


@cache
def _packaged() -> CalendarData:
    return read_calendar_data(DATA)


def _hours(regime: Regime, segment: Segment, auctioned: bool, expiring_index: bool) -> Span:
    if segment is Segment.CASH:
        return regime.cash_with_derivatives if auctioned else regime.cash
    return regime.expiring_index if expiring_index else regime.derivatives


def _special_spans(special: Special) -> tuple[Span, ...]:
    if special.windows is None:
        raise HoursUnknown(
            f"{special.day}: {special.name} session is known, its hours are not published "
            f"({special.source})"
        )
    return special.windows


def _phases(day: date, spans: tuple[NamedSpan, ...]) -> tuple[Phase, ...]:
    return tuple(
        Phase(named.name, _at(day, named.span.opens), _at(day, named.span.closes))
        for named in spans
    )


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, tzinfo=IST)
