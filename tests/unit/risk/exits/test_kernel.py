from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.exits import (
    ExitDecision,
    ExitPlan,
    ExitReason,
    ExitRules,
    PriceBar,
    opened,
    step,
)
from strategies.signals import Direction
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, only, plan
from tests.unit.risk.exits.walking import Path, first_hit, walk

R = ExitReason


def path(seed: int, bars: int, *, drift: float = 0.0, side: int = 1) -> Path:
    """Return a random path from 100; with side -1 its mirror image at zero."""
    chance = np.random.default_rng(seed)
    close = 100.0 + np.cumsum(chance.normal(drift, 2.0, bars))
    start = np.concatenate(([100.0], close[:-1])) + chance.normal(0, 0.5, bars)
    high = np.maximum(start, close) + chance.exponential(1.0, bars)
    low = np.minimum(start, close) - chance.exponential(1.0, bars)
    atr = np.abs(chance.normal(4.0, 1.0, bars)) + 0.1
    if side < 0:
        start, high, low, close = -start, -low, -high, -close
    starts = OPENED_AT + 60 * np.arange(bars, dtype=np.int64)
    return Path(start, high, low, close, atr, atr * 1.1, starts, 60)


def stepped(of: ExitPlan, along: Path) -> list[tuple[int, ExitDecision]]:
    """Return the decisions of a plain loop of `step`, giving a bar again after each."""
    state, found = opened(of), []
    for index in range(len(along.close)):
        while state.open_quantity > 0:
            prices = PriceBar(
                along.open[index], along.high[index], along.low[index], along.close[index], 60
            )
            state, decision = step(
                of,
                state,
                prices,
                atr=along.atr[index],
                slow_atr=along.slow_atr[index],
                now_s=int(along.start_s[index]) + 60,
            )
            if decision is None:
                break
            found.append((index, decision))
    return found


RULES = st.builds(
    ExitRules,
    hard_stop=st.booleans(),
    trail=st.booleans(),
    trail_step=st.sampled_from([0.0, 0.005, 0.08]),
    arm_at_r=st.sampled_from([0.0, 0.4, 1.5]),
    target1=st.booleans(),
    target2=st.booleans(),
    time_stop=st.booleans(),
    volatility=st.booleans(),
    mae=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rules=RULES,
    direction=st.sampled_from([LONG, SHORT]),
    lots=st.integers(1, 3),
    rests=st.booleans(),
)
def test_the_compiled_walk_is_the_loop_of_steps_bit_for_bit(
    seed: int, rules: ExitRules, direction: Direction, lots: int, rests: bool
) -> None:
    made = plan(
        direction,
        rules,
        quantity=65 * lots,
        hard_stop_rests=rests,
        tighten_at_s=OPENED_AT + 3_000,
        square_off_at_s=OPENED_AT + 3_630,
    )
    along = path(seed, 70)

    walked = [(hit.index, hit.decision) for hit in walk(made, along, start=0)]

    assert walked == stepped(made, along)
    assert sum(decision.quantity for _, decision in walked if decision) == made.quantity


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), rules=RULES, costs=st.sampled_from([0.0, 1.5]))
def test_a_short_on_the_mirrored_path_does_what_the_long_does(
    seed: int, rules: ExitRules, costs: float
) -> None:
    long_plan = plan(LONG, rules, costs_per_unit=costs, quantity=195)
    short_plan = plan(
        SHORT,
        rules,
        entry=-100.0,
        stop=-90.0,
        target1=-112.0,
        target2=-120.0,
        costs_per_unit=costs,
        quantity=195,
    )

    longs = walk(long_plan, path(seed, 60), start=0)
    shorts = walk(short_plan, path(seed, 60, side=-1), start=0)

    assert [_told(hit.decision, 1) for hit in longs] == [_told(hit.decision, -1) for hit in shorts]
    assert [hit.index for hit in longs] == [hit.index for hit in shorts]


