from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from execution.orders import (
    Fill,
    OrderChange,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from execution.orders_book import OverfillError
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.engine.order_book import OrderBook, UnknownOrderError

STOP = OrderRequest(
    client_id="S1",
    instrument=FUTURE,
    side=Side.SELL,
    quantity=130,
    order_type=OrderType.SL,
    role=Role.STOP,
    plan_id="P1",
    price=D(23_900),
    trigger_price=D(23_950),
)


def book() -> OrderBook:
    orders = OrderBook()
    orders.add(STOP)
    return orders


def update(state: OrderState = OrderState.OPEN, **values: Any) -> OrderUpdate:
    return OrderUpdate("S1", "B1", at(10, 0), state, **values)


def fill(trade_id: str, quantity: int) -> Fill:
    return Fill(trade_id, "S1", "B1", FUTURE, Side.SELL, quantity, Decimal(23_950), at(10, 0))


def test_an_order_that_is_added_counts_as_sent():
    orders = book()

    assert orders["S1"].state is OrderState.SENT
    assert (orders.open_quantity("S1"), orders.most("S1")) == (130, 130)
    assert "S1" in orders


def test_news_of_an_order_never_planned_is_impossible():
    with pytest.raises(UnknownOrderError, match="S2"):
        book()["S2"]


def test_a_change_on_its_way_is_what_is_wanted_but_not_yet_what_is_reckoned_with():
    orders = book()

    orders.expect_change("S1", OrderChange(quantity=65))

    assert orders.wanted("S1").quantity == 65
    assert (orders.open_quantity("S1"), orders.most("S1")) == (65, 130)
    assert orders.is_changing(["S1"])


def test_every_change_asked_for_is_counted():
    orders = book()

    orders.expect_change("S1", OrderChange(quantity=65))
    orders.expect_change("S1", OrderChange(quantity=130))

    assert orders["S1"].modifications == 2


def test_a_change_that_is_confirmed_is_no_longer_on_its_way():
    orders = book()
    number = orders.expect_change("S1", OrderChange(quantity=65))

    orders.apply(update(request=replace(STOP, quantity=65)), number)

    assert not orders.is_changing(["S1"])
    assert orders.most("S1") == 65


@pytest.mark.parametrize("told", [130, 65])
def test_what_the_book_says_of_the_order_is_no_answer_to_a_change_on_its_way(told: int):
    orders = book()
    number = orders.expect_change("S1", OrderChange(quantity=65))

    orders.apply(update(request=replace(STOP, quantity=told)))

    assert orders.changing() == ("S1",)
    orders.apply(update(request=replace(STOP, quantity=65)), number)
    assert orders.changing() == ()


def test_an_answer_that_comes_twice_answers_one_change_only():
    orders = book()
    first = orders.expect_change("S1", OrderChange(trigger_price=D(23_960)))
    answer = update(request=replace(STOP, trigger_price=D(23_960)))
    orders.apply(answer, first)
    orders.expect_change("S1", OrderChange(quantity=65))

    orders.apply(answer, first)

    assert orders.changing() == ("S1",)
    assert orders.most("S1") == 130


def test_an_answer_to_the_first_of_two_changes_leaves_the_larger_quantity_reckoned_with():
    orders = book()
    orders.expect_change("S1", OrderChange(quantity=65))
    grown = orders.expect_change("S1", OrderChange(quantity=195))
    shrunk = orders.expect_change("S1", OrderChange(quantity=65))

    orders.apply(update(request=replace(STOP, quantity=65)), 1)

    assert orders.most("S1") == 195
    orders.change_refused("S1", grown, proven=True)
    orders.apply(update(request=replace(STOP, quantity=65)), shrunk)
    assert orders.most("S1") == 65


def test_an_answer_that_newer_news_has_overtaken_leaves_the_order_in_doubt():
    orders = book()
    orders.apply(update())
    number = orders.expect_change("S1", OrderChange(quantity=195))
    orders.apply(update(OrderState.PARTIAL, filled_quantity=65))

    orders.apply(update(request=replace(STOP, quantity=195)), number)

    assert orders.is_doubtful("S1")
    assert orders.most("S1") == 195


def test_of_two_changes_the_confirmation_of_the_first_leaves_the_second_on_its_way():
    orders = book()
    orders.expect_change("S1", OrderChange(trigger_price=D(23_960)))
    orders.expect_change("S1", OrderChange(quantity=65))

    orders.apply(update(request=replace(STOP, trigger_price=D(23_960))), 1)

    assert orders.is_changing(["S1"])
    assert orders.wanted("S1") == replace(STOP, trigger_price=D(23_960), quantity=65)


def test_a_quantity_between_two_changes_is_reckoned_with():
    orders = book()

    orders.expect_change("S1", OrderChange(quantity=195))
    orders.expect_change("S1", OrderChange(quantity=65))

    assert orders.most("S1") == 195


def test_a_change_proven_refused_is_forgotten_and_makes_the_order_rigid():
    orders = book()
    orders.expect_change("S1", OrderChange(quantity=65))

    was_cancel = orders.change_refused("S1", 1, proven=True)

    assert not was_cancel
    assert orders.wanted("S1") == STOP
    assert orders.is_rigid("S1")


def test_a_change_of_unknown_outcome_goes_on_being_reckoned_with():
    orders = book()
    orders.expect_change("S1", OrderChange(quantity=195))

    orders.change_refused("S1", 1, proven=False)

    assert orders.most("S1") == 195


def test_one_refusal_of_two_changes_leaves_both_reckoned_with():
    orders = book()
    orders.expect_change("S1", OrderChange(trigger_price=D(23_960)))
    orders.expect_change("S1", OrderChange(quantity=195))

    orders.change_refused("S1", 1, proven=True)

    assert orders.most("S1") == 195


def test_an_order_being_cancelled_does_not_work_but_may_fill():
    orders = book()

    orders.expect_cancel("S1")

    assert orders.working(["S1"]) == []
    assert orders.unfinished(["S1"])
    assert orders.most("S1") == 130


def test_a_refused_cancellation_leaves_the_order_working_and_changeable():
    orders = book()
    orders.expect_cancel("S1")

    assert orders.change_refused("S1", 0, proven=True)

    assert orders.working(["S1"]) == ["S1"]
    assert not orders.is_rigid("S1")


def test_a_refused_change_of_an_order_being_cancelled_leaves_the_cancellation_on_its_way():
    orders = book()
    number = orders.expect_change("S1", OrderChange(quantity=65))
    orders.expect_cancel("S1")

    assert not orders.change_refused("S1", number, proven=True)

    assert orders.changing() == ("S1",)
    assert orders.working(["S1"]) == []


def test_the_same_trade_told_twice_is_booked_once():
    orders = book()
    news = update(OrderState.PARTIAL, filled_quantity=65, fills=(fill("T1", 65),))

    assert len(orders.apply(news)[2]) == 1
    assert orders.apply(news)[2] == ()
    assert orders.known_trades() == {"T1"}
    assert orders.open_quantity("S1") == 65


def test_an_end_takes_everything_on_its_way_with_it():
    orders = book()
    orders.expect_change("S1", OrderChange(quantity=65))
    orders.expect_cancel("S1")

    orders.apply(update(OrderState.CANCELLED))

    assert not orders.is_changing(["S1"])
    assert (orders.open_quantity("S1"), orders.most("S1")) == (0, 0)


def test_a_cancelled_order_said_to_have_filled_more_than_trades_prove_is_reckoned_with():
    orders = book()

    orders.apply(update(OrderState.CANCELLED, filled_quantity=65))

    assert (orders.open_quantity("S1"), orders.most("S1")) == (0, 65)


def test_an_order_proven_never_to_have_existed_covers_nothing():
    orders = book()
    orders.apply(update(OrderState.UNKNOWN))
    assert orders.any_unknown()

    orders.apply(update(OrderState.PLANNED))

    assert not orders.any_unknown()
    assert orders.working(["S1"]) == []
    assert not orders.unfinished(["S1"])
    assert (orders.open_quantity("S1"), orders.most("S1")) == (0, 0)


def test_every_order_is_remembered_in_the_order_of_sending():
    orders = book()
    orders.add(replace(STOP, client_id="S2"))

    assert [order.request.client_id for order in orders.all()] == ["S1", "S2"]


def test_terms_told_after_an_unproven_change_end_the_doubt():
    orders = book()
    orders.apply(update())
    orders.expect_change("S1", OrderChange(quantity=195))
    orders.change_refused("S1", 1, proven=False)
    assert (orders.open_quantity("S1"), orders.changing()) == (195, ("S1",))

    orders.apply(update(request=STOP))

    assert (orders.open_quantity("S1"), orders.changing()) == (130, ())


def test_the_answer_to_the_last_of_two_changes_ends_the_doubt_about_the_first():
    orders = book()
    orders.apply(update())
    orders.expect_change("S1", OrderChange(trigger_price=D(23_960), price=D(23_910)))
    orders.expect_change("S1", OrderChange(quantity=65))
    orders.change_refused("S1", 1, proven=False)

    orders.apply(update(request=replace(STOP, quantity=65)), 2)

    assert (orders.most("S1"), orders.changing()) == (65, ())


def test_an_order_that_rests_larger_than_asked_is_a_surprise_and_can_only_be_replaced():
    orders = book()
    orders.apply(update(request=replace(STOP, quantity=65)))
    assert not orders.is_surprised(["S1"])

    orders.apply(update(request=STOP))

    assert orders.is_surprised(["S1"])
    assert orders.is_rigid("S1")


def test_a_fill_after_a_cancellation_is_a_surprise():
    orders = book()
    orders.apply(update(OrderState.CANCELLED))

    orders.apply(update(OrderState.FILLED, filled_quantity=130))

    assert orders.is_surprised(["S1"])


def test_an_order_is_free_once_it_rests_and_nothing_is_on_its_way_to_it():
    orders = book()
    assert not orders.is_free("S1")

    orders.apply(update())
    assert orders.is_free("S1")

    orders.expect_change("S1", OrderChange(quantity=65))
    assert not orders.is_free("S1")


def test_fills_beyond_the_known_quantity_prove_an_increase_that_is_not_answered_yet():
    orders = book()
    orders.apply(update())
    number = orders.expect_change("S1", OrderChange(quantity=195))

    _, after, fills = orders.apply(
        update(OrderState.PARTIAL, filled_quantity=150, fills=(fill("T1", 150),))
    )
    orders.apply(
        update(OrderState.PARTIAL, filled_quantity=150, request=orders.wanted("S1")),
        number,
    )

    assert (after.state, after.filled_quantity, len(fills)) == (OrderState.PARTIAL, 150, 1)
    assert after.request.quantity == 195
    assert (orders.open_quantity("S1"), orders.most("S1")) == (45, 45)
    assert not orders.is_changing(["S1"])


def test_an_increase_that_fills_whole_before_its_answer_is_filled():
    orders = book()
    orders.apply(update())
    orders.expect_change("S1", OrderChange(quantity=195))

    _, after, _ = orders.apply(
        update(OrderState.FILLED, filled_quantity=195, fills=(fill("T1", 195),))
    )

    assert after.state is OrderState.FILLED
    assert not orders.unfinished(["S1"])


def test_more_fills_than_any_change_asked_for_are_impossible():
    orders = book()
    orders.apply(update())
    orders.expect_change("S1", OrderChange(quantity=195))

    with pytest.raises(OverfillError, match="260 filled of 130"):
        orders.apply(update(OrderState.PARTIAL, filled_quantity=260, fills=(fill("T1", 260),)))


def test_an_increase_that_was_answered_excuses_no_more_fills():
    orders = book()
    orders.apply(update())
    number = orders.expect_change("S1", OrderChange(quantity=195))
    orders.change_refused("S1", number, proven=True)

    with pytest.raises(OverfillError):
        orders.apply(update(OrderState.PARTIAL, filled_quantity=150, fills=(fill("T1", 150),)))


def test_cancellations_on_their_way_are_told_in_the_order_they_were_asked_for():
    orders, names = OrderBook(), tuple(f"S{number}" for number in range(20, 0, -1))

    for name in names:
        orders.add(replace(STOP, client_id=name))
        orders.expect_cancel(name)

    assert orders.changing() == names


def test_what_is_not_answered_is_told_by_order_and_number_a_cancellation_as_0():
    orders = OrderBook()
    for name in ("S1", "S2"):
        orders.add(replace(STOP, client_id=name))
    orders.expect_change("S1", OrderChange(quantity=65))
    orders.expect_change("S1", OrderChange(quantity=130))
    orders.expect_cancel("S2")

    orders.change_refused("S1", 1, proven=False)

    assert orders.asked() == (("S2", 0), ("S1", 2))
