"""Options and structures that are left by a price of their underlying, through the whole engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from execution.orders import Role
from risk.exits import ExitReason
from strategies.ways_out import UnderlyingLevels, WaysOut
from tests.unit.trading.engine.builders import INDEX_COLUMN
from tests.unit.trading.engine.legs import CONDOR, LOW_CALL, LegsDesk, Shape, leave, states
from trading.engine.actions import RiskNoted
from trading.engine.invariants import check
from trading.engine.trades import PlanState

TICK = 0.05
BOTH = UnderlyingLevels(stop_below=23_900.0, stop_above=24_100.0)
VIEW_UP = UnderlyingLevels(stop_below=23_900.0, target_above=24_080.0)
VIEW_DOWN = UnderlyingLevels(stop_above=24_100.0, target_below=23_920.0)
CALL = Shape(((LOW_CALL, 1),), 1, 20.0, 20.0, 40.0, 55.05)


def left_by(levels: UnderlyingLevels, shape: Shape = CONDOR) -> LegsDesk:
    """Return a desk that holds a structure with levels of the index."""
    desk = LegsDesk(replace(shape, ways_out=WaysOut(trail=False, underlying=levels)))
    if len(shape.legs) > 1:
        desk.enter_legs()
    else:
        desk.speak()
        desk.fill_all(Role.ENTRY)
    return desk


def moved(desk: LegsDesk, price: float) -> None:
    desk.later(1)
    desk.tick(INDEX_COLUMN, round(price, 2))


@pytest.mark.parametrize("ticks", [-1, 0, 1])
@pytest.mark.parametrize(
    ("levels", "level", "way", "reason"),
    [
        (BOTH, 23_900.0, -1, ExitReason.UNDERLYING_STOP),
        (BOTH, 24_100.0, 1, ExitReason.UNDERLYING_STOP),
        (VIEW_UP, 23_900.0, -1, ExitReason.UNDERLYING_STOP),
        (VIEW_UP, 24_080.0, 1, ExitReason.UNDERLYING_TARGET),
        (VIEW_DOWN, 24_100.0, 1, ExitReason.UNDERLYING_STOP),
        (VIEW_DOWN, 23_920.0, -1, ExitReason.UNDERLYING_TARGET),
    ],
)
def test_a_structure_leaves_whole_at_a_level_of_its_underlying(levels, level, way, reason, ticks):
    desk = left_by(levels)

    moved(desk, level + way * ticks * TICK)
    leave(desk)

    last = states(desk)[-1]
    assert (last == (PlanState.CLOSED, reason)) is (ticks >= 0)
    assert (not desk.plan.is_held) is (ticks >= 0)
    check(desk.engine)


@pytest.mark.parametrize("ticks", [-1, 0, 1])
def test_a_single_option_leaves_at_a_level_of_its_underlying(ticks):
    desk = left_by(VIEW_UP, CALL)
    assert desk.trade.open_quantity == 130

    moved(desk, 23_900.0 - ticks * TICK)
    desk.fill_all(Role.EXIT)
    desk.fill_all(*((Role.STOP,) if ticks >= 0 else ()))

    assert (desk.trade.state is PlanState.CLOSED) is (ticks >= 0)
    assert (desk.trade.exit_reason == ExitReason.UNDERLYING_STOP) is (ticks >= 0)
    assert not desk.working(Role.STOP) or ticks < 0
    check(desk.engine)


def test_a_level_touched_between_two_ticks_counts():
    desk = left_by(BOTH)
    desk.later(1)

    desk.tick(INDEX_COLUMN, 24_000.0, low=23_899.0)

    assert desk.plan.closing is ExitReason.UNDERLYING_STOP


def test_what_has_not_entered_yet_is_taken_back():
    desk = LegsDesk(replace(CONDOR, ways_out=WaysOut(underlying=BOTH)))
    desk.speak()

    moved(desk, 24_150.0)

    assert not desk.alive()
    assert desk.plan.state is PlanState.ENTRY_CANCELLED


def test_a_level_that_was_passed_before_the_entry_filled_counts_at_the_next_bar():
    desk = left_by(BOTH)
    desk.engine.panel.last[INDEX_COLUMN] = 24_150.0

    desk.later(1)
    desk.bar()

    assert desk.plan.closing is ExitReason.UNDERLYING_STOP


def test_the_levels_and_what_was_reached_are_told():
    desk = left_by(VIEW_UP)

    moved(desk, 24_080.0)

    told = {note.kind: note.text for note in desk.notes(RiskNoted)}
    code = desk.plan.plan_id
    assert told["underlying-levels"] == (
        f"{code} is left at the underlying's price 23900.00 or below (stop), "
        "24080.00 or above (target)"
    )
    assert told["underlying-target"] == f"{code}: the underlying has reached 24080.00"


def test_the_price_of_another_instrument_moves_nothing():
    desk = left_by(BOTH)
    desk.later(1)

    desk.tick(1, 23_000.0)
    desk.tick(2, 1.0)

    assert desk.plan.closing is None


def test_a_structure_without_such_levels_is_left_by_its_value_alone():
    desk = LegsDesk()
    desk.enter_legs()

    moved(desk, 20_000.0)

    assert desk.plan.closing is None
    assert "underlying-levels" not in [note.kind for note in desk.notes(RiskNoted)]


def test_an_option_whose_entry_fills_late_is_still_left_at_a_level_of_its_underlying():
    desk = LegsDesk(replace(CALL, ways_out=WaysOut(trail=False, underlying=VIEW_UP)))
    desk.speak()
    desk.wait(31)
    assert desk.trade.state is PlanState.ENTRY_CANCELLED
    moved(desk, 24_000.0)
    desk.fill(desk.trade.entries[0], 130, 55.05)
    assert desk.trade.state is PlanState.OPEN

    moved(desk, 23_900.0)

    assert desk.trade.closing is ExitReason.UNDERLYING_STOP