def _told(decision: ExitDecision | None, side: int) -> tuple[object, ...]:
    assert decision is not None
    return (decision.reason, decision.quantity, side * decision.level, side * decision.stop)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 59))
def test_the_future_changes_nothing_before_it(seed: int, cut: int) -> None:
    made = plan(rules=ExitRules(trail_step=0.0), quantity=195)
    whole = path(seed, 60)
    other = path(seed + 1, 60)
    changed = Path(
        *(
            np.concatenate((kept[:cut], new[cut:]))
            for kept, new in zip(whole[:6], other[:6], strict=True)
        ),
        whole.start_s,
        60,
    )

    before = [hit for hit in walk(made, whole, start=0) if hit.index < cut]

    assert [hit for hit in walk(made, changed, start=0) if hit.index < cut] == before


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_level_decided_lies_inside_its_bar(seed: int) -> None:
    along = path(seed, 80)

    for hit in walk(plan(rules=ExitRules(), quantity=195), along, start=0):
        assert hit.decision is not None
        assert along.low[hit.index] <= hit.decision.level <= along.high[hit.index]


def test_a_quiet_path_ends_without_a_decision_and_keeps_its_state() -> None:
    flat = np.full(5, 101.0)
    along = Path(flat, flat, flat, flat, flat / 20, flat / 20, OPENED_AT + 60 * np.arange(5), 60)

    hit = first_hit(plan(rules=only(hard_stop=True)), opened(plan()), along, start=0)

    assert (hit.index, hit.decision) == (5, None)
    assert hit.state.best == 101.0
    assert walk(plan(rules=only(hard_stop=True)), along, start=0) == ()


def test_bars_without_a_price_are_passed_over() -> None:
    gap = np.array([101.0, math.nan, 89.0])
    along = Path(
        gap, gap, gap, gap, np.full(3, 5.0), np.full(3, 5.0), OPENED_AT + 60 * np.arange(3), 60
    )

    hit = first_hit(plan(rules=only(hard_stop=True)), opened(plan()), along, start=0)

    assert hit.index == 2
    assert hit.decision is not None
    assert hit.decision.reason is R.HARD_STOP


@pytest.mark.parametrize("start", [0, 3, 5])
def test_a_path_is_read_from_its_start_only(start: int) -> None:
    prices = np.array([89.0, 101.0, 89.0, 101.0, 101.0, 89.0])
    along = Path(prices, prices, prices, prices, prices, prices, OPENED_AT + 60 * np.arange(6), 60)

    hit = first_hit(plan(rules=only(hard_stop=True)), opened(plan()), along, start=start)

    assert hit.index == {0: 0, 3: 5, 5: 5}[start]


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rules=RULES,
    direction=st.sampled_from([LONG, SHORT]),
    width=st.sampled_from([4.0, 12.0, 40.0]),
    rests=st.booleans(),
    missing=st.sampled_from([0.0, 0.2]),
)
def test_bars_passed_without_a_step_leave_the_state_that_steps_leave(
    seed: int, rules: ExitRules, direction: Direction, width: float, rests: bool, missing: float
) -> None:
    made = plan(
        direction,
        entry=100.0,
        stop=100.0 - direction * width,
        target1=100.0 + direction * width,
        target2=100.0 + direction * 2 * width,
        rules=rules,
        hard_stop_rests=rests,
        tighten_at_s=OPENED_AT + 3_000,
        square_off_at_s=OPENED_AT + 4_230,
    )
    along = path(seed, 90)
    gone = np.random.default_rng(seed).random(90) < missing
    for values in along[:4]:
        values[gone] = math.nan
    state = opened(made)

    hit = first_hit(made, state, along, start=0)

    for index in range(min(hit.index + 1, 90)):
        prices = PriceBar(*(float(values[index]) for values in along[:4]), 60)
        state, decision = step(
            made,
            state,
            prices,
            atr=along.atr[index],
            slow_atr=along.slow_atr[index],
            now_s=int(along.start_s[index]) + 60,
        )
    assert repr((state, decision)) == repr((hit.state, hit.decision))
