from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from marketdata.features.oi_change import OIChange


def test_it_agrees_with_shifts_and_with_the_days_taken_as_groups(make_market):
    grid = make_market(21, rows=200, columns=3, holes=False)

    change, today = OIChange(bars=5).run(grid)

    oi = pd.DataFrame(grid.oi)
    ends = oi.groupby(grid.session).last().shift().reindex(grid.session).to_numpy()
    np.testing.assert_allclose(change, oi / oi.shift(5) - 1.0, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(today, oi / ends - 1.0, rtol=1e-9, atol=1e-12)


def test_what_has_no_open_interest_has_no_change(make_grid):
    assert np.isnan(OIChange(bars=1).run(make_grid([100.0] * 4, minutes_a_day=2))).all()


def test_five_per_cent_more_than_last_night_is_a_twentieth(make_grid):
    grid = make_grid([100.0] * 4, minutes_a_day=2, oi=[90.0, 100.0, 105.0, 110.0])

    today = OIChange(bars=1).run(grid)[1, :, 0]

    np.testing.assert_allclose(today, [np.nan, np.nan, 0.05, 0.1], rtol=1e-12)


def test_a_change_over_no_bars_is_refused():
    with pytest.raises(ValueError, match="bars: 0, expected 1 or more"):
        OIChange(bars=0)


@pytest.mark.shared_data
def test_it_agrees_with_the_recorded_open_interest_of_a_future(shared_data, make_grid):
    table = pd.read_csv(shared_data / "futures" / "NIFTY26OCTFUT_5m_2026-09-30.csv")
    oi = table["oi"].astype(float)
    grid = make_grid(table["close"].tolist(), oi=oi.tolist())

    change, today = OIChange(bars=6).run(grid)

    assert oi.nunique() > 20
    np.testing.assert_allclose(change[:, 0], oi / oi.shift(6) - 1.0, rtol=1e-9, atol=1e-12)
    assert np.isnan(today).all()
