from __future__ import annotations

import numpy as np

from marketdata.features.trigger_bar import TriggerBar


def test_it_agrees_with_the_columns_shifted(history):
    up, down = TriggerBar().run(history)

    expected_up, expected_down = np.full_like(up, np.nan), np.full_like(up, np.nan)
    o, h, low, c = history.open, history.high, history.low, history.close
    rose = (c[2:-1] > o[2:-1]) & (low[1:-2] < low[:-3])
    fell = (c[2:-1] < o[2:-1]) & (h[1:-2] > h[:-3])
    expected_up[3:][rose] = h[2:-1][rose]
    expected_down[3:][fell] = low[2:-1][fell]
    np.testing.assert_array_equal(up, expected_up)
    np.testing.assert_array_equal(down, expected_down)
    assert np.isfinite(up).any()
    assert np.isfinite(down).any()


def test_a_lower_low_and_then_a_rising_bar_set_the_level(make_grid):
    grid = make_grid(
        [100.0, 99.0, 99.5, 100.0],
        open=[100.0, 99.5, 99.0, 99.5],
        high=[100.5, 99.8, 99.7, 100.0],
        low=[99.5, 98.5, 98.8, 99.4],
    )

    up, down = TriggerBar().run(grid)[:, -1, 0]

    assert up == 99.7
    assert np.isnan(down)


def test_a_doji_is_no_trigger(make_grid):
    grid = make_grid([100.0, 99.0, 98.0, 100.0], open=[100.0, 99.5, 98.0, 99.5])

    assert np.isnan(TriggerBar().run(grid)[:, -1, 0]).all()
