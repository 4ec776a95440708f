from __future__ import annotations

import numpy as np
import pytest

from marketdata.features.swing_levels import SwingLevels


def turning_points(values, strength):
    """Return the latest swing high known at each bar, looked for bar by bar."""
    known, out = np.nan, []
    for t in range(len(values)):
        centre = t - strength
        if centre >= strength:
            before = values[centre - strength : centre]
            after = values[centre + 1 : t + 1]
            if all(values[centre] > v for v in before) and all(values[centre] >= v for v in after):
                known = values[centre]
        out.append(known)
    return np.array(out)


@pytest.mark.parametrize("strength", [1, 3])
def test_it_agrees_with_a_search_bar_by_bar(history, by_column, strength):
    high, low = SwingLevels(strength=strength).run(history)

    highs = by_column(lambda h: turning_points(h, strength), history.high)
    lows = by_column(lambda v: -turning_points(-v, strength), history.low)
    np.testing.assert_array_equal(high, highs)
    np.testing.assert_array_equal(low, lows)
    assert np.isfinite(high).any()


def test_a_top_is_known_only_when_enough_bars_have_followed(make_grid):
    grid = make_grid([100.0, 101.0, 105.0, 103.0, 102.0, 101.0])

    high = SwingLevels(strength=2).run(grid)[0, :, 0]

    np.testing.assert_array_equal(high, [np.nan] * 4 + [105.0, 105.0])


def test_of_two_equal_tops_the_first_is_the_swing_and_flat_bars_have_none(make_grid):
    twins = SwingLevels(strength=1).run(make_grid([100.0, 105.0, 105.0, 100.0]))[0, :, 0]
    flat = SwingLevels(strength=1).run(make_grid([100.0] * 9))

    np.testing.assert_array_equal(twins, [np.nan, np.nan, 105.0, 105.0])
    assert np.isnan(flat).all()


def test_a_swing_of_no_strength_is_refused():
    with pytest.raises(ValueError, match="strength: 0, expected 1 or more"):
        SwingLevels(strength=0)
