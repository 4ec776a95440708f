from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest

from risk.exits import (
    ExitDecision,
    ExitReason,
    ExitRules,
    StopKind,
    Urgency,
    foremost,
    opened,
    step,
)
from strategies.signals import Direction
from tests.unit.risk.exits.builders import (
    ALL_OFF,
    LONG,
    NO_PRICE,
    OPENED_AT,
    SOON,
    both_sides,
    decided,
    mirrored,
    only,
    plan,
    state_of,
    tick,
)

R = ExitReason


@both_sides
@pytest.mark.parametrize(("price", "is_out"), [(90.05, False), (90.0, True), (89.95, True)])
def test_the_hard_stop(direction: Direction, price: float, is_out: bool) -> None:
    made = plan(direction, only(hard_stop=True))

    decision = decided(made, tick(direction, price))

    level = mirrored(direction, price)
    expected = ExitDecision(R.HARD_STOP, 130, level, Urgency.URGENT, made.stop)
    assert decision == (expected if is_out else None)


@both_sides
@pytest.mark.parametrize(("price", "is_out"), [(85.05, False), (85.0, True), (84.95, True)])
def test_the_worst_excursion(direction: Direction, price: float, is_out: bool) -> None:
    made = plan(direction, only(mae=True))

    decision = decided(made, tick(direction, price))

    level = mirrored(direction, price)
    expected = ExitDecision(R.MAE, 130, level, Urgency.URGENT, made.stop)
    assert decision == (expected if is_out else None)


@both_sides
@pytest.mark.parametrize(("price", "is_out"), [(105.05, False), (105.0, True), (104.95, True)])
@pytest.mark.parametrize(
    ("kind", "reason"), [(StopKind.TRAIL, R.TRAIL), (StopKind.BREAK_EVEN, R.BREAK_EVEN)]
)
def test_a_stop_that_has_moved(
    direction: Direction, price: float, is_out: bool, kind: StopKind, reason: ExitReason
) -> None:
    made = plan(direction)
    moved = state_of(made, stop=mirrored(direction, 105.0), stop_kind=kind)

    decision = decided(made, tick(direction, price), moved)

    level = mirrored(direction, price)
    expected = ExitDecision(reason, 130, level, Urgency.URGENT, moved.stop)
    assert decision == (expected if is_out else None)


@both_sides
@pytest.mark.parametrize(("price", "is_out"), [(111.95, False), (112.0, True), (112.05, True)])
def test_the_first_target_closes_half_and_moves_the_stop_to_break_even(
    direction: Direction, price: float, is_out: bool
) -> None:
    made = plan(direction, only(target1=True, target2=True))

    after, decision = step(made, opened(made), tick(direction, price), atr=5.0, now_s=SOON)

    level = mirrored(direction, price)
    expected = ExitDecision(R.TARGET1, 65, level, Urgency.NORMAL, 100.0)
    assert decision == (expected if is_out else None)
    assert after.open_quantity == (65 if is_out else 130)
    assert after.stop == (100.0 if is_out else made.stop)


@both_sides
@pytest.mark.parametrize(("price", "is_out"), [(119.95, False), (120.0, True), (120.05, True)])
def test_the_second_target_closes_the_rest(
    direction: Direction, price: float, is_out: bool
) -> None:
    made = plan(direction, only(target1=True, target2=True))
    half = state_of(made, open_quantity=65, first_done=True, stop=100.0)

    decision = decided(made, tick(direction, price), half)

    level = mirrored(direction, price)
    expected = ExitDecision(R.TARGET2, 65, level, Urgency.NORMAL, 100.0)
    assert decision == (expected if is_out else None)


@both_sides
@pytest.mark.parametrize("bar_seconds", [5, 60, 900])
@pytest.mark.parametrize(("late", "due"), [(-1, False), (0, True), (1, True)])
def test_time_is_up_after_a_number_of_the_strategys_own_bars(
    direction: Direction, bar_seconds: int, late: int, due: bool
) -> None:
    rules = only(time_stop=True, time_stop_bars=4).on_bars(bar_seconds)
    made = plan(direction, rules)
    now_s = OPENED_AT + 4 * bar_seconds + late

    decision = decided(made, tick(direction, 100.0), now_s=now_s)

    assert (decision is not None) is due
    assert only(time_stop=True).on_bars(bar_seconds).time_stop_minutes == 20.0


@both_sides
@pytest.mark.parametrize(("seconds", "due"), [(1199, False), (1200, True), (1201, True)])
@pytest.mark.parametrize(("price", "wins"), [(100.05, True), (100.0, False), (99.95, False)])
def test_time_is_up_after_twenty_minutes_without_a_profit(
    direction: Direction, seconds: int, due: bool, price: float, wins: bool
) -> None:
    made = plan(direction, only(time_stop=True))

    decision = decided(made, tick(direction, price), now_s=OPENED_AT + seconds)

    level = mirrored(direction, price)
    expected = ExitDecision(R.TIME, 130, level, Urgency.NORMAL, made.stop)
    assert decision == (expected if due and not wins else None)


@both_sides
@pytest.mark.parametrize(("atr", "is_out"), [(9.99, False), (10.0, True), (10.01, True)])
def test_volatility_that_has_doubled(direction: Direction, atr: float, is_out: bool) -> None:
    made = plan(direction, only(volatility=True))

    decision = decided(made, tick(direction, 101.0), atr=atr)

    level = mirrored(direction, 101.0)
    expected = ExitDecision(R.VOLATILITY, 130, level, Urgency.URGENT, made.stop)
    assert decision == (expected if is_out else None)


