from __future__ import annotations

from datetime import datetime

import pytest

from strategies.ways_out import DESK, WaysOut


def test_left_to_the_desk_nothing_is_changed() -> None:
    assert (DESK.trail, DESK.break_even, DESK.volatility, DESK.time_stop) == (True,) * 4
    assert (DESK.first_fraction, DESK.until) == (None, None)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"first_fraction": 1.1}, "first_fraction: 1.1, expected 0 to 1"),
        ({"trail_part": -0.1}, "trail_part: -0.1, expected from 0 to below 1"),
        ({"trail_part": 1.0}, "trail_part: 1.0, expected from 0 to below 1"),
        ({"until": datetime(2026, 10, 6, 15, 10)}, "until: expected an aware datetime"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(wishes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WaysOut(**wishes)
