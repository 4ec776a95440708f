from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.roc import RateOfChange


@pytest.mark.parametrize("period", [1, 20])
def test_it_agrees_with_ta_lib(history, by_column, period):
    ours = RateOfChange(period=period).run(history)[0]

    theirs = by_column(lambda c: talib.ROCP(c, period), history.close)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)


def test_one_per_cent_is_a_hundredth(make_grid):
    assert RateOfChange(period=1).run(make_grid([100.0, 101.0]))[0, 1, 0] == pytest.approx(0.01)


def test_a_period_of_zero_is_refused():
    with pytest.raises(ValueError, match="period"):
        RateOfChange(period=0)
