from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.swings import FIELDS, Lag, RollingHigh, RollingLow


def test_edges_agree_with_ta_lib(history, by_column):
    high, low = RollingHigh(bars=20).run(history)[0], RollingLow(bars=20).run(history)[0]

    np.testing.assert_array_equal(high, by_column(lambda h: talib.MAX(h, 20), history.high))
    np.testing.assert_array_equal(low, by_column(lambda x: talib.MIN(x, 20), history.low))


def test_an_edge_of_one_bar_is_that_bar(history):
    np.testing.assert_array_equal(RollingHigh(bars=1).run(history)[0], history.high)
    np.testing.assert_array_equal(RollingLow(bars=1).run(history)[0], history.low)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("bars", [1, 7])
def test_a_lag_is_the_field_of_an_earlier_bar(history, field, bars):
    ours = Lag(field=field, bars=bars).run(history)[0]

    assert np.isnan(ours[:bars]).all()
    np.testing.assert_array_equal(ours[bars:], getattr(history, field)[:-bars])


def test_wrong_parameters_are_refused():
    with pytest.raises(ValueError, match="bars"):
        RollingHigh(bars=0)
    with pytest.raises(ValueError, match="bars"):
        RollingLow(bars=0)
    with pytest.raises(ValueError, match="bars"):
        Lag(field="close", bars=0)
    with pytest.raises(ValueError, match="field: 'oi', expected one of open, high"):
        Lag(field="oi", bars=1)
