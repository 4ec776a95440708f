"""A second order that the broker made of one request: taken over, protected, given back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from execution.orders import Fill, OrderState, OrderUpdate, Role, Side
from tests.unit.trading.engine.builders import FUTURE, D
from tests.unit.trading.engine.desk import Desk
from trading.engine.actions import AlertNoted, CancelOrder, FillNoted, RiskNoted
from trading.engine.events import BrokerSaid, TwinFound
from trading.engine.invariants import check
from trading.engine.trades import PlanState


def twin_of(desk: Desk, client_id: str, state: OrderState, filled: int = 0) -> TwinFound:
    request = desk.engine.orders[client_id].request
    fill = Fill(
        trade_id=f"T-twin-{client_id}-{filled}",
        client_id=client_id,
        broker_id="B-twin",
        instrument=request.instrument,
        side=request.side,
        quantity=filled,
        price=D("24000.1"),
        at=desk.now,
    )
    fills = (fill,) if filled else ()
    update = OrderUpdate(client_id, "B-twin", desk.now, state, filled, fills)
    return TwinFound(desk.now, client_id, update)


def resting(desk: Desk) -> int:
    return sum(order.left for order in desk.working(Role.STOP))


def test_the_fill_of_an_entrys_twin_is_protected_and_sent_out_again():
    desk = Desk()
    desk.enter(130)

    actions = desk.tell(twin_of(desk, desk.trade.entries[0], OrderState.FILLED, 130))

    assert desk.trade.open_quantity == 260
    assert resting(desk) == 130
    assert [order.left for order in desk.working(Role.EXIT)] == [130]
    assert any(isinstance(action, FillNoted) and action.quantity == 130 for action in actions)
    check(desk.engine)


def test_a_twin_is_named_as_critical():
    desk = Desk()
    desk.enter(130)
    entry = desk.trade.entries[0]

    desk.tell(twin_of(desk, entry, OrderState.FILLED, 130))

    assert [alert.kind for alert in desk.notes(AlertNoted)] == ["twin-order"]
    (note,) = [note for note in desk.notes(RiskNoted) if note.kind == "twin-order"]
    assert note.severity == "CRITICAL"
    assert entry in note.text
    assert "B-twin" in note.text


def test_an_entrys_twin_that_fills_first_leaves_no_more_than_the_plan():
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]

    desk.tell(twin_of(desk, entry, OrderState.FILLED, 130))
    assert resting(desk) == 130
    desk.fill(entry, 130, 24_000.1)

    assert resting(desk) == 130
    assert [order.left for order in desk.working(Role.EXIT)] == [130]


@pytest.mark.parametrize("role", [Role.ENTRY, Role.STOP])
def test_a_twin_that_works_is_cancelled(role: Role):
    desk = Desk(prompt=False)
    desk.speak()
    carry_out(desk)
    desk.fill(desk.trade.entries[0], 65, 24_000.1)
    carry_out(desk)
    (client_id,) = desk.trade.orders_of(role)

    actions = desk.tell(twin_of(desk, client_id, OrderState.OPEN))

    cancelled = [action.client_id for action in actions if isinstance(action, CancelOrder)]
    assert cancelled == [desk.trade.orders_of(role)[-1]]
    assert cancelled[0] != client_id


def test_a_stops_twin_that_fills_too_is_bought_back():
    desk = Desk()
    desk.enter(130)
    (stop,) = desk.trade.stops
    desk.fill(stop, 130, 23_950.0)

    desk.tell(twin_of(desk, stop, OrderState.FILLED, 130))

    assert desk.trade.position.quantity == -130
    (back,) = desk.working(Role.EXIT)
    assert (back.request.side.value, back.left) == ("BUY", 130)
    assert "position-reversed" in [alert.kind for alert in desk.notes(AlertNoted)]


def test_a_twin_of_the_order_that_bought_back_is_sent_out_again():
    desk = Desk()
    desk.enter(130)
    (stop,) = desk.trade.stops
    desk.fill(stop, 130, 23_950.0)
    desk.tell(twin_of(desk, stop, OrderState.FILLED, 130))
    (back,) = desk.working(Role.EXIT)
    desk.fill(back.request.client_id, 130, 23_950.0)
    assert desk.trade.is_over

    found = twin_of(desk, back.request.client_id, OrderState.FILLED, 130)
    desk.tell(structs.replace(found, update=replace(found.update, broker_id="B-other")))

    assert desk.trade.state is PlanState.CLOSING
    assert [(o.request.side.value, o.left) for o in desk.working(Role.EXIT)] == [("SELL", 130)]


def test_a_twin_told_twice_is_taken_over_once():
    desk = Desk()
    desk.enter(130)
    found = twin_of(desk, desk.trade.entries[0], OrderState.FILLED, 130)

    desk.tell(found)
    desk.tell(structs.replace(found, at=desk.later(1)))

    assert desk.trade.open_quantity == 260
    assert len(desk.trade.entries) == 2


def test_a_twin_that_never_filled_is_booked_and_changes_nothing():
    desk = Desk()
    desk.enter(130)
    (stop,) = desk.trade.stops

    desk.tell(twin_of(desk, stop, OrderState.REJECTED))

    assert desk.trade.closing is None
    assert resting(desk) == 130
    check(desk.engine)


def carry_out(desk: Desk) -> None:
    while desk.wire:
        desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))


def by_hand(desk: Desk, quantity: int) -> TwinFound:
    """Return that somebody else has sold `quantity` units of what the plan holds."""
    entry = desk.trade.entries[0]
    request = replace(
        desk.engine.orders[entry].request, side=Side.SELL, role=Role.EXIT, quantity=quantity
    )
    fill = Fill("T-hand", entry, "B-hand", FUTURE, Side.SELL, quantity, D("23990"), desk.now)
    update = OrderUpdate(
        entry, "B-hand", desk.now, OrderState.FILLED, quantity, (fill,), request=request
    )
    return TwinFound(desk.now, entry, update, by_other=True)


def test_a_position_closed_by_hand_is_closed_and_its_stop_is_taken_off():
    desk = Desk()
    desk.enter(130)

    desk.tell(by_hand(desk, 130))

    assert desk.trade.state is PlanState.CLOSED
    assert resting(desk) == 0
    assert not desk.working(Role.EXIT)
    [alert] = desk.notes(AlertNoted)
    assert alert.kind == "taken-out"
    assert alert.text.endswith("130 units by order B-hand of somebody else")
    check(desk.engine)


def test_a_part_taken_out_by_hand_leaves_the_stop_for_the_rest():
    desk = Desk()
    desk.enter(130)

    desk.tell(by_hand(desk, 65))

    assert desk.trade.open_quantity == 65
    assert resting(desk) == 65
    check(desk.engine)


def test_what_was_taken_out_by_hand_is_booked_once():
    desk = Desk()
    desk.enter(130)
    found = by_hand(desk, 65)

    desk.tell(found, found)

    assert desk.trade.open_quantity == 65
    assert len([note for note in desk.notes(FillNoted) if note.side == Side.SELL]) == 1


def nowhere(desk: Desk, client_id: str) -> OrderUpdate:
    """Let a stop be nowhere, so that another rests for it; return what the list says of it then."""
    held = desk.broker.orders[client_id]
    gone = OrderUpdate(client_id, held.broker_id, desk.now, OrderState.CANCELLED, reason="nowhere")
    desk.tell(BrokerSaid(desk.now, gone))
    return OrderUpdate(client_id, held.broker_id, desk.now, OrderState.OPEN)


def test_a_stop_that_was_nowhere_and_works_after_all_is_called_off():
    desk = Desk()
    desk.enter(130)
    (stop,) = desk.trade.stops
    told = nowhere(desk, stop)
    assert resting(desk) == 260

    desk.tell(TwinFound(desk.now, stop, told))

    assert [wish.client_id for wish in desk.notes(CancelOrder)] == [stop]
    assert resting(desk) == 130
    assert [alert.kind for alert in desk.notes(AlertNoted)].count("order-returned") == 1
    check(desk.engine)


@pytest.mark.parametrize("state", [OrderState.CANCELLED, OrderState.PARTIAL])
def test_only_what_works_untouched_is_called_off(state: OrderState):
    desk = Desk()
    desk.enter(130)
    (stop,) = desk.trade.stops
    told = replace(nowhere(desk, stop), state=state)

    desk.tell(TwinFound(desk.now, stop, told))

    assert not desk.notes(CancelOrder)


def test_an_order_that_works_in_our_books_too_is_left_alone():
    desk = Desk()
    desk.enter(130)
    held = desk.broker.orders[desk.trade.stops[0]]
    told = OrderUpdate(held.request.client_id, held.broker_id, desk.now, OrderState.OPEN)

    desk.tell(TwinFound(desk.now, held.request.client_id, told))

    assert not desk.notes(CancelOrder)
    assert resting(desk) == 130
