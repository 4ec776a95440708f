from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.ema import EMA


@pytest.mark.parametrize("period", [5, 34, 89])
def test_it_agrees_with_ta_lib(history, by_column, period):
    ours = EMA(period=period).run(history)[0]

    theirs = by_column(lambda c: talib.EMA(c, period), history.close)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert np.isfinite(ours[period - 1 :]).all()


def test_a_period_of_one_is_the_close(history):
    np.testing.assert_array_equal(EMA(period=1).run(history)[0], history.close)


def test_a_period_of_zero_is_refused():
    with pytest.raises(ValueError, match="period: 0, expected 1 or more"):
        EMA(period=0)
