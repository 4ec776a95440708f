"""Exits by the underlying's price, at their level and a tick to either side, both ways."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.exits import ExitReason
from risk.exits.underlying import Reached, stop_reached, target_reached
from strategies.ways_out import UnderlyingLevels

STOP, TARGET = ExitReason.UNDERLYING_STOP, ExitReason.UNDERLYING_TARGET
TICK = 0.05
LONG = UnderlyingLevels(stop_below=23_900.0, target_above=24_200.0)
SHORT = UnderlyingLevels(stop_above=24_100.0, target_below=23_800.0)
NEITHER = UnderlyingLevels(stop_below=23_760.0, stop_above=24_240.0)


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize(
    ("levels", "level", "way"),
    [(LONG, 23_900.0, -1), (SHORT, 24_100.0, 1), (NEITHER, 23_760.0, -1), (NEITHER, 24_240.0, 1)],
    ids=["long", "short", "neither-down", "neither-up"],
)
def test_a_stop_is_reached_at_its_level(
    levels: UnderlyingLevels, level: float, way: int, ticks: int
) -> None:
    price = round(level + way * ticks * TICK, 2)

    found = stop_reached(levels, price, price)

    assert found == (Reached(STOP, level) if ticks >= 0 else None)
    assert target_reached(levels, price, price) is None


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize(("levels", "level", "way"), [(LONG, 24_200.0, 1), (SHORT, 23_800.0, -1)])
def test_a_target_is_reached_at_its_level(
    levels: UnderlyingLevels, level: float, way: int, ticks: int
) -> None:
    price = round(level + way * ticks * TICK, 2)

    found = target_reached(levels, price, price)

    assert found == (Reached(TARGET, level) if ticks >= 0 else None)
    assert stop_reached(levels, price, price) is None


def test_a_level_touched_within_a_range_counts_though_the_price_came_back() -> None:
    assert stop_reached(LONG, 23_899.95, 24_000.0) == Reached(STOP, 23_900.0)
    assert target_reached(LONG, 24_000.0, 24_200.05) == Reached(TARGET, 24_200.0)


def test_without_a_price_nothing_is_reached() -> None:
    assert stop_reached(LONG, nan, nan) is None
    assert target_reached(LONG, nan, nan) is None


@pytest.mark.parametrize(
    "levels",
    [
        {"stop_below": 100.0, "stop_above": 100.0},
        {"stop_below": 100.0, "target_above": 99.0},
        {"target_below": 100.0, "stop_above": 99.0},
        {"stop_below": nan},
    ],
)
def test_levels_that_leave_no_room_are_refused(levels: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected every level below under every level above"):
        UnderlyingLevels(**levels)


def test_levels_are_told_in_words() -> None:
    assert str(LONG) == "23900.00 or below (stop), 24200.00 or above (target)"
    assert str(UnderlyingLevels()) == ""


@given(st.floats(1, 100), st.floats(1, 100), st.floats(50, 150), st.floats(0, 20), st.booleans())
def test_a_wider_range_reaches_no_less(
    below: float, above: float, price: float, more: float, up: bool
) -> None:
    levels = UnderlyingLevels(stop_below=100 - below, stop_above=100 + above)
    low, high = (price, price + more) if up else (price - more, price)

    at_price = stop_reached(levels, price, price)

    assert at_price is None or stop_reached(levels, low, high) is not None
    inside = levels.stop_below < low <= high < levels.stop_above
    assert (stop_reached(levels, low, high) is None) is inside
