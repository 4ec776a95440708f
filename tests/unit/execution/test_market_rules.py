from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from execution.broker import Refused
from execution.market_rules import ExchangeSettings, refuse_order, refuse_trigger
from execution.orders import OrderRequest, Side
from marketdata.instruments import Exchange, Kind
from tests.unit.execution.market import CALL, request

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
SETTINGS = ExchangeSettings()
FUTURE = replace(CALL, kind=Kind.FUTURE, symbol="NIFTY26NOVFUT", strike=None)
BSE_SHARE = replace(CALL, kind=Kind.EQUITY, exchange=Exchange.BSE, symbol="TCS", lot_size=1)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (request("a1", BUY, price="100.03"), "Tick size for this script is 0.05"),
        (request("a1", BUY, trigger_price="99.99", price=101), "Tick size"),
        (request("a1", BUY, price=0), "Price should be above 0"),
        (request("a1", BUY, 66, price=100), "multiple of the lot size 65"),
        (request("a1", BUY, 1820, price=100), "exceeds the freeze quantity 1800"),
        (request("a1", BUY, market_protection=None), "without market protection"),
        (request("a1", BUY, market_protection=D(0)), "without market protection"),
        (request("a1", BUY, market_protection=D(-2)), "Invalid market protection"),
        (request("a1", BUY, market_protection=D(101)), "Invalid market protection"),
        (request("a1", SELL, trigger_price=95), "SL-M orders are blocked"),
        (request("a1", SELL, trigger_price=95, instrument=BSE_SHARE), "SL-M orders are blocked"),
        (
            request("a1", SELL, trigger_price=95, instrument=FUTURE, market_protection=None),
            "without market protection",
        ),
        (request("a1", BUY, trigger_price=101, price=100), "lower than 100"),
        (request("a1", SELL, trigger_price=99, price=100), "higher than 100"),
    ],
)
def test_what_kite_refuses_is_refused_in_its_words(asked: OrderRequest, text: str) -> None:
    with pytest.raises(Refused, match=text):
        refuse_order(asked, SETTINGS, None)


@pytest.mark.parametrize(
    "asked",
    [
        request("a1", BUY, price="100.05"),
        request("a1", BUY, 1755, price=100),
        request("a1", BUY, 1755, price=100, instrument=replace(CALL, freeze_quantity=1755)),
        request("a1", BUY, market_protection=D("0.5")),
        request("a1", BUY, market_protection=D(1)),
        request("a1", BUY, market_protection=D(100)),
        request("a1", SELL, trigger_price=95, instrument=FUTURE),
        request("a1", SELL, trigger_price=95, price=95),
        request(
            "a1", BUY, 10**6 // 65 * 65, price=1, instrument=replace(CALL, freeze_quantity=None)
        ),
    ],
)
def test_what_keeps_the_rules_is_let_through(asked: OrderRequest) -> None:
    refuse_order(asked, SETTINGS, None)


def test_protection_is_not_asked_for_where_the_settings_say_so() -> None:
    lax = ExchangeSettings(require_market_protection=False)

    refuse_order(request("a1", BUY, market_protection=None), lax, None)


def test_the_trigger_too_must_lie_within_the_band() -> None:
    asked = request("a1", BUY, trigger_price=111, price=112)

    with pytest.raises(Refused, match="circuit limits"):
        refuse_order(asked, SETTINGS, (D(90), D(112) - D("0.05")))
    refuse_order(asked, SETTINGS, (D(90), D(112)))


@pytest.mark.parametrize(
    ("side", "last", "refused"),
    [
        (BUY, 100, True),
        (BUY, 101, True),
        (BUY, 99, False),
        (SELL, 100, True),
        (SELL, 99, True),
        (SELL, 101, False),
    ],
)
def test_a_trigger_must_lie_beyond_the_last_price(side: Side, last: int, refused: bool) -> None:
    asked = request("a1", side, trigger_price=100, price=100)

    if refused:
        with pytest.raises(Refused, match="Trigger price for stoploss"):
            refuse_trigger(asked, D(last))
    else:
        refuse_trigger(asked, D(last))


def test_a_trigger_is_not_judged_without_a_last_price() -> None:
    refuse_trigger(request("a1", BUY, trigger_price=100, price=100), None)


@pytest.mark.parametrize(
    "bad",
    [{"slippage_ticks": -1}, {"participation": 0.0}, {"participation": 1.01}],
)
def test_settings_that_make_no_sense_name_the_field(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        ExchangeSettings(**bad)
