from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from marketdata.features.realised_volatility import RealisedVolatility
from marketdata.timeframes import Timeframe


def test_it_agrees_with_squares_averaged_within_the_days(history):
    ours = RealisedVolatility(session_minutes=375.0, bars=20).run(history)[0]

    close = pd.DataFrame(history.close)
    before = close.shift(1)
    first = np.append(True, np.diff(history.session) != 0)
    before[first] = history.open[first]
    squares = np.log(close / before) ** 2
    a_year = 252.0 * 375.0 * 60.0 / history.timeframe.seconds
    expected = np.sqrt(squares.rolling(20).mean() * a_year)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)


def test_the_same_moves_on_bars_five_times_as_long_are_less_by_the_root_of_five(make_grid):
    grid = make_grid([100.0, 101.0, 100.0, 101.0] * 6)
    longer = replace(grid, timeframe=Timeframe.MINUTES_5)
    feature = RealisedVolatility(session_minutes=375.0, bars=5)

    ratio = feature.run(grid)[0, -1, 0] / feature.run(longer)[0, -1, 0]

    assert ratio == pytest.approx(5.0**0.5, rel=1e-12)


def test_a_night_is_no_move(make_grid):
    flat = [100.0] * 3 + [150.0] * 3

    assert (
        RealisedVolatility(375.0, bars=3).run(make_grid(flat, minutes_a_day=3))[0, -3:].max() == 0
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"session_minutes": 0.0}, "session_minutes: 0.0, expected 1.0 or more"),
        ({"session_minutes": 375.0, "sessions_a_year": 0.0}, "sessions_a_year"),
        ({"session_minutes": 375.0, "bars": 0}, "bars: 0, expected 1 or more"),
    ],
)
def test_wrong_parameters_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        RealisedVolatility(**wrong)
