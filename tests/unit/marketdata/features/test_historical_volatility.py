from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest

from marketdata.features.historical_volatility import HistoricalVolatility


@pytest.mark.parametrize("period", [2, 20])
def test_it_is_the_sigma_of_log_returns_a_year(history, period):
    ours = HistoricalVolatility(bars_per_year=18_900.0, period=period).run(history)[0]

    returns = np.diff(np.log(history.close), axis=0, prepend=np.nan)
    expected = pd.DataFrame(np.full_like(ours, np.nan))
    for t in range(period, len(ours)):
        window = returns[t - period + 1 : t + 1]
        expected.iloc[t] = window.std(axis=0, ddof=1) * math.sqrt(18_900.0)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


def test_a_year_has_the_bars_it_is_told(make_grid):
    close = [100.0, 101.0, 100.0, 102.0]

    value = HistoricalVolatility(bars_per_year=94_500.0, period=3).run(make_grid(close))[0, -1, 0]

    returns = [math.log(1.01), math.log(100 / 101), math.log(1.02)]
    assert value == pytest.approx(statistics.stdev(returns) * math.sqrt(252 * 375))


@pytest.mark.parametrize("wrong", [{"period": 1}, {"bars_per_year": 0.0}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HistoricalVolatility(**{"bars_per_year": 252.0, **wrong})
