"""The way into the exit kernel and back: plans and states as values, ticks and bars as steps.

Nothing is decided here; see `kernel.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from risk.exits import kernel
from risk.exits.kernel import Floats
from risk.exits.plan import (
    URGENCY,
    ExitDecision,
    ExitPlan,
    ExitReason,
    ExitState,
    StopKind,
)

REASONS = {
    kernel.END_OF_DAY: ExitReason.END_OF_DAY,
    kernel.AT_HARD_STOP: ExitReason.HARD_STOP,
    kernel.AT_MAE: ExitReason.MAE,
    kernel.AT_VOLATILITY: ExitReason.VOLATILITY,
    kernel.AT_BREAK_EVEN: ExitReason.BREAK_EVEN,
    kernel.AT_TRAIL: ExitReason.TRAIL,
    kernel.AT_TARGET2: ExitReason.TARGET2,
    kernel.AT_TARGET1: ExitReason.TARGET1,
    kernel.AT_TIME: ExitReason.TIME,
}
"""What each code of the kernel means."""


@dataclass(frozen=True, slots=True)
class PriceBar:
    """Prices of `seconds` ending now, in rupees; a tick is a bar of no length, see `tick`."""

    open: float
    high: float
    low: float
    close: float
    seconds: float = 0.0

    @classmethod
    def tick(cls, price: float) -> PriceBar:
        """Return one price as a bar; NaN where there is none."""
        return cls(price, price, price, price)


def opened(plan: ExitPlan) -> ExitState:
    """Return the state of a plan at its entry."""
    return ExitState(
        stop=plan.stop,
        stop_kind=StopKind.HARD,
        open_quantity=plan.quantity,
        best=plan.entry,
        worst=plan.entry,
        first_done=False,
        armed=False,
        through_since_s=None,
        bar_end_s=None,
        phase=0,
    )


def step(
    plan: ExitPlan,
    state: ExitState,
    bar: PriceBar,
    *,
    atr: float,
    now_s: float,
    slow_atr: float | None = None,
) -> tuple[ExitState, ExitDecision | None]:
    """Return the state after `bar`, which ended at `now_s`, and what is to be closed, if anything.

    A bar is told in its worst order (open, adverse extreme, best, close), so a stop counts before
    a target; a level gapped at the open counts at the open. At a level is a hit. The stop may
    have moved without a decision. After a decision that closes a part, give the same bar again
    for the rest of it. Without a price (NaN) only the end of the day is decided.
    `atr`: of the strategy's bars, the last that closed before this one began; NaN holds the trail.
    `slow_atr`: what the volatility exit looks at, `atr` where None.
    """
    before = state_vector(state)
    vector = before.copy()
    slow = atr if slow_atr is None else slow_atr
    code, level = kernel.step(
        plan_vector(plan),
        vector,
        kernel.Bar(
            float(bar.open),
            float(bar.high),
            float(bar.low),
            float(bar.close),
            float(atr),
            float(slow),
            float(now_s) - float(bar.seconds),
            float(now_s),
        ),
    )
    if code == kernel.NONE and vector.tobytes() == before.tobytes():
        return state, None
    after = state_of(vector)
    return after, _decision(code, level, state, after)


def plan_vector(plan: ExitPlan) -> Floats:
    """Return the kernel's form of a plan, made once; nothing writes to it."""
    if plan.vector is None:
        object.__setattr__(plan, "vector", _from_plan(plan))
    vector: Floats = plan.vector
    return vector


def state_vector(state: ExitState) -> Floats:
    """Return the kernel's form of a state, made once; whoever steps it takes a copy."""
    if state.vector is None:
        object.__setattr__(state, "vector", _from_state(state))
    vector: Floats = state.vector
    return vector


def _from_plan(plan: ExitPlan) -> Floats:
    rules, side = plan.rules, int(plan.direction)
    never, always = -side * math.inf, side * math.inf
    vector = np.empty(kernel.PLAN_SIZE)
    vector[kernel.DIRECTION] = side
    vector[kernel.ENTRY] = plan.entry
    decides = rules.hard_stop and not plan.hard_stop_rests
    vector[kernel.HARD_STOP] = plan.stop if decides else never
    vector[kernel.MOVED_STOP_DECIDES] = not plan.hard_stop_rests
    vector[kernel.TARGET1] = plan.target1 if rules.target1 else always
    vector[kernel.TARGET2] = plan.target2 if rules.target2 else always
    vector[kernel.FIRST_QUANTITY] = plan.first_quantity
    vector[kernel.OPENED_AT] = plan.opened_at_s
    vector[kernel.ENTRY_ATR] = plan.entry_atr if plan.entry_atr > 0 else math.nan
    moves = rules.break_even_after_target1
    vector[kernel.BREAK_EVEN] = plan.entry + side * plan.costs_per_unit if moves else never
    vector[kernel.SQUARE_OFF_AT] = _or(plan.square_off_at_s if rules.end_of_day else None, math.inf)
    vector[kernel.TIGHTEN_AT] = _or(plan.tighten_at_s, math.inf)
    vector[kernel.TRAIL_ATR] = rules.trail_atr if rules.trail else math.inf
    vector[kernel.TIGHTEN_ATR] = rules.tighten_atr if rules.trail else math.inf
    vector[kernel.ARM_AT] = plan.entry + side * rules.arm_at_r * plan.risk
    vector[kernel.TRAIL_STEP] = plan.trail_step
    vector[kernel.TIME_STOP] = rules.time_stop_minutes * 60 if rules.time_stop else math.inf
    vector[kernel.VOLATILITY] = rules.volatility_multiple if rules.volatility else math.inf
    vector[kernel.MAE_LEVEL] = plan.entry - side * rules.mae_r * plan.risk if rules.mae else never
    return vector


def _from_state(state: ExitState) -> Floats:
    vector = np.empty(kernel.STATE_SIZE)
    vector[kernel.STOP] = state.stop
    vector[kernel.STOP_KIND] = state.stop_kind
    vector[kernel.OPEN_QUANTITY] = state.open_quantity
    vector[kernel.BEST] = state.best
    vector[kernel.WORST] = state.worst
    vector[kernel.FIRST_DONE] = state.first_done
    vector[kernel.ARMED] = state.armed
    vector[kernel.THROUGH_SINCE] = _or(state.through_since_s, math.nan)
    vector[kernel.BAR_END] = _or(state.bar_end_s, math.nan)
    vector[kernel.PHASE] = state.phase
    return vector


def state_of(vector: Floats) -> ExitState:
    """Return the state that a vector of the kernel tells."""
    return ExitState(
        stop=float(vector[kernel.STOP]),
        stop_kind=StopKind(int(vector[kernel.STOP_KIND])),
        open_quantity=int(vector[kernel.OPEN_QUANTITY]),
        best=float(vector[kernel.BEST]),
        worst=float(vector[kernel.WORST]),
        first_done=bool(vector[kernel.FIRST_DONE]),
        armed=bool(vector[kernel.ARMED]),
        through_since_s=_or_none(vector[kernel.THROUGH_SINCE]),
        bar_end_s=_or_none(vector[kernel.BAR_END]),
        phase=int(vector[kernel.PHASE]),
    )


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _decision(code: int, level: float, before: ExitState, after: ExitState) -> ExitDecision | None:
    if code == kernel.NONE:
        return None
    reason = REASONS[code]
    quantity = before.open_quantity - after.open_quantity
    return ExitDecision(reason, quantity, float(level), URGENCY[reason], after.stop)
