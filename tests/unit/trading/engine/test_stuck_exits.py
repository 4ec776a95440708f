"""Exits that the broker took and that never get to the exchange."""

from __future__ import annotations

import pytest

from execution.orders import OrderState, OrderType, Role
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, CancelOrder, ModifyOrder
from trading.engine.events import CommandIssued, CommandKind
from trading.engine.settings import ExecutionSettings

PATIENCE = ExecutionSettings().exit_replace_seconds + 20
"""Seconds until an exit that was found idle by its first look is cancelled."""


def left(desk: Desk) -> list[int]:
    return [order.left for order in desk.working(Role.STOP) + desk.working(Role.EXIT)]


def leaving(**overrides: object) -> Desk:
    """Return a desk that was told to be flat, its exit at the broker and not filling."""
    desk = Desk(**overrides)
    desk.enter()
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", ""))
    return desk


def cancelled(desk: Desk) -> list[str]:
    return [wish.client_id for wish in desk.notes(CancelOrder)]


def stuck_alerts(desk: Desk) -> int:
    return sum(alert.kind == "exit-stuck" for alert in desk.notes(AlertNoted))


@pytest.mark.parametrize("at_market", [False, True])
def test_an_exit_of_which_nothing_fills_is_cancelled_and_sent_anew(at_market: bool):
    desk = leaving(execution=ExecutionSettings(exit_is_market=at_market, with_charges=False))
    first = desk.trade.exits[0]

    desk.wait(PATIENCE)

    assert cancelled(desk) == [first]
    assert left(desk) == [130]
    assert desk.trade.exits[-1] != first
    assert stuck_alerts(desk) == 1
    desk.fill(desk.trade.exits[-1], 130, 23_990.0)
    assert desk.trade.is_over


def test_an_exit_before_its_time_is_left_to_work():
    desk = leaving()

    desk.wait(PATIENCE - 11)

    assert cancelled(desk) == []
    assert desk.working(Role.STOP)[0].request.order_type is OrderType.MARKET


def test_a_market_order_that_the_price_has_left_behind_is_asked_for_anew():
    desk = leaving()
    desk.wait(41)
    [exit_id] = desk.trade.exits
    asked = len(desk.notes(ModifyOrder))

    desk.wait(20)

    again = desk.notes(ModifyOrder)[asked:]
    assert [(wish.client_id, wish.change.order_type) for wish in again] == [
        (exit_id, OrderType.MARKET)
    ] * 2
    assert left(desk) == [130]


def test_a_market_order_of_which_a_change_is_under_way_is_not_asked_for_anew():
    desk = leaving()
    desk.wait(31)
    desk.prompt = False
    desk.wait(11)
    asked = len(desk.notes(ModifyOrder))

    desk.wait(10)

    assert len(desk.notes(ModifyOrder)) == asked


def test_a_stuck_exit_of_which_a_change_is_in_doubt_is_cancelled_once():
    desk = leaving()
    desk.wait(55)
    desk.broker.next("modify", "lose")
    desk.wait(10)
    before = len(cancelled(desk))
    desk.prompt = False

    desk.wait(10)

    assert len(cancelled(desk)) == before + 1


def test_an_exit_that_goes_on_filling_is_left_to_work():
    desk = leaving()

    desk.wait(PATIENCE - 20)
    desk.fill(desk.trade.exits[0], 65, 23_990.0)
    desk.wait(PATIENCE - 20)

    assert cancelled(desk) == []


def test_no_other_exit_is_sent_before_the_stuck_one_is_known_to_be_gone():
    desk = leaving()
    desk.broker.next("cancel", *["lose"] * 9)

    desk.wait(PATIENCE + 60)

    assert left(desk) == [130]
    assert len(set(desk.trade.exits)) == 1
    desk.broker.will.clear()
    desk.wait(20)
    assert left(desk) == [130]
    assert len(desk.trade.exits) == 2


def test_a_cancellation_that_was_accepted_and_never_done_is_asked_for_again():
    desk = leaving()
    exit_id = desk.trade.exits[0]
    desk.prompt = False
    desk.wait(PATIENCE)
    assert [type(wish) for wish in desk.wire][-1] is CancelOrder
    desk.wire.clear()

    desk.wait(PATIENCE)

    assert CancelOrder in [type(wish) for wish in desk.wire]
    assert desk.trade.exits == [exit_id]
    desk.prompt = True
    desk.news(exit_id, OrderState.CANCELLED)
    assert left(desk) == [130]


def test_a_stuck_exit_that_fills_after_its_cancellation_takes_the_new_one_off():
    desk = leaving()
    first = desk.trade.exits[0]
    desk.wait(PATIENCE)

    desk.fill(first, 130, 23_990.0)

    assert left(desk) == []
    assert desk.trade.open_quantity == 0
