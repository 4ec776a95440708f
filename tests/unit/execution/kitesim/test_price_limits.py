from __future__ import annotations

from datetime import date

import pytest

from execution.kitesim.order_form import parse_order
from execution.kitesim.price_limits import automatic_protection, protected_price
from execution.kitesim.protection import as_protected
from execution.orders import OrderType, Side
from marketdata.dated import FactMissing
from tests.unit.execution.kitesim.desk import CALL, FUTURE, SHARE, D, Made, form

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("item", "reference", "percent"),
    [
        (CALL, "9.95", 5),
        (CALL, 10, 3),
        (CALL, 100, 2),
        (CALL, 500, 1),
        (SHARE, "99.9", 2),
        (SHARE, 100, 1),
        (FUTURE, 26_000, D("0.5")),
    ],
)
def test_the_broker_s_own_protection_goes_by_slabs(item, reference, percent):
    assert automatic_protection(item, D(reference), DAY) == percent


def test_a_protected_price_is_rounded_towards_the_market():
    assert protected_price(CALL, Side.BUY, D("100.05"), D(2), DAY) == D("102.05")
    assert protected_price(CALL, Side.SELL, D("100.05"), D(2), DAY) == D("98.05")
    assert protected_price(CALL, Side.SELL, D(100), D(-1), DAY) == D(98)


def test_a_market_order_rests_as_a_limit_and_a_stop_as_one_with_a_limit():
    market = Made()
    asked = parse_order("regular", form(market_protection=3))
    stop = parse_order("regular", form(SHARE, trigger_price=1600, market_protection=1))

    rests, tags = as_protected(asked, CALL, market)
    stops, _ = as_protected(stop, SHARE, market)

    assert (rests.order_type, rests.price, rests.market_protection) == (OrderType.LIMIT, 103, 0)
    assert tags == ("mktp", "mktp:3.00")
    assert (stops.order_type, stops.trigger_price, stops.price) == (OrderType.SL, 1600, 1616)


def test_a_limit_order_and_one_without_a_last_price_stay_as_they_are():
    market = Made()
    limit, plain = parse_order("regular", form(price=100)), parse_order("regular", form())
    del market.prices[CALL.key]

    assert as_protected(limit, CALL, market) == (limit, ())
    assert as_protected(plain, CALL, market) == (plain, ())


def test_before_the_first_table_the_broker_s_own_protection_is_not_known():
    with pytest.raises(FactMissing):
        automatic_protection(CALL, D(100), date(2020, 1, 1))
