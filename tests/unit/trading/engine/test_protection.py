from __future__ import annotations

from datetime import timedelta

from execution.orders import OrderState, OrderType, Role
from risk.exits import ExitReason
from tests.unit.trading.engine.builders import (
    FUTURE_COLUMN,
    INDEX_COLUMN,
    ROOMY,
    D,
    saying,
)
from tests.unit.trading.engine.desk import Desk, of_kind
from trading.engine.actions import (
    ModifyOrder,
    PlanMoved,
    PositionNoted,
    SetTimer,
)
from trading.engine.events import BrokerSaid
from trading.engine.settings import ExecutionSettings, TargetStyle
from trading.engine.trades import PlanState

THREE_LOTS = {
    "limits": ROOMY.__class__(**{f: getattr(ROOMY, f) for f in ROOMY.__slots__} | {"max_lots": 3})
}


def left(desk: Desk, *roles: Role) -> list[int]:
    return [order.left for role in roles for order in desk.working(role)]


def carry_out_all(desk: Desk) -> None:
    while desk.wire:
        desk.tell(desk.broker.carry_out(desk.wire.popleft(), desk.now))


def test_from_the_first_fill_a_stop_rests_for_what_has_filled():
    desk = Desk()
    desk.speak()

    desk.fill(desk.trade.entries[0], 65, 24_000.1)

    (stop,) = desk.working(Role.STOP)
    assert (stop.left, stop.request.trigger_price, stop.request.price) == (
        65,
        D("23950.00"),
        D("23902.10"),
    )
    assert desk.notes(PositionNoted)[-1].protected == 65


def test_the_resting_stop_grows_with_every_fill_of_the_entry():
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]

    desk.fill(entry, 65, 24_000.1)
    desk.fill(entry, 65, 24_000.2)

    assert left(desk, Role.STOP) == [130]
    assert len(desk.trade.stops) == 1


def test_a_short_is_protected_from_above():
    desk = Desk(strategies=saying(14, INDEX_COLUMN, side=-1))

    desk.enter(130, 23_999.9)

    (stop,) = desk.working(Role.STOP)
    assert stop.request.side == "BUY"
    assert stop.request.trigger_price == D("24050.00")
    assert stop.request.price == D("24098.10")


def test_stops_are_cut_at_the_freeze_quantity():
    desk = Desk(freeze=130, **THREE_LOTS)
    desk.speak()
    first, second = desk.trade.entries

    desk.fill(first, 130, 24_000.1)
    desk.fill(second, 65, 24_000.1)

    assert left(desk, Role.STOP) == [130, 65]


def test_the_first_target_takes_whole_lots_and_leaves_the_rest_under_a_stop_at_break_even():
    desk = Desk()
    desk.enter()

    desk.tick(FUTURE_COLUMN, 24_050.0)

    (stop,), (exit_,) = desk.working(Role.STOP), desk.working(Role.EXIT)
    assert (stop.left, exit_.left) == (65, 65)
    assert stop.request.trigger_price == D("24000.10")
    assert exit_.request.price == D("24049.70")
    assert desk.trade.state is PlanState.PARTLY_CLOSED


def test_the_part_leaves_only_when_the_stop_has_given_it_up():
    desk = Desk(prompt=False)
    desk.speak()
    carry_out_all(desk)
    desk.fill(desk.trade.entries[0], 130, 24_000.1)
    carry_out_all(desk)

    desk.tick(FUTURE_COLUMN, 24_050.0)

    assert {type(wish) for wish in desk.wire} == {ModifyOrder}
    carry_out_all(desk)
    assert left(desk, Role.STOP, Role.EXIT) == [65, 65]


def test_one_lot_only_moves_its_stop_at_the_first_target():
    desk = Desk()
    desk.speak()
    desk.fill(desk.trade.entries[0], 65, 24_000.1)
    desk.news(desk.trade.entries[0], OrderState.CANCELLED)

    desk.tick(FUTURE_COLUMN, 24_050.0)

    (stop,) = desk.working(Role.STOP)
    assert (stop.left, stop.request.trigger_price) == (65, D("24000.10"))
    assert desk.working(Role.EXIT) == []
    assert desk.trade.state is PlanState.OPEN


def test_the_last_target_after_the_first_is_a_way_out_of_the_whole_plan():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert desk.trade.closing is ExitReason.TARGET2
    assert desk.trade.state is PlanState.CLOSING
    assert sum(left(desk, Role.STOP, Role.EXIT)) == 130


