"""How alike two instruments moved over the same bars: one compiled loop over their closes.

Which bars are kept, and what follows from moving together, is the ranking's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan, sqrt
from typing import TypeVar, cast

from numba import njit

from marketdata.bars import Floats, Ints

Function = TypeVar("Function", bound=Callable[..., float])
_compiled = cast(Callable[[Function], Function], njit(cache=True, error_model="numpy"))


@_compiled
def correlation(first: Floats, second: Floats, minutes: Ints, least: int) -> float:
    """Return the correlation of two instruments' returns, -1 to 1.

    `first` and `second`: closes in rupees, oldest first, NaN where unknown; `minutes`: from the
    session's open to each bar's start. A return runs from one close to the next of the same
    session, so that a night counts nothing. NaN where fewer than `least` (2 at least) returns are
    known of both, or one of them never moved otherwise than always.
    """
    count, sum_first, sum_second = 0, 0.0, 0.0
    for t in range(1, len(minutes)):
        one, other = first[t] / first[t - 1] - 1.0, second[t] / second[t - 1] - 1.0
        if minutes[t] > minutes[t - 1] and not (isnan(one) or isnan(other)):
            count += 1
            sum_first += one
            sum_second += other
    if count < max(least, 2):
        return nan
    mean_first, mean_second = sum_first / count, sum_second / count
    both, own, others = 0.0, 0.0, 0.0
    for t in range(1, len(minutes)):
        one, other = first[t] / first[t - 1] - 1.0, second[t] / second[t - 1] - 1.0
        if minutes[t] > minutes[t - 1] and not (isnan(one) or isnan(other)):
            both += (one - mean_first) * (other - mean_second)
            own += (one - mean_first) * (one - mean_first)
            others += (other - mean_second) * (other - mean_second)
    spread = sqrt(own) * sqrt(others)
    if spread == 0.0:
        return nan
    return max(-1.0, min(1.0, both / spread))
