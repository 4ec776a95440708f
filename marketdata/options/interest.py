"""What open interest and volume of a chain say: put-call ratios, walls, and max pain.

All of it is arithmetic on whole units; where nothing is open, nothing is said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.options.columns import CALL, PUT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NOTHING = float("nan")


def put_call_ratio(units: Ints) -> float:
    """Return units of puts over units of calls; NaN without calls. `units`: shape `(S, 2)`."""
    calls = int(units[:, CALL].sum())
    return int(units[:, PUT].sum()) / calls if calls else _NOTHING


def wall(strikes: Floats, units: Ints, side: int) -> float:
    """Return the strike with the most open units on one side, the lower of equals; NaN if none."""
    place = int(np.argmax(units[:, side]))
    return float(strikes[place]) if units[place, side] > 0 else _NOTHING


def max_pain(strikes: Floats, units: Ints) -> float:
    """Return the strike at which expiry would pay the holders least, the lower of equals.

    NaN where nothing is open.
    """
    if not units.any():
        return _NOTHING
    calls = _paid(strikes, units[:, CALL])
    puts = _paid(-strikes[::-1], units[::-1, PUT])[::-1]
    return float(strikes[int(np.argmin(calls + puts))])


def _paid(levels: Floats, units: Ints) -> Floats:
    """Return what holders who gain above their levels are paid at each level; `levels` rise.

    Up to a level, each step of the way is earned by all units whose level lies below it.
    """
    earning = np.cumsum(units)[:-1]
    paid: Floats = np.concatenate([[0.0], np.cumsum(np.diff(levels) * earning)])
    return paid
