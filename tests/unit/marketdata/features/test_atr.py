from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.atr import ATR


@pytest.mark.parametrize("period", [1, 5, 14])
def test_it_agrees_with_ta_lib(history, by_column, period):
    ours = ATR(period=period).run(history)[0]

    theirs = by_column(
        lambda h, low, c: talib.ATR(h, low, c, period), history.high, history.low, history.close
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_a_gap_between_closes_counts_into_the_range(make_grid):
    jump = make_grid([100.0, 110.0, 110.0])

    np.testing.assert_array_equal(ATR(period=1).run(jump)[0, :, 0], [np.nan, 10.0, 0.0])


def test_a_period_of_zero_is_refused():
    with pytest.raises(ValueError, match="period"):
        ATR(period=0)
