"""Builders of exit plans: a long from 100 with its stop at 90, and its mirror image."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from risk.exits import ExitDecision, ExitPlan, ExitRules, ExitState, PriceBar, opened, step
from strategies.signals import Direction

LONG, SHORT = Direction.LONG, Direction.SHORT
TICK = 0.05
OPENED_AT = 1_000_000
SOON = OPENED_AT + 60
both_sides = pytest.mark.parametrize("direction", [LONG, SHORT])
ALL_OFF = ExitRules(
    hard_stop=False,
    arm_at_r=1.0,
    trail=False,
    target1=False,
    target2=False,
    time_stop=False,
    volatility=False,
    mae=False,
    end_of_day=False,
)


def mirrored(direction: Direction, price: float) -> float:
    """Return a price told for a long as it is for `direction`: mirrored at 100 for a short."""
    return price if direction is LONG else round(200 - price, 2)


def plan(direction: Direction = LONG, rules: ExitRules = ALL_OFF, **changes: Any) -> ExitPlan:
    usual: dict[str, Any] = {
        "direction": direction,
        "entry": 100.0,
        "stop": mirrored(direction, 90.0),
        "target1": mirrored(direction, 112.0),
        "target2": mirrored(direction, 120.0),
        "quantity": 130,
        "lot_size": 65,
        "opened_at_s": OPENED_AT,
        "entry_atr": 5.0,
        "rules": rules,
    }
    return ExitPlan(**(usual | changes))


def only(**switches: Any) -> ExitRules:
    return replace(ALL_OFF, **switches)


def state_of(of: ExitPlan, **changes: Any) -> ExitState:
    return replace(opened(of), **changes)


def bar(direction: Direction, *prices: float, seconds: float = 60.0) -> PriceBar:
    """Return a bar told for a long as open, high, low, close."""
    start, high, low, close = (mirrored(direction, price) for price in prices)
    if direction is SHORT:
        high, low = low, high
    return PriceBar(start, high, low, close, seconds)


def tick(direction: Direction, price: float) -> PriceBar:
    return PriceBar.tick(mirrored(direction, price))


NO_PRICE = PriceBar.tick(math.nan)


def decided(
    of: ExitPlan, prices: PriceBar, state: ExitState | None = None, **changes: Any
) -> ExitDecision | None:
    told: dict[str, Any] = {"atr": 5.0, "now_s": SOON} | changes
    return step(of, state or opened(of), prices, **told)[1]


def stopped(of: ExitPlan, state: ExitState, price: float, *, atr: float = 5.0) -> ExitState:
    return step(of, state, tick(of.direction, price), atr=atr, now_s=SOON)[0]
