from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from marketdata.features.support_resistance import SupportResistance


@pytest.mark.parametrize("bars", [1, 20])
def test_it_is_the_edge_of_the_bars_before_this_one(history, bars):
    resistance, support = SupportResistance(bars=bars).run(history)

    highs = pd.DataFrame(history.high).rolling(bars).max().shift(1)
    lows = pd.DataFrame(history.low).rolling(bars).min().shift(1)
    np.testing.assert_array_equal(resistance, highs.to_numpy())
    np.testing.assert_array_equal(support, lows.to_numpy())


def test_a_bar_does_not_move_the_level_it_breaks(make_grid):
    grid = make_grid([100.0, 101.0, 100.0, 110.0, 109.0])

    assert SupportResistance(bars=3).run(grid)[0, :, 0][3:].tolist() == [101.0, 110.0]


def test_a_level_of_no_bars_is_refused():
    with pytest.raises(ValueError, match="bars: 0, expected 1 or more"):
        SupportResistance(bars=0)
