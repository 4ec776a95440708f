"""How alike instruments moved over the same bars: compiled loops over their closes.

Which bars are kept, and what follows from moving together, is the ranking's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan, sqrt
from typing import TypeVar, cast

import numpy as np
from numba import njit

from marketdata.bars import Floats, Ints

Function = TypeVar("Function", bound=Callable[..., object])
_compiled = cast(Callable[[Function], Function], njit(cache=True, error_model="numpy"))


@_compiled
def correlation(first: Floats, second: Floats, minutes: Ints, least: int) -> float:
    """Return the correlation of two instruments' returns, -1 to 1.

    `first` and `second`: closes in rupees, oldest first, NaN where unknown; `minutes`: from the
    session's open to each bar's start. A return runs from one close to the next of the same
    session, so that a night counts nothing. NaN where fewer than `least` (2 at least) returns are
    known of both, or one of them never moved otherwise than always.
    """
    one, other = np.empty(len(minutes)), np.empty(len(minutes))
    _returns(first, minutes, one)
    _returns(second, minutes, other)
    return _of_returns(one, other, least)


@_compiled
def correlations(closes: Floats, minutes: Ints, column: int, others: Ints, least: int) -> Floats:
    """Return the `correlation` of one row of `closes`, shape `(N, T)`, with some others."""
    one, other = np.empty(len(minutes)), np.empty(len(minutes))
    _returns(closes[column], minutes, one)
    found = np.empty(len(others))
    for place in range(len(others)):
        _returns(closes[others[place]], minutes, other)
        found[place] = _of_returns(one, other, least)
    return found


@_compiled
def _returns(closes: Floats, minutes: Ints, returns: Floats) -> None:
    """Fill `returns` with those of each bar, NaN for the first of a session."""
    returns[:1] = nan
    for t in range(1, len(minutes)):
        returns[t] = closes[t] / closes[t - 1] - 1.0 if minutes[t] > minutes[t - 1] else nan


@_compiled
def _of_returns(first: Floats, second: Floats, least: int) -> float:
    count, sum_first, sum_second = 0, 0.0, 0.0
    for t in range(len(first)):
        if not (isnan(first[t]) or isnan(second[t])):
            count += 1
            sum_first += first[t]
            sum_second += second[t]
    if count < max(least, 2):
        return nan
    mean_first, mean_second = sum_first / count, sum_second / count
    both, own, others = 0.0, 0.0, 0.0
    for t in range(len(first)):
        if not (isnan(first[t]) or isnan(second[t])):
            both += (first[t] - mean_first) * (second[t] - mean_second)
            own += (first[t] - mean_first) * (first[t] - mean_first)
            others += (second[t] - mean_second) * (second[t] - mean_second)
    spread = sqrt(own) * sqrt(others)
    if spread == 0.0:
        return nan
    return max(-1.0, min(1.0, both / spread))
