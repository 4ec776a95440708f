from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.levels import (
    Reward,
    Targets,
    direction,
    entries,
    entries_to,
    silence,
    without_direction,
)
from strategies.signals import NEUTRAL_SIDE

REWARD = Reward(first_target_r=1.2, last_target_r=1.8, confidence=0.75)
PRICES = st.floats(1.0, 100_000.0)


def _side(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)


def test_up_is_long_down_is_short_and_both_or_neither_is_nothing() -> None:
    up, down = np.array([True, False, True, False]), np.array([False, True, True, False])

    side = direction(up, down)

    assert side.tolist() == [1, -1, 0, 0]
    assert side.dtype == np.int8


def test_silence_says_nothing_in_any_column_and_cannot_be_written_to() -> None:
    bar, history = silence((3,)), silence((2, 3))

    assert bar is silence((3,))
    for said, shape in ((bar, (3,)), (history, (2, 3))):
        assert said.side.shape == said.confidence.shape == shape
        assert not said.side.any()
        assert np.isnan(said.entry).all()
    for values in (bar.side, bar.entry, bar.stop, bar.target1, bar.target2, bar.confidence):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


def test_targets_stand_at_multiples_of_the_risk_on_the_winning_side() -> None:
    said = entries(_side(1, -1), np.array([100.0, 100.0]), np.array([90.0, 110.0]), REWARD)

    assert said.target1.tolist() == [112.0, 88.0]
    assert said.target2.tolist() == [118.0, 82.0]
    assert said.confidence.tolist() == [0.75, 0.75]


def test_a_stop_at_or_beyond_the_entry_or_unknown_drops_the_side() -> None:
    stop = np.array([100.0, 101.0, np.nan, 99.0])

    said = entries(_side(1, 1, 1, -1), np.full(4, 100.0), stop, REWARD)

    assert said.side.tolist() == [0, 0, 0, 0]
    assert np.isnan(said.entry).all()


def test_prices_are_nan_where_there_is_no_side() -> None:
    said = entries(_side(0), np.array([100.0]), np.array([90.0]), REWARD)

    assert np.isnan([said.entry, said.stop, said.target1, said.target2, said.confidence]).all()


@given(PRICES, PRICES, st.sampled_from([-1, 1]))
def test_no_opinion_is_ever_at_its_own_stop(entry: float, stop: float, side: int) -> None:
    said = entries(_side(side), np.array([entry]), np.array([stop]), REWARD)

    if said.side[0]:
        assert (said.entry[0] - said.stop[0]) * said.side[0] > 0
        assert (said.target1[0] - said.entry[0]) * said.side[0] >= 0
    else:
        assert (entry - stop) * side <= 0


def test_targets_at_prices_are_kept_in_order_or_the_side_is_dropped() -> None:
    side = np.array([1, 1, 1, 1, -1, 1], dtype=np.int8)
    entry = np.full(6, 100.0)
    stop = np.array([98.0, 100.0, 98.0, 98.0, 102.0, np.nan])
    first = np.array([101.0, 101.0, 100.0, 103.0, 99.0, 101.0])
    last = np.array([103.0, 103.0, 103.0, 103.0, 97.0, 103.0])

    said = entries_to(side, entry, stop, Targets(first, last), confidence=0.7)

    assert said.side.tolist() == [1, 0, 0, 0, -1, 0]
    assert (said.target1[0], said.target2[0], said.confidence[0]) == (101.0, 103.0, 0.7)
    assert np.isnan(said.entry[1:4]).all()
    assert np.isnan(said.stop[5])


def test_an_opinion_without_a_direction_is_its_price_four_times() -> None:
    said = without_direction(
        np.array([True, False, True]), np.array([100.0, 100.0, np.nan]), confidence=0.6
    )

    assert said.side.tolist() == [NEUTRAL_SIDE, 0, 0]
    assert said.entry[0] == said.stop[0] == said.target1[0] == said.target2[0] == 100.0
    assert np.isnan(said.entry[1:]).all()
    assert said.confidence[0] == 0.6
