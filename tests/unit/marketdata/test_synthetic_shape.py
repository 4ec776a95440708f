from __future__ import annotations

import numpy as np
import pytest

from marketdata.synthetic_shape import spread_multiplier, volatility_multiplier, volume_share


def test_volatility_is_highest_at_the_open_and_lowest_at_midday_or_the_close() -> None:
    minute = np.array([0, 1, 4, 5, 150, 250, 374, 389])

    assert volatility_multiplier(minute, banks=False).tolist() == [
        2.53, 2.09, 2.09, 1.74, 0.80, 0.95, 0.69, 0.69,
    ]  # fmt: skip
    assert volatility_multiplier(minute, banks=True)[0] == 3.12


@pytest.mark.parametrize("minutes", [360, 375, 385, 390])
def test_volume_shares_add_up_for_every_length_of_day(minutes: int) -> None:
    share = volume_share(minutes)

    assert share.shape == (minutes,)
    assert share.sum() == pytest.approx(1.0)
    assert share[0] > share[60] > share[180]
    assert share[-1] > share[180]


def test_quotes_are_widest_right_after_the_open() -> None:
    assert spread_multiplier(np.array([-5, 0, 4, 5, 14, 15, 374])).tolist() == [
        3.0, 3.0, 3.0, 1.5, 1.5, 1.0, 1.0,
    ]  # fmt: skip
