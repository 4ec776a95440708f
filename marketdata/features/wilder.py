"""True range and Wilder's average of it, as several indicators share them.

The indicators made of them stand in their own files.
"""

from __future__ import annotations

from math import nan

from marketdata.features.base import Floats
from marketdata.features.kernels import Bar

AVERAGE_MEMORY = 3


def true_range(bar: Bar, previous_close: float) -> float:
    """Return the bar's range in rupees, stretched to the previous close."""
    return max(bar.high, previous_close) - min(bar.low, previous_close)


def average_true_range(memory: Floats, bar: Bar, period: float) -> float:
    """Take a bar into the first three floats of `memory`; return Wilder's average, or NaN.

    The first value is the plain mean of `period` ranges, which takes `period` + 1 bars; then
    each new range weighs 1/period.
    """
    count, previous_close = memory[0], memory[1]
    memory[0] += 1.0
    memory[1] = bar.close
    if count == 0.0:
        return nan
    if count > period:
        memory[2] = (memory[2] * (period - 1.0) + true_range(bar, previous_close)) / period
        return float(memory[2])
    memory[2] += true_range(bar, previous_close)
    if count < period:
        return nan
    memory[2] /= period
    return float(memory[2])
