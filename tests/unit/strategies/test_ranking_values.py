"""What opinions are worth by each feature: in columns what each is by itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from strategies.ranking_values import Views, earlier_values, values_of
from strategies.signals import Direction

GRADES = st.one_of(st.floats(0.0, 1.0), st.just(math.nan))
LONG, SHORT, NEUTRAL = Direction.LONG, Direction.SHORT, Direction.NEUTRAL


def views(*ways: Direction, confidence: float = 0.6) -> Views:
    return Views(np.array(ways, dtype=np.int64), np.full(len(ways), confidence))


def grades(*pairs: tuple[float, float]) -> np.ndarray:
    """Return the same pair of grades for all four features, shape `(4, 2, n)`."""
    return np.broadcast_to(np.array(pairs).T, (4, 2, len(pairs))).copy()


@pytest.mark.parametrize(
    ("way", "momentum", "trend", "liquidity"),
    [
        (LONG, (2 * 0.8 + 0.6) / 3, 0.8, 0.8),
        (SHORT, (2 * 0.3 + 0.6) / 3, 0.3, 0.3),
        (NEUTRAL, (2 * 0.5 + 0.6) / 3, 0.5, 0.8),
    ],
)
def test_a_grade_counts_for_the_side_or_by_how_little_the_sides_differ(
    way: Direction, momentum: float, trend: float, liquidity: float
) -> None:
    found = values_of(views(way), grades((0.8, 0.3)), np.array([1.0]))

    assert found.raw[:, 0].tolist() == pytest.approx([momentum, trend, liquidity, liquidity, 0.5])
    assert np.array_equal(found.raw, found.told)


def test_what_is_not_known_counts_one_half_and_is_not_compared() -> None:
    found = values_of(views(LONG), grades((math.nan, 0.3)), np.array([3.0]))

    assert found.raw[:, 0].tolist() == [0.6, 0.5, 0.5, 0.5, 0.75]
    assert np.isnan(found.told[:4, 0]).all()


@given(
    arrays.arrays(np.float64, (4, 2, 3, 5), elements=GRADES),
    st.lists(st.sampled_from([LONG, SHORT, NEUTRAL]), min_size=3, max_size=3),
    st.floats(0.0, 1.0),
)
def test_a_moment_of_the_past_counts_what_it_would_count_now(
    past: np.ndarray, ways: list[Direction], confidence: float
) -> None:
    seen = views(*ways, confidence=confidence)

    earlier = earlier_values(past, seen)

    for (feature, place), _ in np.ndenumerate(earlier[:, :, 0]):
        expected = []
        for moment in past[:, :, place].transpose(2, 0, 1):
            for way in (LONG, SHORT) if ways[place] is not NEUTRAL else (NEUTRAL,):
                alone = views(way, confidence=confidence)
                now = values_of(alone, moment[..., np.newaxis], np.array([0.0]))
                both = way is not NEUTRAL or not np.isnan(moment[feature]).any()
                expected.append(now.told[feature, 0] if both else math.nan)
        values = [value for value in expected if not math.isnan(value)]
        told = earlier[feature, place]
        assert sorted(told[~np.isnan(told)].tolist()) == sorted(values)
