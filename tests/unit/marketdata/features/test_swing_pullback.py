from __future__ import annotations

import numpy as np
import pytest

from marketdata.features.swing_pullback import PullbackDepth


def depth(high, low, t, lookback):
    window = high[t - lookback + 1 : t + 1]
    top = window.max()
    peak = t - int(np.argmax(window[::-1]))
    start = low[peak - lookback + 1 : peak + 1].min()
    deepest = min([top, *low[peak + 1 : t + 1]])
    return (top - deepest) / (top - start) if top > start else np.nan


@pytest.mark.parametrize("lookback", [2, 5, 20])
def test_it_agrees_with_a_slow_reference(history, lookback):
    up, down = PullbackDepth(lookback=lookback).run(history)

    for j in range(up.shape[1]):
        high, low = history.high[:, j], history.low[:, j]
        rows = range(2 * lookback - 2, len(history))
        np.testing.assert_allclose(up[rows, j], [depth(high, low, t, lookback) for t in rows])
        np.testing.assert_allclose(down[rows, j], [depth(-low, -high, t, lookback) for t in rows])


def test_half_a_swing_given_back_is_a_half(make_grid):
    close = [100.0, 101.0, 104.0, 108.0, 106.0, 104.0]

    up, _ = PullbackDepth(lookback=3).run(make_grid(close))[:, -1, 0]

    assert up == pytest.approx((108.0 - 104.0) / (108.0 - 101.0))


def test_a_new_high_has_no_pullback(make_grid):
    assert PullbackDepth(lookback=3).run(make_grid([1.0, 2.0, 3.0, 4.0, 5.0]))[0, -1, 0] == 0.0


def test_no_swing_says_nothing(make_grid):
    assert np.isnan(PullbackDepth(lookback=3).run(make_grid([100.0] * 9))).all()


def test_a_lookback_of_one_is_refused():
    with pytest.raises(ValueError, match="lookback"):
        PullbackDepth(lookback=1)
