"""Requests that make sense, and what a modification makes of one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from execution.orders import Order, OrderChange, OrderRequest, OrderState, OrderType, Role, Side
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
SHARE = Instrument(
    token=738561,
    exchange=Exchange.NSE,
    symbol="RELIANCE",
    name="RELIANCE",
    kind=Kind.EQUITY,
    lot_size=1,
    tick_size=D("0.05"),
)
STOP = OrderRequest(
    client_id="S1",
    instrument=SHARE,
    side=Side.SELL,
    quantity=10,
    order_type=OrderType.SL,
    role=Role.STOP,
    plan_id="P1",
    price=D(2_395),
    trigger_price=D(2_400),
)


def test_a_stop_changed_into_a_limit_loses_its_trigger():
    changed = STOP.changed_by(OrderChange(order_type=OrderType.LIMIT, price=D(2_390)))

    assert (changed.order_type, changed.price, changed.trigger_price) == (
        OrderType.LIMIT,
        D(2_390),
        None,
    )


def test_a_stop_changed_into_a_market_order_loses_both_prices():
    change = OrderChange(order_type=OrderType.MARKET, market_protection=D(-1))

    changed = STOP.changed_by(change)

    assert (changed.price, changed.trigger_price, changed.market_protection) == (None, None, D(-1))


def test_a_change_leaves_what_it_does_not_name():
    assert STOP.changed_by(OrderChange(quantity=5)) == replace(STOP, quantity=5)
    assert STOP.changed_by(OrderChange()) == STOP


def test_a_change_to_nothing_is_no_order():
    with pytest.raises(ValueError, match="quantity: 0"):
        STOP.changed_by(OrderChange(quantity=0))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"client_id": "has space"}, "client_id"),
        ({"client_id": "x" * 21}, "client_id"),
        ({"quantity": 0}, "quantity"),
        ({"price": None}, "price"),
        ({"trigger_price": None}, "trigger_price"),
        ({"instrument": replace(SHARE, kind=Kind.INDEX)}, "index"),
    ],
)
def test_a_request_that_makes_no_sense_names_the_field(wrong, named):
    with pytest.raises(ValueError, match=named):
        replace(STOP, **wrong)


def test_an_order_has_an_average_price_once_something_has_filled():
    order = Order(STOP, OrderState.OPEN)

    assert order.average_price is None
    done = structs.replace(order, filled_quantity=4, filled_value=D(402))
    assert done.average_price == D("100.5")
