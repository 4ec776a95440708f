from __future__ import annotations

from dataclasses import replace

import pytest

from risk.exits import (
    ExitReason,
    ExitRules,
    opened,
    step,
)
from strategies.signals import Direction
from tests.unit.risk.exits.builders import (
    LONG,
    OPENED_AT,
    SOON,
    TICK,
    bar,
    both_sides,
    decided,
    mirrored,
    only,
    plan,
    stopped,
    tick,
)

R = ExitReason


@both_sides
def test_in_a_bar_the_stop_counts_before_the_target(direction: Direction) -> None:
    made = plan(direction, only(hard_stop=True, target1=True, target2=True))

    decision = decided(made, bar(direction, 100.0, 125.0, 89.0, 121.0))

    assert decision is not None
    assert decision.reason is R.HARD_STOP
    assert decision.level == made.stop


@both_sides
@pytest.mark.parametrize(
    ("prices", "reason", "level"),
    [
        ((88.0, 95.0, 87.0, 94.0), R.HARD_STOP, 88.0),
        ((80.0, 95.0, 79.0, 94.0), R.HARD_STOP, 80.0),
        ((123.0, 125.0, 119.0, 121.0), R.TARGET2, 123.0),
        ((114.0, 115.0, 111.0, 111.0), R.TARGET1, 114.0),
        ((100.0, 115.0, 99.0, 111.0), R.TARGET1, 112.0),
        ((100.0, 101.0, 89.0, 99.0), R.HARD_STOP, 90.0),
    ],
)
def test_a_level_gapped_at_the_open_counts_at_the_open_and_one_passed_at_itself(
    direction: Direction, prices: tuple[float, ...], reason: ExitReason, level: float
) -> None:
    made = plan(direction, only(hard_stop=True, mae=True, target1=True, target2=True))

    decision = decided(made, bar(direction, *prices))

    assert decision is not None
    assert (decision.reason, decision.level) == (reason, mirrored(direction, level))


@both_sides
def test_a_bar_through_both_targets_given_again_closes_the_rest(direction: Direction) -> None:
    made = plan(direction, only(hard_stop=True, target1=True, target2=True))
    through = bar(direction, 95.0, 125.0, 94.0, 121.0)

    half, first = step(made, opened(made), through, atr=5.0, now_s=SOON)
    closed, second = step(made, half, through, atr=5.0, now_s=SOON)

    assert first is not None
    assert (first.reason, first.quantity) == (R.TARGET1, 65)
    assert first.level == mirrored(direction, 112.0)
    assert second is not None
    assert (second.reason, second.quantity) == (R.TARGET2, 65)
    assert second.level == mirrored(direction, 120.0)
    assert closed.open_quantity == 0


def test_a_bar_back_at_break_even_after_the_first_target_closes_the_rest_there() -> None:
    made = plan(rules=only(hard_stop=True, target1=True, target2=True))
    back = bar(LONG, 105.0, 113.0, 104.0, 99.0)

    half, first = step(made, opened(made), back, atr=5.0, now_s=SOON)
    _, second = step(made, half, back, atr=5.0, now_s=SOON)

    assert first is not None
    assert first.reason is R.TARGET1
    assert second is not None
    assert (second.reason, second.level) == (R.BREAK_EVEN, 100.0)


def test_a_stop_inside_the_bar_comes_before_the_end_of_day_at_its_close() -> None:
    made = plan(rules=only(hard_stop=True, end_of_day=True), square_off_at_s=SOON)

    inside = decided(made, bar(LONG, 100.0, 101.0, 89.0, 95.0))
    quiet = decided(made, bar(LONG, 100.0, 101.0, 91.0, 95.0))
    begun_late = decided(made, bar(LONG, 100.0, 101.0, 89.0, 95.0), now_s=SOON + 60)

    assert inside is not None
    assert (inside.reason, inside.level) == (R.HARD_STOP, 90.0)
    assert quiet is not None
    assert (quiet.reason, quiet.level) == (R.END_OF_DAY, 95.0)
    assert begun_late is not None
    assert (begun_late.reason, begun_late.level) == (R.END_OF_DAY, 100.0)


def test_time_up_before_a_bar_counts_where_the_profit_is_lost_and_within_it_at_the_close() -> None:
    made = plan(rules=only(time_stop=True))
    falling = bar(LONG, 101.0, 102.0, 97.0, 98.0)

    before = decided(made, falling, now_s=OPENED_AT + 1260)
    within = decided(made, falling, now_s=OPENED_AT + 1230)

    assert before is not None
    assert (before.reason, before.level) == (R.TIME, 100.0)
    assert within is not None
    assert (within.reason, within.level) == (R.TIME, 98.0)


@both_sides
def test_a_resting_stop_is_left_to_the_broker_but_seen(direction: Direction) -> None:
    made = plan(direction, ExitRules(), hard_stop_rests=True)
    start = opened(made)

    through, first = step(made, start, tick(direction, 89.0), atr=5.0, now_s=SOON)
    longer, second = step(made, through, tick(direction, 88.0), atr=5.0, now_s=SOON + 3)
    back, third = step(made, longer, tick(direction, 91.0), atr=5.0, now_s=SOON + 5)

    assert (first, second, third) == (None, None, None)
    assert not start.through_stop
    assert through.through_stop
    assert longer.through_since_s == SOON
    assert not back.through_stop


def test_a_resting_stop_still_trails_and_a_gap_far_beyond_it_still_leaves() -> None:
    made = plan(
        rules=ExitRules(
            arm_at_r=1.0,
        ),
        hard_stop_rests=True,
    )

    trailed = stopped(made, opened(made), 111.0)
    fallen = stopped(made, trailed, 103.0)
    decision = decided(made, tick(LONG, 85.0), trailed)

    assert trailed.stop == pytest.approx(105.0)
    assert fallen.through_stop
    assert fallen.stop_reason is R.TRAIL
    assert decision is not None
    assert decision.reason is R.MAE


def test_the_extremes_since_the_entry_are_kept() -> None:
    made = plan(rules=only(hard_stop=True))

    seen = stopped(made, stopped(made, opened(made), 104.0), 97.0)
    last, _ = step(made, seen, bar(LONG, 98.0, 99.0, 85.0, 86.0), atr=5.0, now_s=SOON)

    assert (seen.best, seen.worst) == (104.0, 97.0)
    assert last.worst == 90.0


def test_a_quantity_set_from_fills_is_what_the_next_exit_closes() -> None:
    made = plan(rules=only(hard_stop=True))
    partly_filled = replace(opened(made), open_quantity=65)

    decision = decided(made, tick(LONG, 90.0), partly_filled)

    assert decision is not None
    assert decision.quantity == 65


def test_the_defaults_hold_a_position_through_ordinary_noise() -> None:
    made = plan(rules=ExitRules())
    state = opened(made)

    for second, price in enumerate((100.0, 94.0, 101.0, 106.0, 95.0, 100.0 + TICK)):
        state, decision = step(
            made, state, tick(LONG, price), atr=5.0, now_s=OPENED_AT + 100 * second
        )
        assert decision is None

    assert state.stop == 90.0
