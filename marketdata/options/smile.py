"""What a smile says: the volatility at the money and how much dearer puts are than calls.

One volatility a strike, from `chain.py`; how it runs over expiries and days is `term.py`'s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.options.columns import CALL, PUT

Floats = NDArray[np.float64]

_QUARTER = 0.25


def out_of_the_money(volatilities: Floats, strikes: Floats, forward: float) -> Floats:
    """Return one volatility a strike, shape `(S,)`: that of the side out of the money.

    The other side's where that one is NaN; a call is out of the money from the forward on.
    """
    calls, puts = volatilities[:, CALL], volatilities[:, PUT]
    is_call = strikes >= forward
    first, second = np.where(is_call, calls, puts), np.where(is_call, puts, calls)
    return np.where(np.isnan(first), second, first)


def at_the_money(smile: Floats, strikes: Floats, forward: float) -> float:
    """Return the volatility at the forward, on a straight line between the strikes around it.

    NaN where a strike with a volatility lacks on either side; one at the forward is enough.
    """
    known = np.flatnonzero(~np.isnan(smile))
    return _between(strikes[known], smile[known], forward)


def skew(smile: Floats, deltas: Floats) -> float:
    """Return the 25-delta put's volatility less the 25-delta call's, a fraction.

    `deltas`: shape `(S, 2)`, by strike, calls first. NaN where the strikes don't reach that far.
    """
    known = np.flatnonzero(~np.isnan(smile) & ~np.isnan(deltas[:, CALL]))
    puts, calls = -deltas[known, PUT], deltas[known[::-1], CALL]
    return _between(puts, smile[known], _QUARTER) - _between(calls, smile[known[::-1]], _QUARTER)


def _between(places: Floats, values: Floats, at: float) -> float:
    """Return the value at a place on the line through its neighbours; NaN outside.

    `places`: rising.
    """
    above = int(np.searchsorted(places, at))
    if above < len(places) and places[above] == at:
        return float(values[above])
    if above in (0, len(places)):
        return float("nan")
    left, right = float(places[above - 1]), float(places[above])
    share = (at - left) / (right - left)
    return float(values[above - 1]) * (1.0 - share) + float(values[above]) * share
