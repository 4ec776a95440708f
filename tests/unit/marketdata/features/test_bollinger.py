from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
import talib

from marketdata.features.bollinger import Bollinger


def test_it_agrees_with_ta_lib(history, by_column):
    ours = Bollinger(period=20, deviations=2.0).run(history)

    for place in range(3):
        theirs = by_column(lambda c, k=place: talib.BBANDS(c, 20, 2.0, 2.0)[k], history.close)
        np.testing.assert_allclose(ours[place], theirs, rtol=1e-9)


def test_it_is_exact_where_moving_sums_are_not(history):
    upper, middle, lower = Bollinger(period=20, deviations=2.0).run(history)

    for t in range(19, len(history), 37):
        window = history.close[t - 19 : t + 1, 0].tolist()
        mean, sigma = math.fsum(window) / 20.0, statistics.pstdev(window)
        assert middle[t, 0] == pytest.approx(mean, rel=1e-14)
        assert upper[t, 0] - middle[t, 0] == pytest.approx(2.0 * sigma, rel=1e-9, abs=1e-11)
        assert middle[t, 0] - lower[t, 0] == pytest.approx(2.0 * sigma, rel=1e-9, abs=1e-11)


def test_a_flat_price_has_no_width(make_grid):
    bands = Bollinger().run(make_grid([20_000.05] * 40))

    assert (bands[:, 19:] == 20_000.05).all()


@pytest.mark.parametrize("wrong", [{"period": 1}, {"deviations": -1.0}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Bollinger(**wrong)
