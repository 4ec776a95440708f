"""Changes that were never sent, for want of a turn: asked for again, not given up."""

from __future__ import annotations

import pytest

from execution.broker import BrokerBook, NotNow, OutcomeUnknown, Refused
from execution.orders import OrderChange, OrderRequest, OrderState, OrderType, OrderUpdate, Role
from tests.unit.trading.engine.builders import FUTURE_COLUMN, D, at
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import CancelOrder, ModifyOrder, PlaceOrder
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.settings import ExecutionSettings
from trading.engine.trades import PlanState
from trading.engine.venue import answered


def test_an_exit_that_had_no_turn_is_asked_for_again_by_the_same_order():
    desk = Desk()
    desk.enter(130)
    desk.broker.next("modify", "busy", "busy")
    before = len(desk.notes(PlaceOrder))

    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    desk.wait(5)

    changes = [wish.change.order_type for wish in desk.notes(ModifyOrder)]
    assert changes == [OrderType.LIMIT] * 3
    assert not desk.notes(CancelOrder)
    assert len(desk.notes(PlaceOrder)) == before
    assert sum(order.left for order in desk.working(Role.STOP)) == 130


def test_a_stop_that_had_no_turn_to_move_moves_with_the_next():
    desk = Desk()
    desk.enter(130)
    desk.broker.next("modify", "busy")
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.wait(5)

    [order] = [order for order in desk.working(Role.STOP) if order.changed]
    assert order.request.quantity == 65
    assert not desk.engine.orders.is_rigid(order.request.client_id)
    assert desk.trade.state is PlanState.PARTLY_CLOSED


class Door:
    """A broker that answers every call with one failure."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def place(self, request: OrderRequest) -> OrderUpdate:
        raise self._failure

    async def modify(self, client_id: str, change: OrderChange) -> OrderUpdate:
        raise self._failure

    async def cancel(self, client_id: str) -> OrderUpdate:
        raise self._failure

    async def book(self) -> BrokerBook:
        raise self._failure


@pytest.mark.parametrize(
    ("failure", "proven", "later"),
    [
        (NotNow("no turn"), True, True),
        (Refused("no"), True, False),
        (OutcomeUnknown("silence"), False, False),
    ],
)
async def test_only_what_was_never_sent_may_be_asked_for_again(failure, proven, later):
    wish = ModifyOrder(at(10, 0), "S1", OrderChange(price=D(1)), 3)

    told = await answered(Door(failure), wish)

    assert (told.proven, told.later, told.number) == (proven, later, 3)


async def test_an_order_that_had_no_turn_does_not_exist():
    desk = Desk()
    desk.speak()
    [wish] = desk.notes(PlaceOrder)

    told = await answered(Door(NotNow("no turn")), wish)

    assert told.update.state is OrderState.REJECTED


def test_an_exit_slice_that_is_refused_is_sent_again_and_the_others_are_not():
    desk = Desk(freeze=65, execution=ExecutionSettings(with_charges=False))
    desk.speak()
    for client_id in list(desk.trade.entries):
        desk.fill(client_id, 65, 24_000.1)
    desk.broker.next("modify", "refuse", "accept")

    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    for order in desk.working(Role.STOP):
        desk.fill(order.request.client_id, order.left, 24_000.0)
    desk.wait(10)
    for order in desk.working(Role.EXIT):
        desk.fill(order.request.client_id, order.left, 24_000.0)

    assert desk.trade.state is PlanState.CLOSED
    assert sum(held.filled for held in desk.broker.orders.values()) == 260
