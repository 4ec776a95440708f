"""Fixed random paths: bars passed without a step, and many plans at once, as the loop of steps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from risk.exits import ExitRules, PriceBar, opened, step
from risk.exits.plan import ExitPlan, ExitReason, ExitState
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, plan
from tests.unit.risk.exits.test_kernel import path
from tests.unit.risk.exits.walking import first_hit

BARS = 60
EVERYTHING = ExitRules()
STOPS_ONLY = replace(EVERYTHING, trail=False, target1=False, target2=False, time_stop=False)
NO_FIRST = replace(EVERYTHING, target1=False, volatility=False, mae=False)
LATE_TRAIL = replace(EVERYTHING, arm_at_r=0.4, trail_atr=0.5, tighten_atr=0.2, time_stop=False)
WILD = replace(EVERYTHING, mae=True, mae_r=0.7, volatility=True, volatility_multiple=1.1)
TARGETS = replace(EVERYTHING, trail=False, hard_stop=False, time_stop=False, mae=False)
RULES = {
    "all": EVERYTHING,
    "stops": STOPS_ONLY,
    "no-first": NO_FIRST,
    "trail": LATE_TRAIL,
    "wild": WILD,
    "targets": TARGETS,
}


def made(side: int, width: float, rules: ExitRules) -> ExitPlan:
    return plan(
        side,
        entry=100.0,
        stop=100.0 - side * width,
        target1=100.0 + side * width,
        target2=100.0 + side * 2 * width,
        rules=rules,
        tighten_at_s=OPENED_AT + 1_500,
        square_off_at_s=OPENED_AT + 3_030,
    )


def stepped(one: ExitPlan, seed: int) -> tuple[list[str], ExitState]:
    """Return what every bar of a path decides, one step at a time, and how the plan ends."""
    along, state, told = path(seed, BARS), opened(one), []
    for index in range(BARS):
        while state.open_quantity > 0:
            state, decision = step(
                one,
                state,
                PriceBar(*(float(values[index]) for values in along[:4]), 60),
                atr=along.atr[index],
                slow_atr=along.slow_atr[index],
                now_s=int(along.start_s[index]) + 60,
            )
            if decision is None:
                break
            told.append(f"{index} {decision}")
    return told, state


def walked(one: ExitPlan, seed: int) -> tuple[list[str], ExitState]:
    """Return the same by way of the compiled walk, which passes quiet bars without a step."""
    along, state, index, told = path(seed, BARS), opened(one), 0, []
    while state.open_quantity > 0:
        hit = first_hit(one, state, along, start=index)
        state, index = hit.state, hit.index
        if hit.decision is None:
            break
        told.append(f"{index} {hit.decision}")
    return told, state


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
@pytest.mark.parametrize("side", [LONG, SHORT], ids=["long", "short"])
def test_the_walk_over_fixed_paths_is_the_loop_of_steps(side: int, rules: ExitRules) -> None:
    for seed, width in enumerate(np.linspace(1.0, 25.0, 12)):
        one = made(side, float(width), rules)

        told, by_steps = walked(one, seed), stepped(one, seed)

        assert told[0] == by_steps[0]
        assert repr(told[1]) == repr(by_steps[1])


NOT_BY_PRICE = (
    ExitReason.KILL,
    ExitReason.DAILY_LOSS,
    ExitReason.MANUAL,
    ExitReason.UNDERLYING_STOP,
    ExitReason.UNDERLYING_TARGET,
)
"""Reasons that the price of the traded contract never gives."""


def test_the_fixed_paths_meet_every_kind_of_exit() -> None:
    reasons = {
        line.split("reason=")[1].split(",")[0]
        for rules in RULES.values()
        for side in (LONG, SHORT)
        for seed, width in enumerate(np.linspace(1.0, 25.0, 12))
        for line in stepped(made(side, float(width), rules), seed)[0]
    }

    assert reasons == {repr(reason) for reason in ExitReason if reason not in NOT_BY_PRICE}


def test_a_walk_that_goes_on_within_a_bar_takes_the_rest_of_it_first() -> None:
    one = made(LONG, 3.0, EVERYTHING)
    along = path(1, 3)
    for values, price in zip(along[:4], (100.0, 109.0, 99.0, 108.0), strict=True):
        values[:] = price

    first = first_hit(one, opened(one), along, start=0)
    second = first_hit(one, first.state, along, start=first.index)

    assert first.index == second.index == 0
    assert first.decision is not None
    assert second.decision is not None
    assert first.decision.quantity + second.decision.quantity == one.quantity
    assert not math.isnan(second.state.stop)