def test_a_gap_through_both_targets_closes_everything():
    desk = Desk()
    desk.enter()

    desk.tick(FUTURE_COLUMN, 24_200.0)

    assert desk.trade.closing is ExitReason.TARGET2
    assert sum(left(desk, Role.STOP, Role.EXIT)) == 130


def test_when_the_plan_leaves_the_resting_stop_becomes_the_exit():
    desk = Desk()
    desk.enter()
    (stop,) = desk.working(Role.STOP)

    desk.tick(FUTURE_COLUMN, 24_100.0)

    assert stop.request.order_type is OrderType.LIMIT
    assert stop.request.trigger_price is None
    assert stop.request.price == D("24099.70")
    assert desk.working(Role.EXIT) == []


def test_an_exit_that_does_not_fill_is_priced_anew_and_in_the_end_goes_to_the_market():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_100.0)
    (exit_,) = desk.working(Role.STOP)
    prices = []

    for step in range(1, 5):
        desk.tick(FUTURE_COLUMN, 24_100.0 - step)
        desk.wait(10)
        prices.append(exit_.request.price)

    assert prices == [D("24098.70"), D("24097.70"), D("24096.70"), None]
    assert exit_.request.order_type is OrderType.MARKET
    assert exit_.request.market_protection == D(-1)


def test_a_part_that_has_left_is_not_looked_after_any_more():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.fill(desk.working(Role.EXIT)[0].request.client_id, 65, 24_049.9)

    said = desk.wait(60)

    assert of_kind(said, SetTimer) == []


def test_the_last_exit_has_all_its_tries_whatever_the_first_part_took():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 24_050.0)
    desk.wait(40)
    desk.fill(desk.working(Role.EXIT)[0].request.client_id, 65, 24_049.9)
    desk.tick(FUTURE_COLUMN, 24_100.0)

    desk.tick(FUTURE_COLUMN, 24_099.0)
    desk.wait(10)

    assert desk.working(Role.STOP)[0].request.price == D("24098.70")


def test_a_target_rests_beside_its_stop_where_the_exchange_joins_them():
    desk = Desk(execution=ExecutionSettings(target_style=TargetStyle.REST, with_charges=False))

    desk.enter()

    (target,) = desk.working(Role.TARGET)
    (stop,) = desk.working(Role.STOP)
    assert (target.left, target.request.price) == (130, D("24100.00"))
    assert target.request.pair == stop.request.pair == desk.trade.plan_id


def test_a_resting_target_that_fills_ends_the_plan_though_the_stop_is_gone_already():
    desk = Desk(execution=ExecutionSettings(target_style=TargetStyle.REST, with_charges=False))
    desk.enter()
    stop, target = desk.trade.stops[0], desk.trade.targets[0]
    desk.broker.orders[stop].state = OrderState.CANCELLED

    desk.fill(target, 130, 24_100.0)
    desk.tell(BrokerSaid(desk.now, desk.broker.word(stop, desk.now)))

    assert desk.trade.state is PlanState.CLOSED
    assert desk.notes(PlanMoved)[-1].reason == ExitReason.TARGET2


def test_a_stop_at_market_carries_its_protection():
    desk = Desk(execution=ExecutionSettings(stop_is_market=True, exit_is_market=True))

    desk.enter()

    (stop,) = desk.working(Role.STOP)
    assert (stop.request.order_type, stop.request.price) == (OrderType.SL_M, None)
    desk.tick(FUTURE_COLUMN, 24_100.0)
    assert stop.request.order_type is OrderType.MARKET
    assert stop.request.trigger_price is None


def test_an_exit_without_a_quote_is_priced_from_the_last_trade():
    desk = Desk()
    desk.enter()

    desk.tick(FUTURE_COLUMN, 24_100.0, bid=float("nan"), ask=float("nan"))

    assert desk.working(Role.STOP)[0].request.price == D("24099.80")


def test_a_price_through_a_stop_that_does_not_fill_is_answered_after_the_time_allowed():
    desk = Desk()
    desk.enter()
    desk.tick(FUTURE_COLUMN, 23_949.0)
    desk.now += timedelta(seconds=4)
    desk.tick(FUTURE_COLUMN, 23_940.0)
    assert desk.trade.closing is None

    desk.now += timedelta(seconds=1)
    desk.tick(FUTURE_COLUMN, 23_940.0)

    assert desk.trade.closing is ExitReason.HARD_STOP
    assert desk.working(Role.STOP)[0].request.price == D("23939.70")
