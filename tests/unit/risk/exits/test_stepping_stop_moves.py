from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.exits import (
    ExitReason,
    StopKind,
    opened,
    step,
)
from strategies.signals import Direction
from tests.unit.risk.exits.builders import (
    LONG,
    SHORT,
    SOON,
    both_sides,
    decided,
    mirrored,
    only,
    plan,
    state_of,
    stopped,
    tick,
)

R = ExitReason


@both_sides
def test_with_one_lot_the_first_target_only_moves_the_stop(direction: Direction) -> None:
    made = plan(direction, only(target1=True, target2=True), quantity=65, costs_per_unit=1.5)

    after, decision = step(made, opened(made), tick(direction, 112.0), atr=5.0, now_s=SOON)

    assert decision is None
    assert after.open_quantity == 65
    assert after.first_done
    assert after.stop == mirrored(direction, 101.5)
    assert after.stop_kind is StopKind.BREAK_EVEN


def test_one_lot_at_the_second_target_closes_there() -> None:
    made = plan(rules=only(target1=True, target2=True), quantity=65)

    decision = decided(made, tick(LONG, 121.0))

    assert decision is not None
    assert (decision.reason, decision.quantity) == (R.TARGET2, 65)


@both_sides
def test_break_even_covers_costs_unless_the_price_does_not(direction: Direction) -> None:
    rules = only(target1=True)
    cheap = plan(direction, rules, costs_per_unit=11.95)
    dear = plan(direction, rules, costs_per_unit=12.0)

    covered = decided(cheap, tick(direction, 112.0))
    uncovered = decided(dear, tick(direction, 112.0))

    assert covered is not None
    assert covered.stop == pytest.approx(mirrored(direction, 111.95))
    assert uncovered is not None
    assert uncovered.stop == 100.0


def test_break_even_never_loosens_a_stop_that_trails_closer() -> None:
    made = plan(rules=only(target1=True))
    trailed = state_of(made, stop=108.0, stop_kind=StopKind.TRAIL)

    after, _ = step(made, trailed, tick(LONG, 112.0), atr=5.0, now_s=SOON)

    assert (after.stop, after.stop_kind) == (108.0, StopKind.TRAIL)


def test_break_even_can_be_switched_off() -> None:
    made = plan(rules=only(target1=True, break_even_after_target1=False))

    after, decision = step(made, opened(made), tick(LONG, 112.0), atr=5.0, now_s=SOON)

    assert decision is not None
    assert (after.stop, after.stop_kind) == (90.0, StopKind.HARD)


TRAIL = only(trail=True)


@both_sides
@pytest.mark.parametrize(("price", "armed"), [(109.95, False), (110.0, True), (110.05, True)])
def test_the_trail_arms_at_one_r(direction: Direction, price: float, armed: bool) -> None:
    made = plan(direction, TRAIL)

    after = stopped(made, opened(made), price)

    assert after.armed is armed
    trailed = mirrored(direction, price) - direction * 1.2 * 5.0
    assert after.stop == (pytest.approx(trailed) if armed else made.stop)
    assert after.stop_kind is (StopKind.TRAIL if armed else StopKind.HARD)


def test_the_trail_arms_after_the_first_target_however_near_it_is() -> None:
    made = plan(rules=only(trail=True, target1=True), target1=104.0)

    _, decision = step(made, opened(made), tick(LONG, 104.0), atr=1.0, now_s=SOON)
    after = stopped(made, state_of(made, first_done=True), 104.0, atr=1.0)

    assert decision is not None
    assert after.armed
    assert after.stop == pytest.approx(102.8)


def test_the_trail_arms_and_tightens_at_its_stage() -> None:
    made = plan(rules=TRAIL, tighten_at_s=SOON)

    before, _ = step(made, opened(made), tick(LONG, 101.0), atr=5.0, now_s=SOON - 1)
    after, _ = step(made, before, tick(LONG, 101.0), atr=5.0, now_s=SOON)

    assert before.stop == 90.0
    assert after.stop == pytest.approx(101.0 - 0.6 * 5.0)


@both_sides
@pytest.mark.parametrize(("price", "moves"), [(110.9, False), (111.0, True), (111.1, True)])
def test_the_trail_moves_by_a_step_or_not_at_all(
    direction: Direction, price: float, moves: bool
) -> None:
    # The stop stands at 104; at 111 the trail wants 105, a gain of 1.
    step_size = 1.0 / mirrored(direction, 111.0)
    made = plan(direction, only(trail=True, trail_step=step_size - 1e-12))
    trailed = state_of(made, stop=mirrored(direction, 104.0), stop_kind=StopKind.TRAIL, armed=True)

    after = stopped(made, trailed, price)

    assert (after.stop != trailed.stop) is moves


@pytest.mark.parametrize("atr", [math.nan, 0.0, -1.0])
def test_without_an_atr_the_trail_holds(atr: float) -> None:
    made = plan(rules=TRAIL)

    assert stopped(made, opened(made), 115.0, atr=atr).stop == 90.0


@settings(max_examples=60, deadline=None)
@given(
    prices=st.lists(st.integers(60 * 20, 140 * 20).map(lambda n: n / 20), max_size=60),
    atrs=st.lists(st.floats(0.1, 30.0), min_size=60, max_size=60),
    direction=st.sampled_from([LONG, SHORT]),
    trail_step=st.sampled_from([0.0, 0.005, 0.02]),
    costs=st.sampled_from([0.0, 0.7, 30.0]),
)
def test_the_stop_only_ever_tightens_and_by_steps(
    prices: list[float],
    atrs: list[float],
    direction: Direction,
    trail_step: float,
    costs: float,
) -> None:
    rules = only(trail=True, target1=True, trail_step=trail_step)
    made = plan(direction, rules, costs_per_unit=costs)
    state = opened(made)

    for price, atr in zip(prices, atrs, strict=False):
        before = state
        state, decision = step(made, before, tick(direction, price), atr=atr, now_s=SOON)
        moved = (state.stop - before.stop) * direction
        assert moved >= 0
        assert (state.stop - made.stop) * direction >= 0
        if moved > 0:
            assert (mirrored(direction, price) - state.stop) * direction > 0
        if moved > 0 and state.stop_kind is StopKind.TRAIL:
            assert moved >= trail_step * mirrored(direction, price)
        if decision is not None and decision.reason is not R.TARGET1:
            break
