from __future__ import annotations

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from marketdata.calendar import IST, Calendar
from trading.services.burn_in import Session, age_of, passed_in_a_row

CALENDAR = Calendar.load()
FRIDAY_CLOSE = datetime(2026, 11, 20, 15, 35, tzinfo=IST)


def session(day: int, *, passed: bool) -> Session:
    return Session(date(2026, 11, day), passed, FRIDAY_CLOSE, "config", "code")


def test_a_weekend_is_left_out_of_the_age():
    monday = datetime(2026, 11, 23, 8, 45, tzinfo=IST)

    assert age_of(FRIDAY_CLOSE, monday, CALENDAR) == timedelta(hours=17, minutes=10)


def test_in_the_middle_of_a_weekend_only_friday_counts():
    sunday = datetime(2026, 11, 22, 10, 0, tzinfo=IST)

    assert age_of(FRIDAY_CLOSE, sunday, CALENDAR) == timedelta(hours=8, minutes=25)


def test_a_holiday_is_left_out_of_the_age():
    before = datetime(2026, 11, 23, 15, 35, tzinfo=IST)
    holiday = date(2026, 11, 24)
    assert not CALENDAR.is_trading_day(holiday)

    age = age_of(before, before + timedelta(days=2), CALENDAR)

    assert age == timedelta(days=1)


@given(hours=st.integers(0, 24 * 30), more=st.integers(0, 24 * 5))
def test_the_age_never_shrinks_and_is_never_more_than_the_time_passed(hours: int, more: int):
    early = FRIDAY_CLOSE + timedelta(hours=hours)
    late = early + timedelta(hours=more)

    ages = age_of(FRIDAY_CLOSE, early, CALENDAR), age_of(FRIDAY_CLOSE, late, CALENDAR)

    assert timedelta(0) <= ages[0] <= ages[1] <= late - FRIDAY_CLOSE


def test_sessions_count_back_to_the_one_that_failed():
    found = [session(20, passed=True), session(19, passed=True), session(18, passed=False)]

    assert passed_in_a_row([*found, session(17, passed=True)]) == 2
    assert passed_in_a_row(found[2:]) == 0
    assert passed_in_a_row([]) == 0
