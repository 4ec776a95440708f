"""Exits on the value of an option structure, at their limit and a tick to either side.

A debit is a value that was bought, a credit one that was sold: the same exits, mirrored.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from risk.exits import ExitPlan, ExitReason, ExitRules, ExitState, PriceBar, step
from strategies.option_levels import GainOf, Levels
from strategies.outlook import Outlook
from strategies.signals import Direction
from tests.unit.risk.exits.builders import LONG, OPENED_AT, SHORT, SOON, TICK, decided, state_of

BOUNDED = Outlook(max_loss=100.0, max_profit=100.0)
UNBOUNDED = Outlook()
DEBIT = Levels(stop=0.5, target1=0.35, target2=0.7, gain_of=GainOf.MAX_PROFIT)
"""Half of the premium lost, 70 % of the largest profit gained."""
CREDIT = Levels(stop=3.0, target1=0.25, target2=0.5, gain_of=GainOf.PREMIUM)
"""Half of the credit gained; cut at 80 % of the largest loss, which lies nearer than the stop."""
VALUE_ONLY = ExitRules(trail=False, volatility=False, time_stop=False, mae=False)


def plan(way: Direction, levels: Levels, outlook: Outlook, rules: ExitRules) -> ExitPlan:
    """Return the plan of two lots entered at a value of 100."""
    placed = levels.placed(100.0, way, outlook)
    return ExitPlan(
        direction=way,
        entry=100.0,
        stop=placed.stop,
        target1=placed.target1,
        target2=placed.target2,
        quantity=130,
        lot_size=65,
        opened_at_s=OPENED_AT,
        entry_atr=0.0,
        rules=rules,
    )


def value(amount: float) -> PriceBar:
    return PriceBar.tick(round(amount, 2))


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize(
    ("way", "levels", "outlook", "level"),
    [
        (LONG, DEBIT, BOUNDED, 50.0),
        (LONG, DEBIT, UNBOUNDED, 50.0),
        (SHORT, CREDIT, BOUNDED, 180.0),
        (SHORT, CREDIT, UNBOUNDED, 300.0),
    ],
    ids=["debit", "long-straddle", "credit-by-its-largest-loss", "strangle-by-its-premium"],
)
def test_a_structure_is_cut_at_its_value(
    way: Direction, levels: Levels, outlook: Outlook, level: float, ticks: int
) -> None:
    made = plan(way, levels, outlook, VALUE_ONLY)

    decision = decided(made, value(level - way * ticks * TICK), atr=math.nan)

    assert (decision is not None) is (ticks >= 0)
    if decision is not None:
        assert (decision.reason, decision.quantity) == (ExitReason.HARD_STOP, 130)


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize(
    ("way", "levels", "outlook", "first", "last"),
    [
        (LONG, DEBIT, BOUNDED, 135.0, 170.0),
        (LONG, DEBIT, UNBOUNDED, 135.0, 170.0),
        (SHORT, CREDIT, BOUNDED, 75.0, 50.0),
    ],
    ids=["debit-by-its-largest-profit", "debit-without-a-bound", "credit-by-its-premium"],
)
def test_a_gain_is_taken_at_its_value(
    way: Direction, levels: Levels, outlook: Outlook, first: float, last: float, ticks: int
) -> None:
    made = plan(way, levels, outlook, VALUE_ONLY)
    after_first = state_of(made, open_quantity=65, first_done=True)

    half = decided(made, value(first + way * ticks * TICK), atr=math.nan)
    whole = decided(made, value(last + way * ticks * TICK), after_first, atr=math.nan)

    assert (half is not None) is (whole is not None) is (ticks >= 0)
    if half is not None and whole is not None:
        assert (half.reason, half.quantity) == (ExitReason.TARGET1, 65)
        assert (whole.reason, whole.quantity) == (ExitReason.TARGET2, 65)


@pytest.mark.parametrize(("late", "is_out"), [(-1, False), (0, True), (1, True)])
@pytest.mark.parametrize(("way", "levels"), [(LONG, DEBIT), (SHORT, CREDIT)])
@pytest.mark.parametrize("worth", [100.0, math.nan])
def test_a_structure_leaves_at_its_own_time_whatever_it_is_worth(
    way: Direction, levels: Levels, late: int, is_out: bool, worth: float
) -> None:
    placed = levels.placed(100.0, way, BOUNDED)
    made = ExitPlan(
        direction=way,
        entry=100.0,
        stop=placed.stop,
        target1=placed.target1,
        target2=placed.target2,
        quantity=65,
        lot_size=65,
        opened_at_s=OPENED_AT,
        entry_atr=0.0,
        rules=VALUE_ONLY,
        square_off_at_s=SOON - late,
    )

    decision = decided(made, PriceBar.tick(worth), atr=math.nan)

    assert (decision is not None) is is_out
    if decision is not None:
        assert decision.reason is ExitReason.END_OF_DAY


@pytest.mark.parametrize(("minutes", "is_out"), [(19, False), (20, True), (21, True)])
@pytest.mark.parametrize(("way", "levels"), [(LONG, DEBIT), (SHORT, CREDIT)])
def test_a_structure_without_a_gain_leaves_after_twenty_minutes_where_it_is_told_to(
    way: Direction, levels: Levels, minutes: int, is_out: bool
) -> None:
    rules = ExitRules(
        trail=False, volatility=False, mae=False, time_stop=True, time_stop_minutes=20
    )
    made = plan(way, levels, BOUNDED, rules)

    decision = decided(made, value(100.0), atr=math.nan, now_s=OPENED_AT + minutes * 60)

    assert (decision is not None) is is_out
    if decision is not None:
        assert decision.reason is ExitReason.TIME


TRAILING = ExitRules(volatility=False, time_stop=False, mae=False, target1=False, target2=False)


def trailed(made: ExitPlan, worth: float, state: ExitState, seconds: int = 60) -> ExitState:
    """Return the state once the value has stood somewhere, of which no range is known."""
    now_s = OPENED_AT + seconds
    return step(made, state, value(worth), atr=made.trail_range(math.nan), now_s=now_s)[0]


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize("way", [LONG, SHORT])
def test_a_trail_by_a_part_of_the_premium_leaves_at_its_stop(way: Direction, ticks: int) -> None:
    rules = replace(TRAILING, arm_at_r=0.25)
    made = replace(plan(way, DEBIT if way is LONG else CREDIT, BOUNDED, rules), trail_part=0.12)
    best = 100.0 + way * 30.0
    state = trailed(made, best, state_of(made))

    decision = decided(
        made,
        value(best - way * 12.0 - way * ticks * TICK),
        state,
        atr=made.trail_range(math.nan),
        now_s=OPENED_AT + 120,
    )

    assert state.stop == pytest.approx(best - way * 12.0, abs=1e-9)
    assert (decision is not None) is (ticks >= 0)
    if decision is not None:
        assert (decision.reason, decision.quantity) == (ExitReason.TRAIL, 130)


@pytest.mark.parametrize("way", [LONG, SHORT])
def test_from_the_tightening_stage_on_it_keeps_half_of_that(way: Direction) -> None:
    levels = DEBIT if way is LONG else CREDIT
    made = replace(
        plan(way, levels, BOUNDED, TRAILING), trail_part=0.12, tighten_at_s=OPENED_AT + 600
    )
    early = trailed(made, 100.0 + way * 5.0, state_of(made))

    late = trailed(made, 100.0 + way * 5.0, early, seconds=600)

    assert early.stop == made.stop
    assert late.stop == pytest.approx(100.0 + way * 5.0 - way * 6.0, abs=1e-9)


@pytest.mark.parametrize(("further", "moves"), [(4.0, False), (4.05, True)])
def test_it_moves_by_a_quarter_of_what_it_keeps_or_not_at_all(further: float, moves: bool) -> None:
    made = replace(plan(LONG, DEBIT, BOUNDED, replace(TRAILING, arm_at_r=0.25)), trail_part=0.12)
    state = trailed(made, 130.0, state_of(made))

    after = trailed(made, 130.0 + further, state, seconds=120)

    # A step is 3 % of where the value has risen to: 3.9 at 130, 4.02 at 134.02.
    assert after.stop == pytest.approx(118.0 + further * moves, abs=1e-9)
    assert (made.trail_step, plan(LONG, DEBIT, BOUNDED, TRAILING).trail_step) == (0.03, 0.005)


def test_without_such_a_part_the_trail_of_a_structure_stands_still() -> None:
    made = plan(LONG, DEBIT, BOUNDED, replace(TRAILING, arm_at_r=0.0))

    assert trailed(made, 160.0, state_of(made)).stop == made.stop
    assert math.isnan(made.trail_range(math.nan))
    assert made.trail_range(2.5) == 2.5
