"""The shape of a trading day: how volatility, volume and spreads run from the open to the close.

What is done with the shape lives in `synthetic.py` and `dayset.py`. Sources: volatility measured
on 45 days of index ticks, 26 March to 11 June 2021, as the standard deviation of one-minute
returns over the day's mean; volume and spread multipliers are assumptions of the usual form.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FROM_MINUTE = np.array([0, 1, 5, 15, 30, 60, 120, 180, 240, 300, 345, 360])
_BROAD = np.array([2.53, 2.09, 1.74, 1.32, 1.17, 0.90, 0.80, 0.85, 0.95, 0.98, 1.09, 0.69])
_BANKS = np.array([3.12, 2.14, 1.65, 1.25, 1.31, 0.85, 0.79, 0.84, 0.98, 0.93, 1.09, 0.71])

_VOLUME_FROM = (0, 30, 105, 255, 330)
_VOLUME_SHARE = (0.18, 0.22, 0.26, 0.17, 0.17)

_SPREAD_FROM = np.array([0, 5, 15])
_SPREAD = np.array([3.0, 1.5, 1.0])


def volatility_multiplier(minute: Ints, *, banks: bool) -> Floats:
    """Return the volatility at each minute from the open, 1.0 being the day's mean.

    `banks`: the shape of the bank index instead of the broad one. Behind the last measured
    window its value goes on.
    """
    window = np.searchsorted(_FROM_MINUTE, minute, side="right") - 1
    return (_BANKS if banks else _BROAD)[window]


def volume_share(minutes: int) -> Floats:
    """Return the share of the day's volume of each minute, summing to 1, shape `(minutes,)`.

    High at the open, low at midday, higher again towards the close.
    """
    ends = (*_VOLUME_FROM[1:], max(minutes, _VOLUME_FROM[-1] + 1))
    share = np.concatenate(
        [
            np.full(end - start, part / (end - start))
            for start, end, part in zip(_VOLUME_FROM, ends, _VOLUME_SHARE, strict=True)
        ]
    )[:minutes]
    return np.asarray(share / share.sum(), np.float64)


def spread_multiplier(minute: Ints) -> Floats:
    """Return how much wider than usual quotes are at each minute from the open."""
    return _SPREAD[np.searchsorted(_SPREAD_FROM, np.maximum(minute, 0), side="right") - 1]
