from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from msgspec import structs

from execution.orders import OrderState, Role
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    ROOMY,
    STOPS_AND_TARGETS,
    D,
)
from tests.unit.trading.engine.desk import Desk, Held, as_absent, found_open, of_kind
from trading.engine.actions import (
    AlertNoted,
    CancelOrder,
    ModifyOrder,
    PlaceOrder,
)
from trading.engine.events import (
    SESSION,
    BrokerSaid,
    CommandIssued,
    CommandKind,
    ConditionChanged,
)
from trading.engine.settings import ExecutionSettings, TargetStyle

THREE_LOTS = {
    "limits": ROOMY.__class__(**{f: getattr(ROOMY, f) for f in ROOMY.__slots__} | {"max_lots": 3})
}


def left(desk: Desk, *roles: Role) -> list[int]:
    return [order.left for role in roles for order in desk.working(role)]


def carry_out_all(desk: Desk) -> None:
    while desk.wire:
        desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))


def test_a_part_that_cannot_be_freed_from_its_stop_is_freed_by_cancelling_it():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse", "refuse")

    desk.tick(FUTURE_COLUMN, 24_050.0)

    assert left(desk, Role.STOP, Role.EXIT) == [65, 65]
    assert desk.working(Role.STOP)[0].request.trigger_price == D("24000.10")


def test_a_stop_that_cannot_become_the_exit_is_cancelled_and_an_exit_sent():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse")

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert desk.working(Role.STOP) == []
    assert left(desk, Role.EXIT) == [130]


def test_no_second_exit_is_sent_while_a_cancel_is_on_its_way():
    desk = Desk(prompt=False)
    desk.speak()
    carry_out_all(desk)
    desk.fill(desk.trade.entries[0], 130, 24_000.1)
    carry_out_all(desk)
    desk.broker.next("modify", "refuse")
    desk.tick(FUTURE_COLUMN, 24_100.0)
    desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))
    cancel = desk.wire.popleft()
    assert isinstance(cancel, CancelOrder)

    desk.fill(cancel.client_id, 65, 24_099.0)

    assert not desk.wire
    desk.tell(desk.broker.carry_out(cancel, desk.now))
    (wish,) = desk.wire
    assert isinstance(wish, PlaceOrder)
    assert wish.request.quantity == 65


def test_a_refused_exit_is_told_held_and_sent_again():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse")
    desk.broker.next(Role.EXIT, "refuse")

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert left(desk, Role.STOP, Role.EXIT) == []
    assert [alert.kind for alert in desk.notes(AlertNoted)] == ["exit-refused"]
    desk.wait(0.25)
    assert left(desk, Role.EXIT) == []
    desk.wait(0.25)
    assert left(desk, Role.EXIT) == [130]


def test_exits_refused_in_a_row_are_followed_by_the_next_every_half_second():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse")
    desk.broker.next(Role.EXIT, "refuse", "refuse", "refuse", "refuse")
    desk.tick(FUTURE_COLUMN, 24_100.0)
    tries = []

    for _ in range(6):
        desk.wait(0.5)
        tries.append(len(desk.trade.exits))

    assert tries == [3, 4, 5, 6, 6, 6]
    assert left(desk, Role.EXIT) == [130]


def test_what_waits_after_many_refusals_leaves_at_once_when_the_session_is_back():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse")
    desk.broker.next(Role.EXIT, *["refuse"] * 13)
    desk.tick(FUTURE_COLUMN, 24_100.0)
    for _ in range(16):
        desk.wait(0.5)
    waiting = len(desk.trade.exits)
    desk.tell(ConditionChanged(desk.now, SESSION, good=False, detail="log in"))

    desk.tell(ConditionChanged(desk.now, SESSION, good=True))
    again = len(desk.trade.exits)
    desk.wait(0.5)

    assert waiting == 12
    assert (again, len(desk.trade.exits)) == (13, 14)


def test_what_waits_after_a_refusal_is_not_put_off_by_another_order():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "", "", "refuse", "")
    desk.broker.next(Role.EXIT, "refuse")
    desk.broker.next(Role.STOP, "refuse")

    desk.tick(FUTURE_COLUMN, 24_050.0)
    at_once = sum(left(desk, Role.STOP, Role.EXIT))
    desk.wait(1)

    assert at_once < 130
    assert sum(left(desk, Role.STOP, Role.EXIT)) == 130


