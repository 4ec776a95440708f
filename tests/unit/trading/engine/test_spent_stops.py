"""A stop that was changed so often that its last changes are kept: it rests on, nothing is bare."""

from __future__ import annotations

from dataclasses import replace

from execution.orders import OrderType, Role
from risk.exits import ExitReason
from strategies.ways_out import WaysOut
from tests.unit.trading.engine.builders import FUTURE_COLUMN, ROOMY, STOPS_AND_TARGETS
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import LOW_CALL, LegsDesk, Shape
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder, RiskNoted
from trading.engine.invariants import check

TRAILING = replace(
    STOPS_AND_TARGETS, trail=True, arm_at_r=0.25, trail_step=0.0, target1=False, target2=False
)
CALL = Shape(((LOW_CALL, 1),), 1, 20.0, 30.0, 40.0, 55.05)
MOST = 25


def trailed(desk: LegsDesk, steps: int) -> float:
    """Let the premium rise so often that the stop moves at each step; return the last price."""
    price = 70.0
    for _ in range(steps):
        price *= 1.05
        desk.move(LOW_CALL, price)
    return price


def trailing_desk() -> LegsDesk:
    desk = LegsDesk(replace(CALL, ways_out=WaysOut(trail_part=0.1)), exits=TRAILING)
    desk.speak()
    desk.fill_all(Role.ENTRY)
    return desk


def test_a_stop_that_trails_on_and_on_rests_all_the_time_and_keeps_changes_to_leave() -> None:
    desk = trailing_desk()
    (first,) = desk.working(Role.STOP)

    trailed(desk, 30)

    (stop,) = desk.working(Role.STOP)
    moved = [wish for wish in desk.notes(ModifyOrder) if wish.client_id == first.request.client_id]
    assert stop is first
    assert stop.left == desk.trade.open_quantity
    assert len(moved) + 5 < MOST
    assert not desk.notes(CancelOrder)
    assert [note.kind for note in desk.notes(RiskNoted)].count("stop-spent") == 1
    check(desk.engine)


def test_a_plan_whose_stop_stays_behind_leaves_at_its_own_stop_by_the_same_order() -> None:
    desk = trailing_desk()
    (stop,) = desk.working(Role.STOP)
    trailed(desk, 30)
    level = desk.trade.exit_state.stop
    assert stop.request.trigger_price is not None
    assert float(stop.request.trigger_price) < level
    placed = len(desk.notes(PlaceOrder))

    desk.move(LOW_CALL, level - 0.05)

    assert desk.trade.closing is ExitReason.TRAIL
    assert (stop.request.order_type, stop.left) == (OrderType.LIMIT, desk.trade.open_quantity)
    assert len(desk.notes(PlaceOrder)) == placed
    check(desk.engine)


def test_lots_that_come_in_one_by_one_get_another_stop_once_the_first_is_spent() -> None:
    desk = Desk(limits=replace(ROOMY, max_lots=25))
    desk.speak()
    (entry,) = desk.trade.entries

    for _ in range(25):
        desk.fill(entry, 65, 24_000.1)

    stops = desk.working(Role.STOP)
    assert sum(stop.left for stop in stops) == 25 * 65
    asked = [wish.client_id for wish in desk.notes(ModifyOrder)]
    assert max(map(asked.count, set(asked))) + 5 < MOST
    desk.tick(FUTURE_COLUMN, 24_010.0)
    check(desk.engine)
