from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from marketdata.features.session_range import SessionRange
from marketdata.timeframes import Timeframe

RANGE = SessionRange(minutes=3, threshold=0.0, coverage=1.0)


def test_it_is_the_range_of_the_first_minutes_of_each_day(history):
    high, low, _, _ = SessionRange(minutes=15).run(history)

    first = history.minute < 15
    for day in np.unique(history.session):
        rows = history.session == day
        last = np.flatnonzero(rows & first)[-1]
        after = rows & (np.arange(len(rows)) >= last)
        for ours, theirs in (
            (high, history.high[rows & first].max(axis=0)),
            (low, history.low[rows & first].min(axis=0)),
        ):
            assert np.isnan(ours[rows & ~after]).all()
            np.testing.assert_array_equal(ours[after], np.tile(theirs, (after.sum(), 1)))


def test_an_extreme_of_the_first_minute_still_counts_at_the_end(make_grid):
    grid = make_grid([100.0] * 15 + [100.5] * 10, high=[110.0] + [100.5] * 24, low=[90.0] * 25)

    high, low, above, _ = SessionRange(minutes=15).run(grid)[:, :, 0]

    assert np.isnan(high[:14]).all()
    assert (high[14:] == 110.0).all()
    assert (low[14:] == 90.0).all()
    assert (above[14:] == 0.0).all()


def test_closes_beyond_an_edge_are_counted_in_a_row(make_grid):
    close = [100.0, 102.0, 101.0, 102.0, 102.1, 103.0, 101.0, 99.0, 99.9, 104.0]

    _, _, above, below = RANGE.run(make_grid(close))[:, 2:, 0]

    np.testing.assert_array_equal(above, [0, 0, 1, 2, 0, 0, 0, 1])
    np.testing.assert_array_equal(below, [0, 0, 0, 0, 0, 1, 2, 0])


def test_the_range_itself_is_never_beyond_its_edges(make_grid):
    beyond = replace(RANGE, threshold=0.0)

    _, _, above, _ = beyond.run(make_grid([100.0, 101.0, 105.0, 106.0]))[:, :, 0]

    np.testing.assert_array_equal(above, [np.nan, np.nan, 0, 1])


def test_a_threshold_is_a_share_of_the_height(make_grid):
    close = [100.0, 102.0, 101.0, 102.5, 102.51, 99.5, 99.49]

    _, _, above, below = replace(RANGE, threshold=0.25).run(make_grid(close))[:, 3:, 0]

    np.testing.assert_array_equal(above, [0, 1, 0, 0])
    np.testing.assert_array_equal(below, [0, 0, 0, 1])


def test_the_day_is_silent_when_the_range_was_not_covered(make_grid):
    gaps = [False, True, False, False, False, False, False, False]
    grid = make_grid([100.0] * 8, minutes_a_day=4, gap=gaps)

    strict = RANGE.run(grid)[0, :, 0]
    mild = replace(RANGE, coverage=0.6).run(grid)[0, :, 0]

    assert np.isnan(strict[:6]).all()
    assert (strict[6:] == 100.0).all()
    assert (mild[[2, 3, 6, 7]] == 100.0).all()


def test_a_day_first_seen_after_its_range_is_silent(make_grid):
    grid = make_grid([100.0] * 10)
    late = replace(grid, minute=grid.minute + 3, start=grid.start + 180)

    assert np.isnan(RANGE.run(late)).all()


def test_a_bar_without_a_trade_does_not_widen_the_range(make_grid):
    grid = make_grid([150.0, 100.0, 101.0, 100.0], gap=[True, False, False, False])

    high, low, _, _ = replace(RANGE, coverage=0.5).run(grid)[:, -1, 0]

    assert (high, low) == (101.0, 100.0)


def test_yesterdays_range_is_gone_in_the_morning(make_grid):
    high = RANGE.run(make_grid([100.0 + k for k in range(10)], minutes_a_day=5))[0, :, 0]

    nan = np.nan
    np.testing.assert_array_equal(high, [nan, nan, 102, 102, 102, nan, nan, 107, 107, 107])


def test_bars_of_five_seconds_make_the_same_range(make_grid):
    rng = np.random.default_rng(8)
    close = (1000.0 + rng.normal(size=60 * 12).cumsum()).round(1).tolist()
    fine = make_grid(close, minutes_a_day=len(close))
    rows = np.arange(len(fine))
    start = fine.start[0] + rows * 5
    fine = replace(fine, timeframe=Timeframe.SECONDS_5, start=start, minute=rows // 12)

    high, low, _, _ = SessionRange(minutes=15, coverage=1.0).run(fine)[:, :, 0]

    first = pd.Series(close[: 15 * 12])
    assert np.isnan(high[: 15 * 12 - 1]).all()
    assert set(high[15 * 12 - 1 :]) == {first.max()}
    assert set(low[15 * 12 - 1 :]) == {first.min()}


@pytest.mark.parametrize(
    "wrong", [{"minutes": 0}, {"threshold": -0.1}, {"coverage": -0.1}, {"coverage": 1.1}]
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SessionRange(**wrong)
