"""Small positions, small prices and prices at a level to the tick: what a step makes of them."""

from __future__ import annotations

import pytest

from risk.exits import ExitReason, opened, step
from strategies.signals import Direction
from tests.unit.risk.exits.builders import (
    LONG,
    SOON,
    bar,
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
TARGETS = only(hard_stop=True, target1=True, target2=True, break_even_after_target1=True)
ONE_BY_ONE = {"lot_size": 1, "costs_per_unit": 0.0}


@both_sides
def test_a_single_unit_is_left_like_any_other(direction: Direction) -> None:
    single = plan(direction, TARGETS, quantity=1, **ONE_BY_ONE)

    decision = decided(single, tick(direction, 90.0))

    assert decision is not None
    assert (decision.reason, decision.quantity) == (R.HARD_STOP, 1)


@both_sides
def test_of_two_units_one_is_closed_at_the_first_target(direction: Direction) -> None:
    two = plan(direction, TARGETS, quantity=2, **ONE_BY_ONE)

    decision = decided(two, tick(direction, 112.0))

    assert decision is not None
    assert (decision.reason, decision.quantity) == (R.TARGET1, 1)


@both_sides
def test_of_three_lots_two_stay_open_after_the_first_target(direction: Direction) -> None:
    three = plan(direction, TARGETS, quantity=195)

    state, decision = step(
        three, opened(three), tick(direction, 112.0), atr=5.0, now_s=SOON, slow_atr=5.0
    )

    assert decision is not None
    assert (decision.quantity, state.open_quantity) == (65, 130)


@both_sides
def test_a_stop_goes_to_break_even_by_less_than_a_rupee(direction: Direction) -> None:
    near, far = mirrored(direction, 99.5), mirrored(direction, 100.5)
    cheap = plan(direction, TARGETS, stop=near, target1=far)

    state, decision = step(
        cheap, opened(cheap), tick(direction, 100.5), atr=5.0, now_s=SOON, slow_atr=5.0
    )

    assert decision is not None
    assert (decision.reason, state.stop) == (R.TARGET1, 100.0)


@both_sides
def test_the_bar_after_one_in_which_a_part_was_closed_is_looked_at_from_its_start(
    direction: Direction,
) -> None:
    made = plan(direction, TARGETS)
    first, after = (
        bar(direction, 105.0, 113.0, 104.0, 110.0),
        bar(direction, 105.0, 106.0, 95.0, 105.0),
    )

    state, reached = step(made, opened(made), first, atr=5.0, now_s=SOON, slow_atr=5.0)
    decision = decided(made, after, state, now_s=SOON + 60)

    assert reached is not None
    assert decision is not None
    assert (reached.reason, decision.reason) == (R.TARGET1, R.BREAK_EVEN)


@both_sides
@pytest.mark.parametrize(("price", "is_through"), [(90.05, False), (90.0, True), (89.95, True)])
def test_a_price_at_a_stop_that_rests_is_through_it(
    direction: Direction, price: float, is_through: bool
) -> None:
    resting = plan(direction, only(hard_stop=True), hard_stop_rests=True)

    state = stopped(resting, opened(resting), price)

    assert state.through_stop is is_through


def test_a_trail_that_gains_just_a_step_moves_the_stop() -> None:
    made = plan(LONG, only(trail=True, trail_atr=1.0, tighten_atr=1.0, trail_step=0.05))
    armed = state_of(made, armed=True)

    moved = [stopped(made, armed, 120.0, atr=atr).stop for atr in (24.0, 24.5)]

    assert moved == [96.0, 90.0]
