"""What a strategy and its structure set for the exits reaches the plan, through the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

import pytest

from execution.orders import Role
from marketdata.timeframes import Timeframe
from risk.exits import ExitReason, ExitRules
from strategies.ways_out import WaysOut
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    INDEX_COLUMN,
    STOPS_AND_TARGETS,
    Say,
    Scripted,
)
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import CONDOR, LOW_CALL, LegsDesk, Shape, leave, states
from trading.engine.invariants import check
from trading.engine.trades import PlanState

TRAILING = replace(STOPS_AND_TARGETS, trail=True, arm_at_r=0.25)
TENTH = WaysOut(trail_part=0.1)
CALL = Shape(((LOW_CALL, 1),), 1, 20.0, 30.0, 40.0, 55.05)


@dataclass(frozen=True, slots=True)
class OnFiveMinutes(Scripted):
    """Says what it was told to say when a bar of five minutes closes."""

    timeframe: ClassVar[Timeframe] = Timeframe.MINUTES_5


@pytest.mark.parametrize(("beyond", "is_out"), [(-0.05, False), (0.05, True)])
def test_a_structure_trails_by_a_part_of_its_premium(beyond: float, is_out: bool) -> None:
    desk = LegsDesk(replace(CONDOR, ways_out=TENTH), exits=TRAILING)
    desk.enter_legs()
    assert desk.plan.exit_plan.entry == pytest.approx(60.0)

    desk.move(LOW_CALL, 40.0)
    desk.move(LOW_CALL, 46.0 + beyond)
    leave(desk)

    assert desk.plan.exit_state.stop == pytest.approx(51.0)
    assert (states(desk)[-1] == (PlanState.CLOSED, ExitReason.TRAIL)) is is_out
    check(desk.engine)


def test_without_it_a_structures_stop_stays_where_it_was() -> None:
    desk = LegsDesk(exits=TRAILING)
    desk.enter_legs()

    desk.move(LOW_CALL, 40.0)

    assert desk.plan.exit_state.stop == desk.plan.exit_plan.stop


def test_the_resting_stop_of_a_single_option_trails_by_a_part_of_its_premium() -> None:
    desk = LegsDesk(replace(CALL, ways_out=TENTH), exits=TRAILING)
    desk.speak()
    desk.fill_all(Role.ENTRY)
    paid = desk.trade.exit_plan.entry

    desk.move(LOW_CALL, 70.0)

    (stop,) = desk.working(Role.STOP)
    assert stop.request.trigger_price is not None
    assert float(stop.request.trigger_price) == pytest.approx(70.0 - 0.1 * paid, abs=0.05)
    check(desk.engine)


@pytest.mark.parametrize(("minutes", "is_out"), [(9, False), (10, True)])
def test_a_time_stop_of_two_bars_waits_for_two_bars_of_the_strategy(
    minutes: int, is_out: bool
) -> None:
    rules = ExitRules(trail=False, mae=False, volatility=False, time_stop_bars=2)
    says = OnFiveMinutes({10: {INDEX_COLUMN: Say()}})
    desk = Desk(exits=rules, strategies=(says,))
    desk.enter()
    desk.now += timedelta(minutes=minutes)

    desk.tick(FUTURE_COLUMN, 23_990.0)

    assert (desk.trade.closing is ExitReason.TIME) is is_out
