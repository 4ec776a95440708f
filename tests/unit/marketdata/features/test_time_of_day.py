from __future__ import annotations

from dataclasses import replace

import numpy as np

from marketdata.features.time_of_day import TimeOfDay
from marketdata.timeframes import Timeframe


def test_it_counts_from_the_open_to_the_end_of_the_bar_and_again_the_next_day(make_grid):
    grid = make_grid([100.0] * 5, minutes_a_day=3)

    assert TimeOfDay().run(grid)[0, :, 0].tolist() == [1.0, 2.0, 3.0, 1.0, 2.0]


def test_shorter_bars_end_within_the_minute(make_grid):
    grid = make_grid([100.0] * 2)
    seconds = replace(
        grid,
        timeframe=Timeframe.SECONDS_5,
        start=grid.start[0] + np.array([0, 55]),
        minute=np.zeros(2, dtype=np.int64),
    )

    assert TimeOfDay().run(seconds)[0, :, 0].tolist() == [5.0 / 60.0, 1.0]
