from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies.ranking_history import History, HistoryView
from strategies.ranking_history import normalised as stands
from strategies.ranking_populations import middle_and_sigma

GRADES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60)


def normalised(value: float, population: list[float], clip: float) -> float:
    """Return where a value stands among others."""
    return stands(value, *middle_and_sigma(np.sort(np.array(population))), clip)


def newest(history: History | HistoryView, feature: int, column: int) -> list[float]:
    return history.newest(np.array([column]))[feature, :, 0].tolist()


def earlier(history: History | HistoryView, feature: int, column: int) -> list[float]:
    """Return the known grades before the newest observation, both sides, rising."""
    values = history.earlier(np.array([column]))[feature, :, 0]
    return sorted(values[~np.isnan(values)].tolist())


def pairs(history: History | HistoryView, feature: int, column: int) -> list[list[float]]:
    """Return the grades of both sides of each moment before the newest observation."""
    values = history.earlier(np.array([column]))[feature, :, 0]
    return sorted(values[:, ~np.isnan(values).any(axis=0)].T.tolist())


def _grades(long: float, short: float, columns: int = 2) -> np.ndarray:
    grades = np.empty((4, 2, columns))
    grades[:, 0], grades[:, 1] = long, short
    return grades


def test_before_the_first_observation_nothing_is_known() -> None:
    history = History(columns=2, window=3)

    assert all(math.isnan(grade) for grade in newest(history, 0, 0))
    assert earlier(history, 0, 0) == []


def test_the_newest_observation_is_not_among_the_earlier_ones() -> None:
    history = History(columns=2, window=3)
    for value in (0.1, 0.2, 0.3):
        history.add(_grades(value, 1 - value))

    assert newest(history, 0, 1) == [0.3, 0.7]
    assert earlier(history, 0, 1) == pytest.approx([0.1, 0.2, 0.8, 0.9])


def test_only_the_window_is_kept() -> None:
    history = History(columns=1, window=3)
    for value in range(10):
        history.add(_grades(value, np.nan, 1))

    assert earlier(history, 2, 0) == [6.0, 7.0, 8.0]


def test_a_restored_history_goes_on_as_the_first_would_have() -> None:
    first, second = History(2, 3), History(2, 3)
    for value in (0.1, 0.2, 0.3, 0.4, 0.5):
        first.add(_grades(value, value))
    second.restore(first.state)
    first.add(_grades(0.6, 0.6))
    second.add(_grades(0.6, 0.6))

    assert np.array_equal(first.state.values, second.state.values, equal_nan=True)
    assert earlier(first, 1, 1) == earlier(second, 1, 1)


def test_a_history_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"state: \(4, 2, 2, 4\), expected \(4, 2, 3, 4\)"):
        History(3, 3).restore(History(2, 3).state)


def test_the_median_is_one_half_and_one_sigma_is_the_logistic_of_one() -> None:
    population = [1.0, 2.0, 3.0, 4.0, 5.0]

    assert normalised(3.0, population, clip=3.0) == 0.5
    assert normalised(3.0 + 1.4826, population, clip=3.0) == pytest.approx(1 / (1 + math.exp(-1)))


def test_where_half_are_equal_the_mean_deviation_takes_over() -> None:
    population = [0.7] * 8 + [0.2, 1.0]
    sigma = 1.2533141373155001 * (0.5 + 0.3) / 10

    assert normalised(0.8, population, clip=3.0) == pytest.approx(1 / (1 + math.exp(-0.1 / sigma)))


def test_among_equals_another_value_is_at_the_clip() -> None:
    assert normalised(0.8, [0.7] * 10, clip=3.0) == 1 / (1 + math.exp(-3.0))
    assert normalised(0.6, [0.7] * 10, clip=3.0) == 1 / (1 + math.exp(3.0))


def test_an_extreme_outlier_counts_no_more_than_the_clip() -> None:
    population = [float(value) for value in range(20)]

    assert normalised(1e9, population, clip=3.0) == normalised(1e12, population, clip=3.0)


def test_a_population_of_none_has_neither_middle_nor_deviation() -> None:
    assert all(math.isnan(value) for value in middle_and_sigma(np.empty(0)))


@given(GRADES, st.floats(0.0, 1.0), st.randoms())
def test_the_order_of_the_population_does_not_matter(
    population: list[float], value: float, dice: object
) -> None:
    shuffled = population.copy()
    dice.shuffle(shuffled)  # type: ignore[attr-defined]

    assert normalised(value, population, 3.0) == normalised(value, shuffled, 3.0)


@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=60),
    st.integers(0, 1000),
    st.sampled_from([0.25, 2.0, 1024.0]),
)
def test_the_unit_of_measurement_does_not_matter(
    population: list[int], value: int, unit: float
) -> None:
    scaled = normalised(value * unit, [each * unit for each in population], 3.0)

    assert scaled == pytest.approx(normalised(float(value), [float(e) for e in population], 3.0))


@given(GRADES, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_larger_value_never_stands_lower(
    population: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))

    assert 0 < normalised(low, population, 3.0) <= normalised(high, population, 3.0) < 1


@pytest.mark.parametrize("seen", [0, 1, 3, 5, 9])
def test_a_view_of_all_observations_tells_what_the_memory_holds(seen: int):
    grades = np.random.default_rng(7).random((4, 2, 9, 3))
    grades[0, 1, 2, 1] = np.nan
    memory, view = History(3, 4), HistoryView(grades[:, :, :seen], 4)
    for place in range(seen):
        memory.add(grades[:, :, place])

    for column in range(3):
        told = (newest(view, 0, column), newest(memory, 0, column))
        assert np.array_equal(*told, equal_nan=True)
        assert earlier(view, 0, column) == earlier(memory, 0, column)
        assert pairs(view, 0, column) == pairs(memory, 0, column)
