from __future__ import annotations

import numpy as np
import pytest
import talib

from marketdata.features.kama import KAMA


@pytest.mark.parametrize("period", [5, 10])
def test_it_agrees_with_ta_lib(history, by_column, period):
    ours = KAMA(period=period).run(history)[0]

    theirs = by_column(lambda c: talib.KAMA(c, period), history.close)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_noise_without_a_way_is_followed_at_the_slow_speed(make_grid):
    grid = make_grid([100.0, 101.0] * 5 + [100.0])

    value = KAMA(period=10).run(grid)[0, -1, 0]

    assert value == pytest.approx(101.0 + (2 / 31) ** 2 * (100.0 - 101.0))


def test_a_straight_way_is_followed_at_the_fast_speed(make_grid):
    value = KAMA(period=2, fast=2, slow=30).run(make_grid([100.0, 101.0, 102.0]))[0, -1, 0]

    assert value == pytest.approx(101.0 + (2 / 3) ** 2)


@pytest.mark.parametrize("wrong", [{"period": 0}, {"fast": 0}, {"fast": 40}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=r"period|fast|slow"):
        KAMA(**wrong)
