"""Exits when the broker does what nobody asked for: late fills, other terms, too much taken out."""

from __future__ import annotations

from dataclasses import replace

from execution.orders import OrderState, Role, Side
from tests.unit.trading.engine.builders import FUTURE_COLUMN
from tests.unit.trading.engine.desk import Desk, of_kind
from trading.engine.actions import AlertNoted, PlaceOrder
from trading.engine.events import BrokerSaid
from trading.engine.trades import PlanState


def left(desk: Desk, *roles: Role) -> list[int]:
    return [order.left for role in roles for order in desk.working(role)]


def leaving_with_a_new_exit() -> tuple[Desk, str]:
    """Return a desk whose stop was cancelled for an exit, and the stop's id."""
    desk = Desk()
    desk.enter()
    stop = desk.trade.stops[0]
    desk.broker.next("modify", "refuse")
    desk.tick(FUTURE_COLUMN, 24_100.0)
    assert left(desk, Role.STOP, Role.EXIT) == [130]
    return desk, stop


def test_a_late_fill_of_a_cancelled_stop_takes_the_exit_sent_in_its_place_off():
    desk, stop = leaving_with_a_new_exit()

    desk.fill(stop, 65, 24_090.0)

    assert left(desk, Role.EXIT) == [65]
    assert desk.trade.open_quantity == 65


def test_an_exit_that_outlives_what_was_held_is_cancelled():
    desk, stop = leaving_with_a_new_exit()

    desk.fill(stop, 130, 24_090.0)

    assert left(desk, Role.EXIT) == []
    assert desk.trade.state is PlanState.CLOSED


def test_a_position_turned_over_by_two_exits_is_bought_back():
    desk, stop = leaving_with_a_new_exit()
    (exiting,) = desk.working(Role.EXIT)
    desk.broker.trade(exiting.request.client_id, 130, 24_099.0, desk.now)
    late = desk.broker.trade(stop, 130, 24_090.0, desk.now)
    desk.tell(BrokerSaid(desk.now, desk.broker.word(exiting.request.client_id, desk.now)))

    said = desk.tell(BrokerSaid(desk.now, late))

    assert desk.trade.position.quantity == -130
    assert "position-reversed" in [alert.kind for alert in of_kind(said, AlertNoted)]
    (back,) = of_kind(said, PlaceOrder)
    assert (back.request.side, back.request.quantity) == (Side.BUY, 130)
    desk.fill(back.request.client_id, 130, 24_100.0)
    assert desk.trade.position.is_flat
    assert desk.trade.state is PlanState.CLOSED


def test_what_an_ended_exit_is_said_to_have_filled_needs_no_cover_until_its_trades_come():
    desk, _ = leaving_with_a_new_exit()
    (exiting,) = desk.working(Role.EXIT)
    desk.broker.trade(exiting.request.client_id, 65, 24_099.0, desk.now)
    exiting.state = OrderState.REJECTED
    told = desk.broker.word(exiting.request.client_id, desk.now)

    desk.tell(BrokerSaid(desk.now, replace(told, fills=())))

    assert left(desk, Role.EXIT) == [65]


def test_units_that_are_to_leave_go_although_the_stop_can_not_be_cancelled():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "accept", "refuse")
    desk.broker.next("cancel", "lose")

    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.wait(11)

    assert sum(left(desk, Role.STOP, Role.EXIT)) == 130
    assert left(desk, Role.EXIT) == [65]