def test_volatility_looks_at_the_slow_atr_where_there_is_one() -> None:
    made = plan(rules=only(volatility=True))

    assert decided(made, tick(LONG, 101.0), atr=50.0, slow_atr=9.99) is None
    assert decided(made, tick(LONG, 101.0), atr=1.0, slow_atr=10.0) is not None


@pytest.mark.parametrize("entry_atr", [math.nan, 0.0, -1.0])
def test_without_an_atr_at_entry_volatility_decides_nothing(entry_atr: float) -> None:
    made = plan(rules=only(volatility=True), entry_atr=entry_atr)

    assert decided(made, tick(LONG, 101.0), atr=50.0) is None


@both_sides
@pytest.mark.parametrize(("late", "is_out"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize("price", [80.0, 100.0, 130.0])
def test_the_end_of_the_day(direction: Direction, late: int, is_out: bool, price: float) -> None:
    square_off = OPENED_AT + 20_000
    made = plan(direction, only(end_of_day=True), square_off_at_s=square_off)

    decision = decided(made, tick(direction, price), now_s=square_off + late)

    level = mirrored(direction, price)
    expected = ExitDecision(R.END_OF_DAY, 130, level, Urgency.URGENT, made.stop)
    assert decision == (expected if is_out else None)


def test_the_end_of_the_day_needs_no_price_and_nothing_else_is_decided_without_one() -> None:
    square_off = OPENED_AT + 20_000
    made = plan(rules=ExitRules(), square_off_at_s=square_off)

    before, nothing = step(made, opened(made), NO_PRICE, atr=math.nan, now_s=square_off - 1)
    decision = decided(made, NO_PRICE, atr=math.nan, now_s=square_off)

    assert nothing is None
    assert before == opened(made)
    assert decision is not None
    assert decision.reason is R.END_OF_DAY
    assert decision.quantity == 130
    assert math.isnan(decision.level)


def test_with_every_exit_switched_off_nothing_is_decided() -> None:
    made = plan(square_off_at_s=OPENED_AT)

    for price in (1.0, 80.0, 100.0, 150.0):
        assert decided(made, tick(LONG, price), atr=500.0, now_s=OPENED_AT + 90_000) is None


def test_a_closed_plan_decides_nothing_more() -> None:
    made = plan(rules=ExitRules())

    assert decided(made, tick(LONG, 1.0), state_of(made, open_quantity=0)) is None


SWITCHES = {
    R.END_OF_DAY: {"end_of_day": True},
    R.HARD_STOP: {"hard_stop": True},
    R.MAE: {"mae": True},
    R.VOLATILITY: {"volatility": True},
    R.BREAK_EVEN: {},
    R.TRAIL: {},
    R.TARGET2: {"target2": True},
    R.TARGET1: {"target1": True},
    R.TIME: {"time_stop": True},
}
IMPOSSIBLE = {
    frozenset(pair)
    for pair in [
        (R.BREAK_EVEN, R.TRAIL),
        (R.HARD_STOP, R.TARGET1),
        (R.HARD_STOP, R.TARGET2),
        (R.MAE, R.TARGET1),
        (R.MAE, R.TARGET2),
        (R.TIME, R.TARGET1),
        (R.TIME, R.TARGET2),
    ]
}
"""Pairs that no single price can bring about."""

PAIRS = [pair for pair in itertools.combinations(SWITCHES, 2) if frozenset(pair) not in IMPOSSIBLE]


def at_once(direction: Direction, *reasons: ExitReason) -> ExitDecision | None:
    """Return what a moment decides at which all of `reasons` hold and nothing else does."""
    rules = ALL_OFF
    for reason in reasons:
        rules = replace(rules, **SWITCHES[reason])  # type: ignore[arg-type]
    wins = bool({R.TARGET1, R.TARGET2} & set(reasons))
    made = plan(direction, rules, square_off_at_s=OPENED_AT + 5_000)
    state = opened(made)
    for reason, kind in ((R.BREAK_EVEN, StopKind.BREAK_EVEN), (R.TRAIL, StopKind.TRAIL)):
        if reason in reasons:
            stop = mirrored(direction, 125.0 if wins else 95.0)
            state = replace(state, stop=stop, stop_kind=kind)
    price = tick(direction, 121.0 if wins else 80.0)
    return decided(made, price, state, atr=50.0, now_s=OPENED_AT + 5_000)


@both_sides
@pytest.mark.parametrize("reason", SWITCHES)
def test_each_reason_alone_decides(direction: Direction, reason: ExitReason) -> None:
    decision = at_once(direction, reason)

    assert decision is not None
    assert decision.reason is reason


@both_sides
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_reasons_at_one_moment_the_more_pressing_decides(
    direction: Direction, first: ExitReason, second: ExitReason
) -> None:
    decision = at_once(direction, first, second)

    assert decision is not None
    assert decision.reason is foremost([first, second])


@pytest.mark.parametrize(("atr", "is_out"), [(0.15, False), (0.25, True)])
def test_a_range_of_less_than_a_rupee_at_the_entry_counts_as_any_other(
    atr: float, is_out: bool
) -> None:
    cheap = plan(rules=only(volatility=True), entry_atr=0.1)

    decision = decided(cheap, tick(LONG, 100.0), atr=atr)

    assert (decision is not None) is is_out
