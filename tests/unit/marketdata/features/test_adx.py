from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.adx import ADX


@pytest.mark.parametrize("period", [5, 14])
@pytest.mark.parametrize(
    ("place", "name"), [(0, "ADX"), (1, "PLUS_DI"), (2, "MINUS_DI")], ids=["adx", "plus", "minus"]
)
def test_it_agrees_with_ta_lib(history, by_column, period, place, name):
    ours = ADX(period=period).run(history)[place]

    theirs = by_column(
        lambda h, low, c: getattr(talib, name)(h, low, c, period),
        history.high,
        history.low,
        history.close,
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_a_straight_climb_is_all_trend(make_grid):
    adx, plus, minus = ADX().run(make_grid([100.0 + k for k in range(60)]))[:, -1, 0]

    assert (adx, plus, minus) == (pytest.approx(100.0), pytest.approx(100.0), 0.0)


def test_a_price_that_never_moves_has_no_sides(make_grid):
    adx, plus, minus = ADX().run(make_grid([100.0] * 60))[:, -1, 0]

    assert (adx, plus, minus) == (0.0, 0.0, 0.0)


def test_a_period_of_one_is_refused():
    with pytest.raises(ValueError, match="period"):
        ADX(period=1)
