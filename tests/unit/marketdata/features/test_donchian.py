from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.donchian import Donchian


@pytest.mark.parametrize("period", [5, 20])
def test_it_is_the_highest_and_lowest_of_ta_lib(history, by_column, period):
    upper, lower = Donchian(period=period).run(history)

    np.testing.assert_array_equal(upper, by_column(lambda h: talib.MAX(h, period), history.high))
    np.testing.assert_array_equal(lower, by_column(lambda x: talib.MIN(x, period), history.low))


def test_this_bar_is_included(make_grid):
    upper, lower = Donchian(period=2).run(make_grid([100.0, 101.0, 99.0]))[..., 0]

    np.testing.assert_array_equal(upper, [np.nan, 101.0, 101.0])
    np.testing.assert_array_equal(lower, [np.nan, 100.0, 99.0])


def test_a_period_of_zero_is_refused():
    with pytest.raises(ValueError, match="period"):
        Donchian(period=0)
