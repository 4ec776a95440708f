from __future__ import annotations

import numpy as np
import pandas as pd

from marketdata.features.session_context import SessionContext


def test_it_agrees_with_the_days_taken_as_groups(history):
    ours = dict(zip(SessionContext().outputs, SessionContext().run(history), strict=True))

    days = history.session
    close, volume = pd.DataFrame(history.close), pd.DataFrame(history.volume)
    opens = pd.DataFrame(history.open).groupby(days).transform("first")
    closes = close.groupby(days).last().shift().reindex(days).to_numpy()
    volumes = volume.groupby(days).sum().shift().reindex(days).to_numpy()
    expected = {
        "session_open": opens,
        "previous_close": closes,
        "gap": opens / closes - 1.0,
        "volume_today": volume.groupby(days).cumsum(),
        "previous_volume": volumes,
        "return_today": close / opens - 1.0,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_open_is_that_of_the_first_bar_with_a_trade(make_grid):
    close = [100.0, 101.0, 100.9, 103.0, 104.0]
    grid = make_grid(
        close,
        minutes_a_day=2,
        open=[100.0, 101.0, 100.9, 102.0, 104.0],
        gap=[False, False, True, False, False],
    )

    session_open, previous_close = SessionContext().run(grid)[:2, :, 0]

    np.testing.assert_array_equal(session_open, [100.0, 100.0, np.nan, 102.0, 104.0])
    np.testing.assert_array_equal(previous_close, [np.nan, np.nan, 101.0, 101.0, 103.0])
