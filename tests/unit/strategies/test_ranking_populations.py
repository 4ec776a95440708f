"""Many populations at once: each as if its values alone were ordered, subtracted and summed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from strategies.ranking_populations import (
    MAD_TO_SIGMA,
    MEAN_TO_SIGMA,
    middle_and_sigma,
    populations_of,
)

GRADES = st.one_of(st.sampled_from([0.1, 0.3, 0.5, 0.8]), st.floats(0.0, 1.0), st.just(math.nan))


def by_hand(population: list[float]) -> tuple[float, float]:
    """Return the median and the robust deviation in plain Python."""
    if not population:
        return math.nan, math.nan
    middle = median(population)
    away = [abs(value - middle) for value in population]
    sigma = MAD_TO_SIGMA * median(away)
    return middle, sigma or MEAN_TO_SIGMA * math.fsum(away) / len(away)


def median(values: list[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=80))
def test_middle_and_deviation_are_those_of_the_ordered_distances(population: list[float]) -> None:
    assert middle_and_sigma(np.sort(np.array(population))) == by_hand(population)


@given(
    st.lists(st.floats(-1e200, 1e200), min_size=1, max_size=20),
    st.floats(-1.0, 1.0),
)
def test_where_most_are_equal_the_distances_are_summed_exactly(
    apart: list[float], common: float
) -> None:
    population = [common] * (len(apart) + 2) + apart

    assert middle_and_sigma(np.sort(np.array(population))) == by_hand(population)


def test_a_sum_between_two_numbers_goes_to_the_even_one_seen_over_all_its_parts() -> None:
    """A half, and a half and a little: the parts behind the last place decide."""
    for little in (0.0, 1e-40, -1e-40):
        apart = [2.0**53, 1.0, abs(little), 1.0 + little]
        population = np.sort(np.array([0.0] * 9 + apart))

        assert middle_and_sigma(population)[1] == MEAN_TO_SIGMA * math.fsum(apart) / 13


@st.composite
def cycles(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    count, length = draw(st.integers(1, 6)), 2 * draw(st.integers(0, 8))
    earlier = draw(arrays.arrays(np.float64, (2, count, length), elements=GRADES))
    told = draw(arrays.arrays(np.float64, (3, count), elements=GRADES))
    return earlier, told, draw(arrays.arrays(np.bool_, count))


@given(cycles())
def test_each_value_is_compared_with_its_own_past_and_with_the_others_told(
    cycle: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    earlier, told, sided = cycle

    found = populations_of(earlier, told, sided)

    for (feature, place), own in np.ndenumerate(told):
        past = earlier[feature, place].tolist() if feature < 2 else []
        past = [value for value in past if not math.isnan(value)]
        others = np.delete(told[feature], place).tolist()
        population = past + [value for value in others if not math.isnan(value)]
        halved = len(past) // 2 if sided[place] else 0
        expected = (len(population) - halved, *by_hand(population))
        if math.isnan(own):
            expected = (0, math.nan, math.nan)
        seen = tuple(values[feature, place] for values in found)
        assert np.array_equal(seen, expected, equal_nan=True)


@pytest.mark.parametrize("count", [0, 1])
def test_one_alone_without_a_past_is_compared_with_nothing(count: int) -> None:
    found = populations_of(np.empty((4, count, 0)), np.full((5, count), 0.5), np.full(count, True))

    assert found.samples.tolist() == [[0] * count] * 5
    assert np.isnan(found.middle).all()
