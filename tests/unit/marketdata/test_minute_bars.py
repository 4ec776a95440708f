from __future__ import annotations

from datetime import date, datetime

import numpy as np

from marketdata.calendar import IST
from marketdata.minute_bars import MinuteBars, days_of, joined, midnight, next_midnight
from marketdata.tape import microseconds

FIRST, SECOND = date(2021, 4, 28), date(2021, 4, 29)
MINUTE = 60_000_000


def bars(*starts: int) -> MinuteBars:
    price = np.arange(len(starts), dtype=np.float64)
    return MinuteBars(np.array(starts), price, price, price, price, np.arange(len(starts)))


def test_a_day_lasts_from_midnight_to_midnight_in_india() -> None:
    assert midnight(FIRST) == microseconds(datetime(2021, 4, 28, tzinfo=IST))
    assert next_midnight(FIRST) == midnight(SECOND)


def test_a_bar_belongs_to_the_day_it_starts_on_in_india() -> None:
    told = bars(midnight(FIRST), midnight(SECOND) - MINUTE, midnight(SECOND))

    assert days_of(told) == (FIRST, SECOND)
    assert told.on(FIRST).close.tolist() == [0.0, 1.0]
    assert told.on(SECOND).volume.tolist() == [2]
    assert len(told.on(date(2021, 4, 30))) == 0


def test_bars_between_two_moments_leave_the_last_moment_out() -> None:
    told = bars(0, MINUTE, 2 * MINUTE)

    assert told.between(MINUTE, 2 * MINUTE).start.tolist() == [MINUTE]


def test_bars_are_joined_in_the_order_given() -> None:
    assert joined([bars(0, MINUTE), bars(5 * MINUTE)]).start.tolist() == [0, MINUTE, 5 * MINUTE]
