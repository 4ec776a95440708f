from __future__ import annotations

import numpy as np
import pytest

from marketdata.features.vwap_distance import VWAPDistance


def averaged(session, high, low, close, volume):
    """Return distance in sigmas and as a fraction, each bar's from all of its day so far."""
    price = (high + low + close) / 3.0
    out = np.full((2, len(close)), np.nan)
    for t in range(len(close)):
        today = slice(int(np.searchsorted(session, session[t])), t + 1)
        if not volume[today].any():
            continue
        vwap = np.average(price[today], weights=volume[today])
        sigma = np.average((price[today] - vwap) ** 2, weights=volume[today]) ** 0.5
        out[1, t] = close[t] / vwap - 1.0
        if sigma > 1e-9 * vwap:
            out[0, t] = (close[t] - vwap) / sigma
    return out


def test_it_agrees_with_averages_over_the_day_so_far(history, by_column):
    sigmas, fraction = VWAPDistance().run(history)

    expected = by_column(
        lambda *bars: averaged(history.session, *bars),
        *(getattr(history, name) for name in ("high", "low", "close", "volume")),
    )
    np.testing.assert_allclose(np.array([sigmas, fraction]), expected, rtol=1e-9, atol=1e-9)


def test_two_prices_of_equal_volume_stand_one_sigma_apart_from_their_mean(make_grid):
    sigmas, fraction = VWAPDistance().run(make_grid([90.0, 110.0]))[:, -1, 0]

    assert sigmas == pytest.approx(1.0, rel=1e-12)
    assert fraction == pytest.approx(0.1, rel=1e-12)


def test_at_one_price_there_is_no_sigma_and_without_volume_no_distance(make_grid):
    one_price = VWAPDistance().run(make_grid([100.0] * 3))[:, -1, 0]
    no_volume = VWAPDistance().run(make_grid([100.0, 101.0], volume=[0.0, 0.0]))

    assert np.isnan(one_price[0])
    assert one_price[1] == 0.0
    assert np.isnan(no_volume).all()


def test_it_begins_anew_each_day(make_grid):
    grid = make_grid([90.0, 110.0, 300.0, 310.0], minutes_a_day=2)

    assert VWAPDistance().run(grid)[1, 2, 0] == 0.0
