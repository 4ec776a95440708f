"""Walking plans along bars for tests: what `kernel.first_hit` passes, and a step where it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from risk.exits import ExitDecision, ExitPlan, ExitState, PriceBar, kernel, opened, step
from risk.exits.kernel import Beside, Floats, Ints
from risk.exits.stepping import plan_vector, state_of, state_vector

NOTHING_BESIDE = Beside(-np.inf, np.inf, np.inf)


class Path(NamedTuple):
    """Bars of one instrument, each `seconds` long; arrays of shape `(T,)`."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    atr: Floats
    slow_atr: Floats
    start_s: Ints
    seconds: int

    def bar(self, index: int) -> PriceBar:
        """Return the prices of one bar."""
        return PriceBar(*(float(values[index]) for values in self[:4]), self.seconds)


@dataclass(frozen=True, slots=True)
class Hit:
    """The bar of the first decision, the state after it, and the decision; the end without one."""

    index: int
    state: ExitState
    decision: ExitDecision | None


def passed(plan: ExitPlan, state: ExitState, along: Path, start: int) -> tuple[int, ExitState]:
    """Return the first bar from `start` on that isn't passed, and the state before it."""
    ended = float(along.start_s[start] + along.seconds)
    if plan.rules.volatility or state.bar_end_s == ended or start == len(along.close):
        return start, state
    vector = state_vector(state).copy()
    prices = np.array(along[:4])
    path = kernel.PricePath(prices.min(axis=0), prices.max(axis=0), along.start_s)
    index = kernel.first_hit(
        plan_vector(plan), vector, path, (start, len(along.close)), NOTHING_BESIDE
    )
    return index, state_of(vector)


def first_hit(plan: ExitPlan, state: ExitState, along: Path, *, start: int) -> Hit:
    """Return the first decision along a path, quiet bars passed without a step."""
    index, end = start, len(along.close)
    while index < end:
        index, state = passed(plan, state, along, index)
        state, decision = step(
            plan,
            state,
            along.bar(index),
            atr=float(along.atr[index]),
            slow_atr=float(along.slow_atr[index]),
            now_s=float(along.start_s[index] + along.seconds),
        )
        if decision is not None:
            return Hit(index, state, decision)
        index += 1
    return Hit(end, state, None)


def walk(plan: ExitPlan, along: Path, *, start: int) -> tuple[Hit, ...]:
    """Return every decision of a plan opened before bar `start`, until it is closed."""
    hits: list[Hit] = []
    state, index = opened(plan), start
    while state.open_quantity > 0 and index < len(along.close):
        hit = first_hit(plan, state, along, start=index)
        if hit.decision is None:
            break
        hits.append(hit)
        state, index = hit.state, hit.index
    return tuple(hits)
