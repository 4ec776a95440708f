from __future__ import annotations

import numpy as np
import talib

from marketdata.features.obv import OBV


def test_it_agrees_with_ta_lib(history, by_column):
    ours = OBV().run(history)[0]

    np.testing.assert_allclose(ours, by_column(talib.OBV, history.close, history.volume), rtol=1e-9)


def test_an_unchanged_close_adds_nothing(make_grid):
    grid = make_grid([100.0, 101.0, 101.0, 100.0], volume=[1.0, 10.0, 100.0, 1000.0])

    np.testing.assert_array_equal(OBV().run(grid)[0, :, 0], [1.0, 11.0, 11.0, -989.0])
