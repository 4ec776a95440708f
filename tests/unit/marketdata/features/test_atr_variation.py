from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib

from marketdata.features.atr_variation import ATRVariation


def test_it_is_sigma_over_mean_of_ta_libs_ranges(history, by_column):
    ours = ATRVariation(period=14, bars=20).run(history)[0]

    atr = by_column(
        lambda h, low, c: talib.ATR(h, low, c, 14), history.high, history.low, history.close
    )
    expected = np.full_like(atr, np.nan)
    for t in range(14 + 19, len(atr)):
        window = atr[t - 19 : t + 1]
        expected[t] = window.std(axis=0) / window.mean(axis=0)
    np.testing.assert_allclose(ours, pd.DataFrame(expected), rtol=1e-9)


def test_a_steady_range_does_not_vary(make_grid):
    grid = make_grid([100.0] * 60, high=[101.0] * 60, low=[99.0] * 60)

    assert (ATRVariation().run(grid)[0, 33:] == 0.0).all()


@pytest.mark.parametrize("wrong", [{"period": 0}, {"bars": 1}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ATRVariation(**wrong)
