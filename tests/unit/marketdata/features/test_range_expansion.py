from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from marketdata.features.range_expansion import RangeExpansion


def test_it_agrees_with_a_rolling_mean_of_the_bars_before(history):
    ours = RangeExpansion(bars=20).run(history)[0]

    ranges = pd.DataFrame(history.high - history.low)
    mean = np.stack([ranges.shift(k + 1).to_numpy() for k in range(20)]).mean(axis=0)
    np.testing.assert_allclose(ours, ranges / mean, rtol=1e-9, atol=1e-9)


def test_after_flat_bars_there_is_nothing_to_expand_from(make_grid):
    grid = make_grid([100.0] * 4, high=[100.0, 100.0, 100.0, 105.0])

    assert np.isnan(RangeExpansion(bars=2).run(grid)).all()


def test_a_mean_of_no_bars_is_refused():
    with pytest.raises(ValueError, match="bars: 0, expected 1 or more"):
        RangeExpansion(bars=0)
