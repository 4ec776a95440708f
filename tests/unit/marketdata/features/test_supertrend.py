from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.supertrend import Supertrend


def reference(high, low, close, period, multiplier):
    """Return line and direction from TA-Lib's range, one bar after the other in plain Python."""
    line, direction = np.full(len(close), np.nan), np.full(len(close), np.nan)
    atr = talib.ATR(high, low, close, period)
    up, top, bottom = close[period] >= close[0], np.inf, -np.inf
    for t in range(period, len(close)):
        basic_top = (high[t] + low[t]) / 2 + multiplier * atr[t]
        basic_bottom = (high[t] + low[t]) / 2 - multiplier * atr[t]
        top = min(basic_top, top) if close[t - 1] <= top else basic_top
        bottom = max(basic_bottom, bottom) if close[t - 1] >= bottom else basic_bottom
        up = close[t] >= bottom if up else close[t] > top
        line[t], direction[t] = (bottom, 1.0) if up else (top, -1.0)
    return line, direction


@pytest.mark.parametrize(("period", "multiplier"), [(10, 3.0), (7, 1.5)])
def test_it_agrees_with_a_slow_reference(history, period, multiplier):
    line, direction = Supertrend(period=period, multiplier=multiplier).run(history)

    turns = 0
    for j in range(history.close.shape[1]):
        columns = (
            np.ascontiguousarray(a[:, j]) for a in (history.high, history.low, history.close)
        )
        expected = reference(*columns, period, multiplier)
        np.testing.assert_allclose(line[:, j], expected[0], rtol=1e-9)
        np.testing.assert_array_equal(direction[:, j], expected[1])
        turns += int(np.count_nonzero(np.diff(expected[1][period:])))
    assert turns > 0


@pytest.mark.parametrize("slope", [0.05, 1.0, -0.05, -1.0])
def test_a_straight_line_has_one_direction(make_grid, slope):
    close = [1000.0 + slope * k for k in range(300)]
    grid = make_grid(close, high=[c + 0.5 for c in close], low=[c - 0.5 for c in close])

    line, direction = Supertrend().run(grid)[:, 10:, 0]

    assert (direction == np.sign(slope)).all()
    assert (np.diff(line) * np.sign(slope) >= -1e-9).all()


def test_it_turns_on_a_close_through_the_line_not_on_a_touch(make_grid):
    close = [100.0] * 12
    spread = {"high": [c + 1.0 for c in close], "low": [c - 1.0 for c in close]}
    at_line = make_grid([*close, 94.0], high=[*spread["high"], 100.0], low=[*spread["low"], 93.0])
    line, direction = Supertrend(period=10, multiplier=3.0).run(at_line)[..., 0]
    assert direction[-2] == 1.0
    assert line[-2] == 94.0
    assert direction[-1] == 1.0

    below = make_grid([*close, 93.9], high=[*spread["high"], 100.0], low=[*spread["low"], 93.0])

    assert Supertrend(period=10, multiplier=3.0).run(below)[1, -1, 0] == -1.0


def test_the_lower_line_never_falls_while_the_trend_is_up(history):
    line, direction = Supertrend().run(history)

    stays = (direction[1:] == 1.0) & (direction[:-1] == 1.0)
    assert stays.any()
    assert (np.diff(line, axis=0)[stays] >= 0.0).all()


def test_a_negative_multiplier_is_refused():
    with pytest.raises(ValueError, match="multiplier"):
        Supertrend(multiplier=-1.0)
