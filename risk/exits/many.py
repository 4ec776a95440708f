"""Many plans at once as the kernel's vectors, for walking thousands of positions in one call.

One plan at a time goes through `stepping.py`; both build the same vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from risk.exits import kernel
from risk.exits.kernel import Floats
from risk.exits.plan import ExitRules, StopKind

Sides = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """Positions of `quantity` units each, lots of one unit; other fields of shape `(M,)`.

    `side`: 1 long, -1 short. Prices in rupees. `entry_atr`: 0 where there was none. Times in
    epoch seconds. `stop_rests`: as `ExitPlan.hard_stop_rests`, for all.
    """

    side: Sides
    entry: Floats
    stop: Floats
    target1: Floats
    target2: Floats
    opened_at_s: Floats
    tighten_at_s: Floats
    square_off_at_s: Floats
    entry_atr: Floats
    quantity: int
    stop_rests: bool


def plan_vectors(rules: ExitRules, openings: Openings) -> Floats:
    """Return a row of the kernel's plan for each position, shape `(M, PLAN_SIZE)`."""
    side = openings.side.astype(np.float64)
    never, always = -side * np.inf, side * np.inf
    risk = np.abs(openings.entry - openings.stop)
    plans = np.empty((len(side), kernel.PLAN_SIZE))
    plans[:, kernel.DIRECTION] = side
    plans[:, kernel.ENTRY] = openings.entry
    decides = rules.hard_stop and not openings.stop_rests
    plans[:, kernel.HARD_STOP] = openings.stop if decides else never
    plans[:, kernel.MOVED_STOP_DECIDES] = not openings.stop_rests
    plans[:, kernel.TARGET1] = openings.target1 if rules.target1 else always
    plans[:, kernel.TARGET2] = openings.target2 if rules.target2 else always
    plans[:, kernel.FIRST_QUANTITY] = np.floor(openings.quantity * rules.first_fraction + 1e-9)
    plans[:, kernel.OPENED_AT] = openings.opened_at_s
    atr = openings.entry_atr
    plans[:, kernel.ENTRY_ATR] = np.where(atr > 0, atr, np.nan)
    plans[:, kernel.BREAK_EVEN] = openings.entry if rules.break_even_after_target1 else never
    plans[:, kernel.SQUARE_OFF_AT] = openings.square_off_at_s if rules.end_of_day else np.inf
    plans[:, kernel.TIGHTEN_AT] = openings.tighten_at_s
    plans[:, kernel.TRAIL_ATR] = rules.trail_atr if rules.trail else np.inf
    plans[:, kernel.TIGHTEN_ATR] = rules.tighten_atr if rules.trail else np.inf
    plans[:, kernel.ARM_AT] = openings.entry + side * rules.arm_at_r * risk
    plans[:, kernel.TRAIL_STEP] = rules.trail_step
    plans[:, kernel.TIME_STOP] = rules.time_stop_minutes * 60 if rules.time_stop else np.inf
    plans[:, kernel.VOLATILITY] = rules.volatility_multiple if rules.volatility else np.inf
    mae = openings.entry - side * rules.mae_r * risk
    plans[:, kernel.MAE_LEVEL] = mae if rules.mae else never
    return plans


def state_vectors(openings: Openings) -> Floats:
    """Return a row of the kernel's state at the entry of each position."""
    states = np.zeros((len(openings.side), kernel.STATE_SIZE))
    states[:, kernel.STOP] = openings.stop
    states[:, kernel.STOP_KIND] = StopKind.HARD
    states[:, kernel.OPEN_QUANTITY] = openings.quantity
    states[:, kernel.BEST] = states[:, kernel.WORST] = openings.entry
    states[:, kernel.THROUGH_SINCE] = states[:, kernel.BAR_END] = np.nan
    return states
