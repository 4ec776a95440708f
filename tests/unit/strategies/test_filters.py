from __future__ import annotations

from collections.abc import Callable

import numpy as np

from strategies.base import Frame
from strategies.filters import closed_back, in_hours, not_above, not_below

Make = Callable[..., Frame]


def test_hours_begin_with_their_first_minute_and_end_before_their_last(frame: Make) -> None:
    heard = [bool(in_hours(frame(minute=m), 15, 330)[0]) for m in (14, 15, 329, 330)]

    assert heard == [False, True, True, False]


def test_equality_passes_both_ways_and_the_unknown_passes_neither() -> None:
    values = np.array([0.9, 1.0, 1.1, np.nan])

    assert not_below(values, 1.0).tolist() == [False, True, True, False]
    assert not_above(values, 1.0).tolist() == [True, True, False, False]


def test_a_filter_of_zero_lets_everything_pass() -> None:
    values = np.array([-1.0, np.nan])

    assert not_below(values, 0.0).all()
    assert not_above(values, 0.0).all()


def test_half_of_the_range_is_closed_back_both_ways_at_its_middle(frame: Make) -> None:
    bar = frame(bar={"open": 100.0, "high": 104.0, "low": 100.0, "close": 102.0})

    assert [bool(side[0]) for side in closed_back(bar, 0.5)] == [True, True]
    assert [bool(side[0]) for side in closed_back(bar, 0.51)] == [False, False]


def test_a_bar_without_a_range_has_closed_back_nowhere(frame: Make) -> None:
    assert [bool(side[0]) for side in closed_back(frame(), 0.1)] == [False, False]
    assert [bool(side[0]) for side in closed_back(frame(), 0.0)] == [True, True]
