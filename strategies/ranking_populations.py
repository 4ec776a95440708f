"""What a cycle's values are compared with: middle and robust deviation of many populations at once.

Which values they are stands in `ranking_values.py`; what follows from them in `ranking_score.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan
from typing import NamedTuple, TypeVar, cast

import numpy as np
from numba import njit

from marketdata.bars import Flags, Floats, Ints

MAD_TO_SIGMA = 1.4826
"""Standard deviations in one median absolute deviation of a normal distribution."""
MEAN_TO_SIGMA = 1.2533141373155001
"""Standard deviations in one mean absolute deviation of a normal distribution: sqrt(pi / 2)."""

_PARTIALS = 64
"""More parts than an exact sum of doubles can fall into without their overlapping."""

Function = TypeVar("Function", bound=Callable[..., object])
_compiled = cast(Callable[[Function], Function], njit(cache=True, error_model="numpy"))


class Populations(NamedTuple):
    """What each value of each feature is compared with, shape `(features, candidates)`.

    `samples`: how many; `middle` and `sigma`: NaN where there are none, or the value is unknown.
    """

    samples: Ints
    middle: Floats
    sigma: Floats


def populations_of(earlier: Floats, told: Floats, sided: Flags) -> Populations:
    """Return what each of `told`, shape `(F, n)`, is compared with; NaN is compared with nothing.

    It is compared with its row of `earlier`, shape `(E, n, K)`, NaN where there is none, and with
    the others told of its feature. Features behind the first `E` have nothing earlier. `sided`,
    shape `(n,)`: whose earlier values are two of each moment, which count as one sample.
    """
    ordered = np.sort(earlier, axis=-1)
    found = Populations(
        np.zeros(told.shape, dtype=np.int64), np.full(told.shape, nan), np.full(told.shape, nan)
    )
    _compare(ordered, np.ascontiguousarray(told), sided, *found)
    return found


def compile_ahead() -> None:
    """Have the loops compiled, rather than at the first candidates."""
    populations_of(np.empty((1, 0, 0)), np.empty((1, 0)), np.empty(0, dtype=np.bool_))


@_compiled
def _compare(
    earlier: Floats, told: Floats, sided: Flags, samples: Ints, middle: Floats, sigma: Floats
) -> None:
    features, count = told.shape
    merged = np.empty(earlier.shape[2] + count)
    for feature in range(features):
        values = told[feature]
        beside = np.sort(values[~np.isnan(values)])
        for place in range(count):
            own = values[place]
            if isnan(own):
                continue
            known = _known(earlier[feature, place]) if feature < len(earlier) else 0
            row = earlier[feature, place, :known] if known else beside[:0]
            size = _merge(row, beside, own, merged)
            samples[feature, place] = size - (known // 2 if sided[place] else 0)
            spread = middle_and_sigma(merged[:size])
            middle[feature, place], sigma[feature, place] = spread


@_compiled
def _known(row: Floats) -> int:
    """Return how many values a row begins with, before its NaN."""
    known = len(row)
    while known and isnan(row[known - 1]):
        known -= 1
    return known


@_compiled
def _merge(one: Floats, other: Floats, left_out: float, merged: Floats) -> int:
    """Fill `merged` with two rising rows, `left_out` left out once of `other`; return its size."""
    i, j, size = 0, 0, 0
    skip = int(np.searchsorted(other, left_out))
    while i < len(one) or j < len(other):
        if j == skip:
            j += 1
        elif j == len(other) or (i < len(one) and one[i] <= other[j]):
            merged[size] = one[i]
            i += 1
            size += 1
        else:
            merged[size] = other[j]
            j += 1
            size += 1
    return size


@_compiled
def middle_and_sigma(ordered: Floats) -> tuple[float, float]:
    """Return the median and a robust standard deviation; NaN for a population of none.

    The deviation is the median absolute one, or the mean absolute one where more than half of the
    population is equal; 0 in a population of equals. `ordered`: rising.
    """
    size = len(ordered)
    if size == 0:
        return nan, nan
    half = size // 2
    middle = ordered[half] if size % 2 else (ordered[half - 1] + ordered[half]) / 2
    away = _distance(ordered, middle, half)
    if size % 2 == 0:
        away = (_distance(ordered, middle, half - 1) + away) / 2
    sigma = MAD_TO_SIGMA * away
    if sigma == 0:
        sigma = MEAN_TO_SIGMA * _sum_of_distances(ordered, middle) / size
    return middle, sigma


@_compiled
def _distance(ordered: Floats, middle: float, rank: int) -> float:
    """Return how far the value of a rank, from 0, lies from the middle: the nearest is of rank 0.

    The `rank + 1` nearest stand side by side, so it is the window of that many with the smallest
    distance at its farther end.
    """
    low, high = 0, len(ordered) - 1 - rank
    while low < high:
        at = (low + high) // 2
        if ordered[at + rank] - middle < middle - ordered[at]:
            low = at + 1
        else:
            high = at
    away: float = max(middle - ordered[low], ordered[low + rank] - middle)
    if low:
        before = max(middle - ordered[low - 1], ordered[low - 1 + rank] - middle)
        away = min(away, before)
    return away


@_compiled
def _sum_of_distances(ordered: Floats, middle: float) -> float:
    """Return the exact sum of the distances from the middle, rounded once.

    Source: Shewchuk, Adaptive Precision Floating-Point Arithmetic (1997): the sum is kept as parts
    that don't overlap, smallest first.
    """
    parts = np.empty(_PARTIALS)
    used = 0
    for value in ordered:
        rest = abs(value - middle)
        if rest == 0.0:
            continue
        kept = 0
        for place in range(used):
            small, large = parts[place], rest
            if abs(large) < abs(small):
                small, large = large, small
            rest = large + small
            lost = small - (rest - large)
            if lost != 0.0:
                parts[kept] = lost
                kept += 1
        parts[kept] = rest
        used = kept + 1
    return _rounded(parts, used)


@_compiled
def _rounded(parts: Floats, used: int) -> float:
    """Return the sum of parts that don't overlap, half to even over all of them."""
    total, lost = 0.0, 0.0
    while used:
        used -= 1
        large = total
        total = large + parts[used]
        lost = parts[used] - (total - large)
        if lost != 0.0:
            break
    if used and lost != 0.0 and (lost < 0.0) == (parts[used - 1] < 0.0):
        twice = lost * 2.0
        up = total + twice
        if up - total == twice:
            total = up
    return total
