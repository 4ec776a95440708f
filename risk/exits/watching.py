"""Many plans in one look: which of them a range of prices can concern at all.

What such a range then does to a plan is decided by `kernel.step`, one plan at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from risk.exits import kernel
from risk.exits.kernel import Extremes, Floats, Ints, note_quiet, quiet_between
from risk.exits.plan import ExitPlan, ExitState
from risk.exits.stepping import plan_vector, state_of, state_vector

Stamps = NDArray[np.int64]

OVER = 0
"""Of a row that is passed over."""
ASKED = 1
"""Of a row that every range concerns."""
WATCHED = 2
"""Of a row that only a range beyond its bounds concerns."""

LOWER, UPPER, UNTIL, WILD, LOWEST, HIGHEST, SEEN_AT = range(7)
ROW_SIZE = 7


class Prices(NamedTuple):
    """The range of each column that ended at `ended_s`, rupees, NaN where there is none.

    `slow`: the smoothed ranges of bars, by place. `stamp`: by column, the number of the last step
    that told it; only columns of step `since` and later are looked at.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    slow: Floats
    stamp: Stamps
    since: int
    ended_s: float


def watched_row(plan: ExitPlan, state: ExitState, now_s: float) -> Floats:
    """Return the row of a plan: between which prices, until when and up to which range it is quiet.

    Of prices told at `now_s` or later. Shape `(ROW_SIZE,)`; without any price that was seen.
    """
    vector = plan_vector(plan)
    lower, upper, until = quiet_between(vector, state_vector(state), now_s)
    wild = vector[kernel.VOLATILITY] * vector[kernel.ENTRY_ATR]
    return np.array([lower, upper, until, wild, np.inf, -np.inf, -np.inf])


def with_seen(plan: ExitPlan, state: ExitState, row: Floats) -> ExitState:
    """Return the state after the quiet prices that a row has seen, as `step` would."""
    vector = state_vector(state).copy()
    seen = Extremes(float(row[LOWEST]), float(row[HIGHEST]), float(row[SEEN_AT]))
    note_quiet(plan_vector(plan), vector, seen)
    return state_of(vector)


def concerned(rows: Floats, modes: Ints, places: Ints, prices: Prices) -> Ints:
    """Return the rows that a range concerns, rising; the others have seen it and are quiet.

    `rows`: shape `(M, ROW_SIZE)`, changed. `places`: shape `(2, M)`, each row's column and the
    place of its smoothed range.
    """
    found = np.empty(len(rows), dtype=np.int64)
    return found[: _find_concerned(rows, modes, places, prices, found)]


@njit(cache=True)
def _find_concerned(
    rows: Floats, modes: Ints, places: Ints, prices: Prices, found: Ints
) -> int:  # an array made in here would cost more to hand out than the whole loop
    count = 0
    for row in range(len(rows)):
        column = places[0, row]
        if modes[row] == OVER or prices.stamp[column] < prices.since:
            continue
        low, high = prices.low[column], prices.high[column]
        first, last = prices.open[column], prices.close[column]
        lower, upper = rows[row, LOWER], rows[row, UPPER]
        is_quiet = (
            modes[row] == WATCHED
            and lower < low < upper
            and lower < high < upper
            and lower < first < upper
            and lower < last < upper
            and prices.ended_s < rows[row, UNTIL]
            and not (rows[row, WILD] < np.inf and prices.slow[places[1, row]] >= rows[row, WILD])
        )
        if not is_quiet:
            found[count] = row
            count += 1
            continue
        rows[row, LOWEST] = min(rows[row, LOWEST], low, first, last)
        rows[row, HIGHEST] = max(rows[row, HIGHEST], high, first, last)
        rows[row, SEEN_AT] = prices.ended_s
    return count
