from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from marketdata.features.vwap import SessionVWAP


def reference(history, bands):
    typical = pd.DataFrame((history.high + history.low + history.close) / 3.0)
    volume = pd.DataFrame(history.volume)
    total = volume.groupby(history.session).cumsum()
    vwap = (typical * volume).groupby(history.session).cumsum() / total
    sigma = np.full(vwap.shape, np.nan)
    for t, day in enumerate(history.session):
        first = int(np.argmax(history.session == day))
        for j in range(vwap.shape[1]):
            weights = history.volume[first : t + 1, j]
            squares = (typical.to_numpy()[first : t + 1, j] - vwap.to_numpy()[t, j]) ** 2
            if weights.sum() > 0:
                sigma[t, j] = math.sqrt(math.fsum(weights * squares) / math.fsum(weights))
    middle = vwap.to_numpy()
    return np.stack([middle, middle + bands * sigma, middle - bands * sigma])


@pytest.mark.parametrize("bands", [1.0, 2.5])
def test_it_is_turnover_over_volume_with_weighted_bands(history, bands):
    ours = SessionVWAP(bands=bands).run(history)

    np.testing.assert_allclose(ours, reference(history, bands), rtol=1e-9)


def test_it_begins_anew_each_session(make_grid):
    grid = make_grid([100.0, 102.0, 200.0, 202.0], minutes_a_day=2)

    vwap, upper, lower = SessionVWAP().run(grid)[..., 0]

    np.testing.assert_allclose(vwap, [100.0, 101.0, 200.0, 201.0])
    np.testing.assert_allclose(upper - lower, [0.0, 2.0, 0.0, 2.0], atol=1e-12)


def test_it_says_nothing_until_volume_is_traded(make_grid):
    grid = make_grid([100.0, 101.0, 103.0, 104.0], volume=[0.0, 0.0, 5.0, 0.0])

    np.testing.assert_array_equal(SessionVWAP().run(grid)[0, :, 0], [np.nan, np.nan, 103.0, 103.0])


def test_negative_bands_are_refused():
    with pytest.raises(ValueError, match="bands"):
        SessionVWAP(bands=-1.0)
