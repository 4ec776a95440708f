"""What the book adds up over several orders is the sum of what it says of each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

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
from tests.unit.trading.engine.builders import FUTURE, D, at
from trading.engine.order_book import OrderBook

IDS = ["S1", "S2", "S3"]
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
MOVES = ["open", "fill", "claim", "cancelled", "change", "cancel", "refused", "doubtful"]


def happen(orders: OrderBook, client_id: str, move: str) -> None:
    """Let one thing happen to an order that is not over."""
    order = orders[client_id]
    news = OrderUpdate(client_id, f"B{client_id}", at(10, 0), OrderState.OPEN)
    if order.state.is_final:
        return
    match move:
        case "open":
            orders.apply(news)
        case "fill" if order.filled_quantity == 0:
            sold = Fill(
                f"t{client_id}", client_id, "", FUTURE, Side.SELL, 65, Decimal(1), at(10, 0)
            )
            orders.apply(replace(news, state=OrderState.PARTIAL, fills=(sold,), filled_quantity=65))
        case "claim" | "cancelled":
            said = 65 if move == "claim" else order.claimed_quantity
            orders.apply(replace(news, state=OrderState.CANCELLED, filled_quantity=said))
        case "change":
            orders.expect_change(client_id, OrderChange(quantity=order.request.quantity + 65))
        case "cancel":
            orders.expect_cancel(client_id)
        case _:
            orders.change_refused(client_id, order.modifications, proven=move == "refused")


@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(MOVES)), max_size=12))
def test_sums_over_orders_are_the_sums_of_what_is_told_of_each(moves: list[tuple[str, str]]):
    orders = OrderBook()
    for client_id in IDS:
        orders.add(replace(STOP, client_id=client_id))

    for client_id, move in moves:
        happen(orders, client_id, move)
        works = [each for each in IDS if not orders[each].state.is_final]
        free = [each for each in works if not orders.is_cancelling(each)]
        assert orders.working(IDS) == free
        assert orders.unfinished(IDS) == bool(works)
        assert orders.resting(IDS) == sum(orders.open_quantity(each) for each in free)
        assert orders.most_of(IDS) == sum(orders.most(each) for each in IDS)
        assert orders.is_changing(IDS) == any(orders.is_changing([each]) for each in IDS)


@given(st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(MOVES)), max_size=12))
def test_what_an_ended_order_is_said_to_have_filled_may_still_come(moves: list[tuple[str, str]]):
    orders = OrderBook()
    for client_id in IDS:
        orders.add(replace(STOP, client_id=client_id))

    for client_id, move in moves:
        happen(orders, client_id, move)

    for client_id in IDS:
        order = orders[client_id]
        if order.state.is_final:
            assert orders.most(client_id) == order.claimed_quantity - order.filled_quantity
