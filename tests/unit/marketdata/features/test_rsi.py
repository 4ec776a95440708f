from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.rsi import RSI


@pytest.mark.parametrize("period", [2, 9, 14])
def test_it_agrees_with_ta_lib(history, by_column, period):
    ours = RSI(period=period).run(history)[0]

    theirs = by_column(lambda c: talib.RSI(c, period), history.close)
    moved = np.isfinite(ours)
    np.testing.assert_allclose(ours[moved], theirs[moved], rtol=1e-9, atol=1e-9)
    assert moved[period + 60 :].all()


def test_only_gains_make_a_hundred_and_only_losses_nothing(make_grid):
    up = make_grid([100.0 + k for k in range(30)])
    down = make_grid([100.0 - k for k in range(30)])

    assert (RSI().run(up)[0, 14:] == 100.0).all()
    assert (RSI().run(down)[0, 14:] == 0.0).all()


def test_a_price_that_never_moved_says_nothing(make_grid):
    assert np.isnan(RSI().run(make_grid([100.0] * 40))).all()


def test_a_period_of_one_is_refused():
    with pytest.raises(ValueError, match="period"):
        RSI(period=1)
