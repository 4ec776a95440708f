from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from marketdata.features.relative_volume import RelativeVolume


@pytest.mark.parametrize("period", [1, 20])
def test_it_is_the_volume_over_the_mean_of_those_before(history, period):
    ours = RelativeVolume(period=period).run(history)[0]

    volume = pd.DataFrame(history.volume)
    before = volume.rolling(period).sum().shift() / period
    expected = (volume / before).where(before > 0)
    np.testing.assert_allclose(ours, expected, rtol=1e-9)


def test_this_bar_is_not_part_of_the_mean(make_grid):
    grid = make_grid([100.0] * 4, volume=[10.0, 20.0, 60.0, 0.0])

    np.testing.assert_array_equal(
        RelativeVolume(period=2).run(grid)[0, :, 0], [np.nan, np.nan, 4.0, 0.0]
    )


def test_no_volume_before_says_nothing(make_grid):
    grid = make_grid([100.0] * 4, volume=[0.0, 0.0, 60.0, 60.0])

    np.testing.assert_array_equal(
        RelativeVolume(period=2).run(grid)[0, :, 0], [np.nan, np.nan, np.nan, 2.0]
    )
