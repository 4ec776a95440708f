"""Books that contradict each other are named, each contradiction by itself, whoever made it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from execution.orders import Fill, Side
from execution.positions import apply as fold
from tests.unit.trading.engine.desk import Desk
from tests.unit.trading.engine.legs import LOW_PUT, LegsDesk
from trading.engine.events import BrokerSaid, TimerFired
from trading.engine.invariants import InvariantBrokenError, Invariants, check, effects_of
from trading.engine.trades import PlanState, Trade


def entered() -> Desk:
    """Return a desk that holds 130 units under a resting stop."""
    desk = Desk()
    desk.enter()
    check(desk.engine)
    return desk


def take_out(desk: Desk, trade: Trade, quantity: int) -> None:
    """Let units of a plan vanish from our books as no fill of an order of ours would."""
    bought = desk.broker.orders[trade.entries[0]].fills[0]
    sold = Fill("X", "X", "X", bought.instrument, Side.SELL, quantity, bought.price, bought.at)
    trade.hold(fold(trade.position, sold))


def test_exits_that_could_take_out_more_than_is_held_are_a_breach() -> None:
    desk = entered()
    take_out(desk, desk.trade, 65)

    with pytest.raises(InvariantBrokenError, match="exits could take 130 of 65 units held"):
        check(desk.engine)


def test_units_that_no_exit_covers_are_a_breach() -> None:
    desk = entered()
    desk.trade.stops.clear()

    with pytest.raises(InvariantBrokenError, match="exits cover 0 of 130 units held"):
        check(desk.engine)


def test_units_that_a_leg_need_not_stop_are_none() -> None:
    desk = entered()
    desk.trade.stops.clear()
    desk.trade.rests_stop = False

    check(desk.engine)


def test_units_that_wait_for_a_refused_exit_are_none() -> None:
    desk = entered()
    desk.trade.stops.clear()
    desk.trade.exits_held_until = desk.now

    check(desk.engine)


def test_a_plan_that_is_over_and_holds_something_is_a_breach() -> None:
    desk = entered()
    desk.trade.state = PlanState.CLOSED

    with pytest.raises(InvariantBrokenError, match="over, but holds or works something"):
        check(desk.engine)


def test_a_plan_that_is_over_and_still_works_an_order_is_a_breach() -> None:
    desk = Desk()
    desk.speak()
    desk.trade.state = PlanState.ENTRY_CANCELLED

    with pytest.raises(InvariantBrokenError, match="over, but holds or works something"):
        check(desk.engine)


@pytest.mark.parametrize("paisa", [Decimal("0.01"), Decimal("-0.01")])
def test_a_paisa_that_nobody_booked_is_a_breach(paisa: Decimal) -> None:
    desk = entered()
    balance = desk.engine.ledger.balance
    desk.engine.ledger.balance += paisa

    with pytest.raises(
        InvariantBrokenError, match=f"balance: {balance + paisa}, expected {balance}"
    ):
        check(desk.engine)


def test_money_is_counted_once_however_often_a_plan_is_looked_at() -> None:
    desk = entered()
    books = Invariants(desk.engine)

    for _ in range(3):
        books.check([desk.trade.plan_id])

    desk.trade.charges += 1
    with pytest.raises(InvariantBrokenError, match=r"^balance: "):
        books.check([desk.trade.plan_id])


def condor() -> LegsDesk:
    desk = LegsDesk()
    desk.enter_legs()
    check(desk.engine)
    return desk


def test_units_sold_without_their_hedge_are_a_breach() -> None:
    desk = condor()
    hedge = desk.leg(LOW_PUT)
    take_out(desk, hedge, hedge.open_quantity)

    with pytest.raises(InvariantBrokenError, match="130 units sold without a hedge"):
        check(desk.engine)


def test_legs_out_of_their_ratio_are_a_breach() -> None:
    desk = condor()
    desk.leg(LOW_PUT).ratio = 2

    with pytest.raises(InvariantBrokenError, match="130 units, expected 260"):
        check(desk.engine)


def test_a_plan_of_legs_that_is_over_before_its_legs_is_a_breach() -> None:
    desk = condor()
    desk.plan.state = PlanState.CLOSED

    with pytest.raises(InvariantBrokenError, match="over, but a leg of it is not"):
        check(desk.engine)


def test_an_event_names_the_plans_whose_books_it_may_have_changed() -> None:
    desk = Desk()
    desk.speak()
    entry = desk.trade.entries[0]
    said = desk.fill(entry, 130, 24_000.1)
    news = BrokerSaid(desk.now, desk.broker.word(entry, desk.now))

    assert set(effects_of(desk.engine, news, said).plans) == {desk.trade.plan_id}
    assert set(effects_of(desk.engine, news, []).plans) == {desk.trade.plan_id}
    assert set(effects_of(desk.engine, TimerFired(desk.now, "bar"), []).plans) == set()