def test_an_exit_refused_after_a_part_is_followed_by_another_at_once():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_100.0)
    (exiting,) = desk.working(Role.STOP)
    desk.broker.trade(exiting.request.client_id, 65, 24_099.0, desk.now)

    desk.news(exiting.request.client_id, OrderState.REJECTED)

    assert left(desk, Role.EXIT) == [65]


def test_a_refused_part_goes_back_under_the_stop():
    desk = Desk()
    desk.enter()
    desk.broker.next(Role.EXIT, "refuse")

    desk.tick(FUTURE_COLUMN, 24_050.0)

    assert left(desk, Role.STOP, Role.EXIT) == [130]


def test_a_part_whose_exit_the_broker_cancels_is_sent_out_again():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    (first,) = desk.working(Role.EXIT)

    desk.news(first.request.client_id, OrderState.CANCELLED)

    assert left(desk, Role.STOP, Role.EXIT) == [65, 65]


def test_a_refused_stop_sends_the_position_out_at_once():
    desk = Desk()
    desk.speak()
    desk.broker.next(Role.STOP, "refuse")

    desk.fill(desk.trade.entries[0], 130, 24_000.1)

    assert left(desk, Role.STOP, Role.EXIT) == [130]
    assert desk.working(Role.EXIT) != []
    assert [alert.kind for alert in desk.notes(AlertNoted)] == ["stop-refused"]


def test_a_stop_that_the_broker_cancels_is_put_back():
    desk = Desk()
    desk.enter()

    desk.news(desk.trade.stops[0], OrderState.CANCELLED)

    assert left(desk, Role.STOP) == [130]


def test_a_plan_whose_stops_are_taken_away_again_and_again_is_sent_out():
    desk = Desk()
    desk.enter()

    for taken in range(3):
        assert left(desk, Role.STOP, Role.EXIT) == [130], taken
        desk.news(desk.trade.stops[-1], OrderState.CANCELLED)

    assert left(desk, Role.STOP) == []
    assert left(desk, Role.EXIT) == [130]


def test_a_stop_that_never_reached_the_broker_is_placed_again():
    desk = Desk()
    desk.speak()
    desk.broker.next(Role.STOP, "lose")
    desk.fill(desk.trade.entries[0], 130, 24_000.1)
    (lost,) = desk.trade.stops

    desk.tell(as_absent(lost, desk.later(5)))

    assert left(desk, Role.STOP) == [130]


def test_a_stop_that_cannot_grow_is_joined_by_another():
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]
    desk.fill(entry, 65, 24_000.1)
    desk.broker.next("modify", "refuse")

    desk.fill(entry, 65, 24_000.1)

    assert left(desk, Role.STOP) == [65, 65]


def grown_in_doubt(fate: str) -> Desk:
    """Return a desk whose stop was to grow from 65 to 130 units; nothing is proven of that."""
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]
    desk.fill(entry, 65, 24_000.1)
    desk.broker.next("modify", fate)
    desk.fill(entry, 65, 24_000.1)
    return desk


def test_what_a_stop_comes_too_late_for_is_sent_out_instead():
    desk = Desk()
    desk.speak()
    desk.tick(FUTURE_COLUMN, 23_900.0)

    desk.fill(desk.trade.entries[0], 130, 23_900.1)

    assert desk.trade.exit_state.stop > 23_900
    assert not desk.trade.stops
    assert left(desk, Role.EXIT) == [130]


@pytest.mark.parametrize("fate", ["lose", "lose-answer"])
def test_a_stop_of_which_a_change_is_not_proven_goes_on_resting(fate):
    desk = grown_in_doubt(fate)

    assert desk.working(Role.STOP)[0].request.client_id == desk.trade.stops[0]
    assert len(desk.trade.stops) == 1


@pytest.mark.parametrize(("fate", "rests"), [("lose", [65, 65]), ("lose-answer", [130])])
def test_the_book_settles_a_change_in_doubt_and_what_is_missing_gets_a_stop_of_its_own(fate, rests):
    desk = grown_in_doubt(fate)

    desk.tell(as_rests(desk.working(Role.STOP)[0], desk.later(1)))

    assert left(desk, Role.STOP) == rests


