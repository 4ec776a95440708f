from __future__ import annotations

from math import inf

import numpy as np

from marketdata.ticks import TICK
from trading.research.bar_ticks import DayTicks
from trading.research.merging import Stretches

OPENS_S = 1_625_456_700


def told(*minutes: tuple[float, float, float] | None) -> DayTicks:
    """Return a column's minutes told as open, high, low; nothing comes in those that are None."""
    there = np.array([[minute is not None] for minute in minutes])
    opens, rests = np.zeros(there.shape, TICK), np.zeros(there.shape, TICK)
    for row, minute in enumerate(minutes):
        first, high, low = minute or (0.0, 0.0, 0.0)
        for name in ("open", "high", "low", "last"):
            opens[name][row] = first
        rests["open"][row], rests["high"][row], rests["low"][row] = first, high, low
    return DayTicks(opens, rests, there, there.copy())


def test_a_path_has_the_range_of_each_minute_and_one_behind_the_last():
    path = Stretches(told((100, 102, 99), (101, 103, 100)), OPENS_S).path(0)

    assert path.low.tolist() == [99, 100, inf]
    assert path.high.tolist() == [102, 103, -inf]
    assert path.start_s.tolist() == [OPENS_S, OPENS_S + 60, OPENS_S + 120]


def test_a_minute_without_a_price_touches_nothing():
    path = Stretches(told((100, 102, 99), None), OPENS_S).path(0)

    assert (path.low[1], path.high[1]) == (inf, -inf)


def test_of_a_minute_only_what_is_there_counts():
    day = told((100, 102, 99), (101, 103, 100))
    day.rest_there[0, 0] = day.open_there[1, 0] = False

    path = Stretches(day, OPENS_S).path(0)

    assert path.low[:2].tolist() == [100, 100]
    assert path.high[:2].tolist() == [100, 103]


def test_a_path_is_made_once_and_tells_when_its_minutes_begin():
    stretches = Stretches(told((100, 102, 99)), OPENS_S)

    assert stretches.path(0) is stretches.path(0)
    assert [stretches.starts_s(minute) for minute in (0, 1)] == [OPENS_S, OPENS_S + 60]
