"""The last bars of a column in a ring of floats, as several indicators share them.

The indicators made of them stand in their own files.
"""

from __future__ import annotations

from marketdata.features.base import Floats


def keep(ring: Floats, count: float, value: float) -> int:
    """Put value number `count` (0 first) over the one a ring's length older; return its place.

    The value kept k before it stands at the place less k, for k below the ring's length: an index
    below 0 counts from the ring's end.
    """
    place = int(count) % len(ring)
    ring[place] = value
    return place


def mean_of(ring: Floats) -> float:
    """Return the mean of a full ring; exactly the value where all are equal."""
    distance = 0.0
    for value in ring:
        distance += value - ring[0]
    return float(ring[0] + distance / len(ring))


def squares_about(ring: Floats, mean: float) -> float:
    """Return the sum of squared distances of a full ring's values from `mean`."""
    total = 0.0
    for value in ring:
        total += (value - mean) * (value - mean)
    return total


def moments_of(ring: Floats) -> tuple[float, float]:
    """Return the mean of a full ring and the sum of squared distances from it, in one pass.

    Distances are taken from the ring's first value, which is never so far from the others that
    digits are lost; exactly the value and 0 where all are equal.
    """
    first, distance, squares = ring[0], 0.0, 0.0
    for value in ring:
        distance += value - first
        squares += (value - first) * (value - first)
    return float(first + distance / len(ring)), squares - distance * distance / len(ring)


def edges_of(highs: Floats, lows: Floats) -> tuple[float, float]:
    """Return the highest of one full ring and the lowest of another as long."""
    highest, lowest = highs[0], lows[0]
    for k in range(len(highs)):
        highest = max(highest, highs[k])
        lowest = min(lowest, lows[k])
    return highest, lowest


def highest_of(ring: Floats) -> float:
    """Return the highest value of a full ring."""
    highest = ring[0]
    for value in ring:
        highest = max(highest, value)
    return float(highest)


def lowest_of(ring: Floats) -> float:
    """Return the lowest value of a full ring."""
    lowest = ring[0]
    for value in ring:
        lowest = min(lowest, value)
    return float(lowest)