@pytest.mark.parametrize("fate", ["lose", "lose-answer"])
def test_an_order_in_doubt_that_the_book_does_not_explain_is_replaced(fate):
    desk = grown_in_doubt(fate)

    desk.wait(11)

    assert left(desk, Role.STOP) == [130]
    assert len(desk.trade.stops) == 2


def test_an_order_whose_changes_stay_unproven_is_replaced():
    desk = Desk()
    desk.enter(65)
    desk.broker.next("modify", "lose", "lose", "lose", "lose")
    desk.tick(FUTURE_COLUMN, 24_050.0)

    for seconds in (1, 2, 3):
        if len(desk.trade.stops) == 1:
            desk.tell(as_rests(desk.working(Role.STOP)[0], desk.later(seconds)))

    assert left(desk, Role.STOP) == [65]
    assert len(desk.trade.stops) == 2


def test_a_stop_that_was_to_become_an_exit_is_asked_again():
    desk = Desk()
    desk.enter()
    (stop,) = desk.working(Role.STOP)
    desk.broker.next("modify", "lose")
    desk.tell(CommandIssued(desk.now, 1, CommandKind.FLATTEN, "ann", "because"))

    desk.tell(as_rests(stop, desk.later(1)))

    assert left(desk, Role.STOP, Role.EXIT) == [130]
    assert desk.broker.orders[stop.request.client_id].request.trigger_price is None


def as_rests(order: Held, moment: datetime) -> BrokerSaid:
    """Return what the broker's book tells of an order, its terms included."""
    found = found_open(order, moment)
    return structs.replace(found, update=replace(found.update, request=order.request))


def test_a_stop_that_cannot_be_moved_is_replaced_where_it_should_stand():
    desk = Desk(exits=STOPS_AND_TARGETS.__class__(first_fraction=0.0, trail=False, time_stop=False))
    desk.enter()
    desk.broker.next("modify", "refuse")

    desk.tick(FUTURE_COLUMN, 24_050.0)

    (stop,) = desk.working(Role.STOP)
    assert (stop.left, stop.request.trigger_price) == (130, D("24000.10"))


def test_a_refused_cancel_is_not_answered_with_another():
    desk = Desk()
    desk.enter()
    desk.broker.next("modify", "refuse")
    desk.broker.next("cancel", "refuse")

    said = desk.tick(FUTURE_COLUMN, 24_100.0)

    assert len(of_kind(said, CancelOrder)) == 1
    desk.wait(10)
    assert left(desk, Role.EXIT) == [130]


def test_units_that_come_while_a_stop_is_on_its_way_get_a_stop_of_their_own():
    desk = Desk(prompt=False, **THREE_LOTS)
    desk.speak()
    carry_out_all(desk)
    entry = desk.trade.entries[0]
    for quantity in (65, 65, 65):
        desk.fill(entry, quantity, 24_000.1)

    assert all(isinstance(wish, PlaceOrder) for wish in desk.wire)
    carry_out_all(desk)
    assert left(desk, Role.STOP) == [65, 65, 65]


def test_a_stop_with_a_change_on_its_way_is_not_enlarged():
    desk = Desk(prompt=False, **THREE_LOTS)
    desk.speak()
    carry_out_all(desk)
    entry = desk.trade.entries[0]
    desk.fill(entry, 65, 24_000.1)
    carry_out_all(desk)
    desk.fill(entry, 65, 24_000.1)
    enlarged = desk.wire.popleft()
    assert isinstance(enlarged, ModifyOrder)

    desk.fill(entry, 65, 24_000.1)

    carry_out_all(desk)
    desk.tell(desk.broker.carry_out(enlarged, desk.now))
    assert left(desk, Role.STOP) == [130, 65]


def test_a_resting_target_that_is_refused_is_not_sent_again():
    desk = Desk(execution=ExecutionSettings(target_style=TargetStyle.REST, with_charges=False))
    desk.speak()
    desk.broker.next(Role.TARGET, "refuse")

    desk.fill(desk.trade.entries[0], 130, 24_000.1)

    assert len(desk.trade.targets) == 1
    assert left(desk, Role.STOP) == [130]
