from __future__ import annotations

import pytest

from execution.kitesim.answers import KiteError
from execution.kitesim.order_form import Lasting, parse_change, parse_order, rupees
from execution.orders import OrderType, Side
from tests.unit.execution.kitesim.desk import CALL, D, form


def test_a_limit_order_is_read():
    read = parse_order("regular", form(price="100.05", tag="a1", trigger_price="0"))

    assert (read.side, read.quantity, read.price, read.tag) == (Side.BUY, 65, D("100.05"), "a1")
    assert read.lasting is Lasting.DAY


def test_prices_that_a_type_has_no_use_for_are_not_read():
    read = parse_order("regular", form() | {"price": "0", "trigger_price": "5"})

    assert (read.order_type, read.price, read.trigger_price) == (OrderType.MARKET, None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exchange", "NYSE"),
        ("exchange", ""),
        ("tradingsymbol", ""),
        ("transaction_type", "HOLD"),
        ("quantity", "-65"),
        ("quantity", "6.5"),
        ("quantity", "1" * 30),
        ("quantity", "٣"),
        ("product", "CO"),
        ("order_type", "BEST"),
        ("validity", "GTC"),
        ("price", "NaN"),
        ("price", "1e400"),
        ("price", "x"),
        ("market_protection", "inf"),
        ("disclosed_quantity", "-1"),
        ("tag", "x" * 21),
    ],
)
def test_a_bad_field_is_named(name, value):
    with pytest.raises(KiteError, match=f"`{name}`") as caught:
        parse_order("regular", form(price=100) | {name: value})

    assert caught.value.code == 400


def test_ttl_needs_its_minutes():
    with pytest.raises(KiteError, match="validity_ttl"):
        parse_order("regular", form(price=100, validity="TTL"))
    assert parse_order("regular", form(price=1, validity="TTL", validity_ttl=5)).ttl_minutes == 5


@pytest.mark.parametrize("variety", ["amo", "co", "iceberg", "auction", ""])
def test_other_varieties_are_refused(variety):
    with pytest.raises(KiteError, match="variety"):
        parse_order(variety, form(price=1))
    with pytest.raises(KiteError, match="variety"):
        parse_change(variety, {})


def test_a_change_leaves_out_what_is_not_told():
    change = parse_change("regular", {"price": "101", "order_id": "1", "variety": "regular"})

    assert (change.price, change.quantity, change.order_type) == (D(101), None, None)


def test_an_amount_that_is_not_told_is_nothing():
    assert rupees({}, "price") == 0
    assert rupees({"price": "1.5"}, "price") == D("1.5")


def test_autoslice_is_asked_for_by_a_word():
    told = form(CALL, price=1)
    asked = [
        parse_order("regular", told | {"autoslice": word}).autoslice
        for word in ("true", "True", "false", "")
    ]

    assert asked == [True, True, False, False]
