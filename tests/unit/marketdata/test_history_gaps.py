"""Sessions without bars, and bars missing in the others."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from marketdata.calendar import IST, Calendar, Hours
from marketdata.history_gaps import Gaps, gaps_in
from marketdata.instruments import Segment
from marketdata.sources import Interval

HOURS = Hours(Calendar.load(), Segment.CASH, has_derivatives=False, is_index=True)
MONDAY, TUESDAY = date(2026, 10, 5), date(2026, 10, 6)


def minutes(day: date) -> np.ndarray:
    opens = int(datetime(day.year, day.month, day.day, 9, 15, tzinfo=IST).timestamp())
    return opens + 60 * np.arange(375)


def test_a_whole_session_has_no_gap() -> None:
    assert gaps_in(minutes(MONDAY), [MONDAY], HOURS, Interval.MINUTE) == Gaps()


def test_missing_minutes_and_silent_sessions_are_told_apart() -> None:
    start = np.delete(minutes(MONDAY), [3, 4, 100])

    assert gaps_in(start, [MONDAY, TUESDAY], HOURS, Interval.MINUTE) == Gaps((TUESDAY,), 3)


def test_longer_candles_are_expected_less_often() -> None:
    assert gaps_in(minutes(MONDAY)[:-5:5], [MONDAY], HOURS, Interval.FIVE_MINUTES) == Gaps((), 1)


def test_a_day_without_a_session_is_passed_over() -> None:
    sunday = date(2026, 10, 4)

    assert gaps_in(minutes(MONDAY)[:0], [sunday], HOURS, Interval.MINUTE) == Gaps()


def test_gaps_add_up() -> None:
    assert Gaps((MONDAY,), 2) + Gaps((TUESDAY,), 3) == Gaps((MONDAY, TUESDAY), 5)


def test_day_candles_have_no_place_in_a_session() -> None:
    with pytest.raises(KeyError):
        gaps_in(minutes(MONDAY), [MONDAY], HOURS, Interval.DAY)
