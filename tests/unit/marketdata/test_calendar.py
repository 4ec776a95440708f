"""Sessions and trading days, checked against the circulars' dates and two outside calendars."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.calendar import (
    IST,
    Calendar,
    CalendarUnknown,
    Hours,
    HoursUnknown,
    NoSession,
)
from marketdata.instruments import Segment

LOADED = Calendar.load()
KNOWN_YEARS = (2016, 2021, 2022, 2023, 2024, 2025, 2026)


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return LOADED


def clock(at: datetime) -> str:
    assert at.tzinfo is IST
    return at.strftime("%H:%M")


def weekdays(year: int) -> list[date]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=offset) for offset in range(366))
    return [day for day in days if day.year == year and day.weekday() < 5]


class TestTradingDays:
    def test_a_plain_weekday_trades_and_a_weekend_does_not(self, calendar: Calendar) -> None:
        assert calendar.is_trading_day(date(2026, 11, 23))
        assert not calendar.is_trading_day(date(2026, 11, 22))

    def test_a_holiday_is_refused_with_its_name(self, calendar: Calendar) -> None:
        with pytest.raises(NoSession, match="2026-11-24: no session, Guru Nanak Jayanti"):
            calendar.session(date(2026, 11, 24), Segment.CASH)

    def test_a_weekend_is_refused_with_its_weekday(self, calendar: Calendar) -> None:
        with pytest.raises(NoSession, match="Saturday"):
            calendar.session(date(2026, 11, 21), Segment.CASH)

    @pytest.mark.parametrize("year", [2015, 2017, 2020, 2027])
    def test_a_year_without_a_list_is_never_assumed_open(
        self, calendar: Calendar, year: int
    ) -> None:
        with pytest.raises(CalendarUnknown, match=f"no holiday list for {year}"):
            calendar.is_trading_day(date(year, 6, 15))
        with pytest.raises(CalendarUnknown):
            calendar.session(date(year, 6, 15), Segment.CASH)

    def test_budget_sunday_2026_trades_ordinary_hours(self, calendar: Calendar) -> None:
        session = calendar.session(date(2026, 2, 1), Segment.FUTURES)

        assert (clock(session.opens_at), clock(session.closes_at)) == ("09:15", "15:30")
        assert session.kind == "weekend"
        assert calendar.is_full_day(date(2026, 2, 1))

    def test_next_and_previous_skip_holidays_and_take_special_days(
        self, calendar: Calendar
    ) -> None:
        assert calendar.next_trading_day(date(2026, 11, 23)) == date(2026, 11, 25)
        assert calendar.previous_trading_day(date(2026, 11, 25)) == date(2026, 11, 23)
        assert calendar.next_trading_day(date(2026, 1, 30)) == date(2026, 2, 1)

    def test_the_step_past_the_last_list_raises(self, calendar: Calendar) -> None:
        with pytest.raises(CalendarUnknown, match="2027"):
            calendar.next_trading_day(date(2026, 12, 31))
        with pytest.raises(CalendarUnknown, match="2020"):
            calendar.previous_trading_day(date(2021, 1, 1))

    def test_the_last_list_ends_with_its_year(self, calendar: Calendar) -> None:
        assert calendar.is_trading_day(calendar.last_day) in (True, False)
        with pytest.raises(CalendarUnknown):
            calendar.is_trading_day(calendar.last_day + timedelta(days=1))

    @pytest.mark.parametrize(
        ("expiry", "is_index", "ends"),
        [
            (date(2026, 11, 30), True, datetime(2026, 11, 30, 15, 40)),
            (date(2026, 12, 29), True, datetime(2026, 12, 29, 15, 30)),
            (date(2027, 1, 26), True, datetime(2027, 1, 26, 15, 30)),
            (date(2027, 1, 26), False, datetime(2027, 1, 26, 15, 45)),
        ],
    )
    def test_a_listed_expiry_has_its_hours_before_its_year_has_a_list(
        self, calendar: Calendar, expiry: date, is_index: bool, ends: datetime
    ) -> None:
        found = calendar.listed_expiry_ends_at(expiry, is_index=is_index)

        assert found == ends.replace(tzinfo=IST)

    def test_a_listed_expiry_on_a_day_known_as_closed_is_refused(self, calendar: Calendar) -> None:
        with pytest.raises(NoSession, match="Christmas"):
            calendar.listed_expiry_ends_at(date(2026, 12, 25), is_index=True)
        with pytest.raises(CalendarUnknown, match="2027"):
            calendar.listed_expiry_ends_at(date(2027, 1, 30), is_index=True)

    @given(st.dates(date(2021, 1, 5), date(2026, 12, 29)))
    def test_next_undoes_previous_on_trading_days(self, day: date) -> None:
        if LOADED.is_trading_day(day):
            assert LOADED.next_trading_day(LOADED.previous_trading_day(day)) == day

    def test_trading_days_of_a_week(self, calendar: Calendar) -> None:
        week = list(calendar.trading_days(date(2026, 11, 22), date(2026, 11, 29)))

        assert week == [date(2026, 11, day) for day in (23, 25, 26, 27)]

    def test_the_session_ordinal_is_the_dates(self) -> None:
        assert Calendar.session_ordinal(date(1970, 1, 2)) == date(1970, 1, 1).toordinal() + 1

    @pytest.mark.filterwarnings("ignore:Series.values returning")
    @pytest.mark.parametrize("year", KNOWN_YEARS)
    def test_weekdays_agree_with_exchange_calendars(self, calendar: Calendar, year: int) -> None:
        xcals = pytest.importorskip("exchange_calendars")
        bombay = xcals.get_calendar("XBOM", start=f"{year}-01-01", end=f"{year}-12-31")
        sessions = {session.date() for session in bombay.sessions}

        ours = {day for day in weekdays(year) if day not in calendar.data.closed}

        assert ours == sessions

    @pytest.mark.shared_data
    def test_2026_agrees_with_the_published_list(
        self, calendar: Calendar, shared_data: Path
    ) -> None:
        text = (shared_data / "reference" / "nse_holidays_2026.csv").read_text()
        listed = {datetime.strptime(line, "%d-%b-%Y").date() for line in text.split()}

        ours = {day for day in calendar.data.closed if day.year == 2026}

        assert ours == {day for day in listed if day.weekday() < 5}
        assert date(2026, 11, 8) in calendar.data.specials

    @pytest.mark.shared_data
    def test_2026_agrees_with_a_calendar_package(
        self, calendar: Calendar, shared_data: Path
    ) -> None:
        reference = json.loads(
            (shared_data / "reference" / "market_calendar_2026.json").read_text()
        )
        listed = {
            date.fromisoformat(event["start"][:10])
            for event in reference["events"]
            if event["category"] == "EXCHANGE_HOLIDAY" and "NSE_EQUITY" in event["applies_to"]
        }

        assert {day for day in calendar.data.closed if day.year == 2026} == listed

    @pytest.mark.shared_data
    @pytest.mark.parametrize(
        ("file", "absent"),
        [
            ("bars_1m/stocks_2016-08-16_2016-09-09.csv.gz", set()),
            ("bars_1m/index_2021-04_2021-05.csv.gz", {date(2021, 4, 12)}),
            ("bars_1m/index_2021-07_2021-12.csv.gz", {date(2021, 11, 4)}),
            ("bars_1m/banks_vix_2023-04-03_2023-05-12.csv.gz", set()),
            ("bars_5m/index_2025-10_2025-11.csv.gz", set()),
            ("bars_5m/stocks_2026-05-20_2026-06-05.csv.gz", set()),
            ("bars_1m/nifty_2026-07-28_2026-08-21.csv.gz", set()),
        ],
    )
    def test_recorded_sessions_are_our_trading_days(
        self, calendar: Calendar, shared_data: Path, file: str, absent: set[date]
    ) -> None:
        with gzip.open(shared_data / file, "rt") as rows:
            recorded = {date.fromisoformat(row["ts"][:10]) for row in csv.DictReader(rows)}

        ours = set(calendar.trading_days(min(recorded), max(recorded)))

        assert ours - recorded == absent
        assert recorded <= ours


class TestHours:
    @pytest.mark.parametrize(
        ("day", "cash", "stock", "futures", "expiring"),
        [
            (date(2026, 7, 31), "15:30", "15:30", "15:30", "15:30"),
            (date(2026, 8, 3), "15:30", "15:15", "15:40", "15:40"),
            (date(2026, 12, 4), "15:30", "15:15", "15:40", "15:40"),
            (date(2026, 12, 7), "15:30", "15:30", "15:45", "15:30"),
        ],
    )
    def test_the_close_follows_the_regime_of_the_date(
        self, calendar: Calendar, day: date, cash: str, stock: str, futures: str, expiring: str
    ) -> None:
        plain = calendar.session(day, Segment.CASH)
        with_derivatives = calendar.session(day, Segment.CASH, has_derivatives=True)
        index = calendar.session(day, Segment.CASH, has_derivatives=True, is_index=True)
        future = calendar.session(day, Segment.FUTURES)
        expiring_index = calendar.session(day, Segment.OPTIONS, expires_today=True, is_index=True)
        expiring_stock = calendar.session(day, Segment.FUTURES, expires_today=True)

        assert clock(plain.closes_at) == clock(index.closes_at) == cash
        assert clock(with_derivatives.closes_at) == stock
        assert clock(future.closes_at) == clock(expiring_stock.closes_at) == futures
        assert clock(expiring_index.closes_at) == expiring
        assert {clock(s.opens_at) for s in (plain, future, expiring_index)} == {"09:15"}

    @pytest.mark.shared_data
    def test_regimes_agree_with_a_calendar_package(
        self, calendar: Calendar, shared_data: Path
    ) -> None:
        reference = json.loads(
            (shared_data / "reference" / "market_calendar_2026.json").read_text()
        )
        for rule in reference["session_rules"]["NSE_EQUITY_DERIVATIVES"]:
            day = calendar.next_trading_day(date.fromisoformat(rule["effective_from"]))
            ours = calendar.session(day, Segment.OPTIONS).closes_at.time()
            assert ours == time.fromisoformat(rule["segments"][0]["close"])
        for rule in reference["session_rules"]["NSE_EQUITY_FNO_UNDERLYING"]:
            day = calendar.next_trading_day(date.fromisoformat(rule["effective_from"]))
            continuous, auction = rule["segments"]
            stock = calendar.session(day, Segment.CASH, has_derivatives=True)
            phases = calendar.closing_auction(day)
            assert stock.closes_at.time() == time.fromisoformat(continuous["close"])
            assert phases[0].starts_at.time() == time.fromisoformat(auction["open"])
            assert phases[-1].ends_at.time() == time.fromisoformat(auction["close"])

    def test_muhurat_2025_trades_one_hour_in_every_segment(self, calendar: Calendar) -> None:
        for segment in Segment:
            session = calendar.session(date(2025, 10, 21), segment, has_derivatives=True)
            assert (clock(session.opens_at), clock(session.closes_at)) == ("13:45", "14:45")
            assert session.kind == "muhurat"
        assert calendar.is_trading_day(date(2025, 10, 21))
        assert not calendar.is_full_day(date(2025, 10, 21))

    def test_muhurat_2026_is_known_but_its_hours_are_not(self, calendar: Calendar) -> None:
        assert calendar.is_trading_day(date(2026, 11, 8))
        with pytest.raises(HoursUnknown, match="2026-11-08: Muhurat session is known"):
            calendar.session(date(2026, 11, 8), Segment.CASH)

    @pytest.mark.parametrize("day", [date(2024, 3, 2), date(2024, 5, 18)])
    def test_a_drill_is_split_and_closed_in_between(self, calendar: Calendar, day: date) -> None:
        session = calendar.session(day, Segment.FUTURES)

        assert [(clock(a), clock(b)) for a, b in session.windows] == [
            ("09:15", "10:00"),
            ("11:30", "12:30"),
        ]
        assert (clock(session.opens_at), clock(session.closes_at)) == ("09:15", "12:30")
        assert session.is_open(datetime.combine(day, time(9, 15), tzinfo=IST))
        assert not session.is_open(datetime.combine(day, time(10, 0), tzinfo=IST))
        assert not session.is_open(datetime.combine(day, time(12, 30), tzinfo=IST))

    def test_a_session_says_where_its_hours_come_from(self, calendar: Calendar) -> None:
        session = calendar.session(date(2026, 11, 23), Segment.FUTURES)

        assert "NSE/FAOP/74467" in session.source
        assert session.date == date(2026, 11, 23)

    def test_hours_ask_the_calendar_about_one_instrument(self, calendar: Calendar) -> None:
        hours = Hours(calendar, Segment.CASH, has_derivatives=True, is_index=False)

        assert clock(hours.session(date(2026, 11, 23)).closes_at) == "15:15"


class TestAuctions:
    def test_no_closing_auction_before_august_2026(self, calendar: Calendar) -> None:
        assert calendar.closing_auction(date(2026, 7, 31)) == ()

    def test_the_first_closing_auction_has_four_phases(self, calendar: Calendar) -> None:
        phases = calendar.closing_auction(date(2026, 8, 3))

        assert [phase.name for phase in phases] == ["reference", "entry", "limit-only", "matching"]
        assert [clock(phase.starts_at) for phase in phases] == ["15:15", "15:20", "15:25", "15:30"]

    def test_the_pre_open_of_cash_changes_on_7_september_2026(self, calendar: Calendar) -> None:
        before = calendar.pre_open(date(2026, 9, 4), Segment.CASH)
        after = calendar.pre_open(date(2026, 9, 7), Segment.CASH)

        assert clock(before[0].ends_at) == "09:08"
        assert [clock(phase.ends_at) for phase in after] == ["09:05", "09:10", "09:12", "09:15"]

    def test_futures_have_a_pre_open_since_8_december_2025(self, calendar: Calendar) -> None:
        assert calendar.pre_open(date(2025, 12, 5), Segment.FUTURES) == ()
        assert calendar.pre_open(date(2025, 12, 8), Segment.FUTURES)
        assert calendar.pre_open(date(2025, 12, 8), Segment.OPTIONS) == ()

    def test_muhurat_has_no_auction_by_rule(self, calendar: Calendar) -> None:
        assert calendar.pre_open(date(2025, 10, 21), Segment.CASH) == ()
        assert calendar.closing_auction(date(2026, 11, 8)) == ()

    def test_a_closed_day_has_no_auction_to_ask_for(self, calendar: Calendar) -> None:
        with pytest.raises(NoSession):
            calendar.closing_auction(date(2026, 11, 24))
