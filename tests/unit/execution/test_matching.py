"""Where an order fills in one step: tables of open, high, low, last and quotes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from msgspec import structs

from execution.market_rules import ExchangeSettings
from execution.matching import Liquidity, Match, Step, match, step_of
from execution.orders import OrderRequest, Side
from tests.unit.execution.market import CALL, request, tick

D = Decimal
USUAL = ExchangeSettings()
PLAIN = ExchangeSettings(slippage_ticks=0, full_fills=True)
BUY, SELL = Side.BUY, Side.SELL


def bar(first: float, high: float, low: float, last: float, **quotes: float) -> Step:
    step = step_of(tick(last, open=first, high=high, low=low, **quotes)[0].item(), None)
    assert step is not None
    return step


def moment(last: float, **quotes: float) -> Step:
    return bar(last, last, last, last, **quotes)


def met(
    asked: OrderRequest, step: Step, settings: ExchangeSettings = USUAL, *, triggered: bool = False
) -> Match:
    return match(asked, triggered=triggered, step=step, settings=settings)


@pytest.mark.parametrize(
    ("side", "step", "price"),
    [
        (BUY, moment(100, bid=99.9, ask=100.2), "100.25"),
        (SELL, moment(100, bid=99.9, ask=100.2), "99.85"),
        (BUY, moment(100), "100.10"),
        (SELL, moment(100), "99.90"),
        (BUY, moment(100, bid=99.9), "100.10"),
        (BUY, bar(100, 110, 90, 105), "100.10"),
        (SELL, moment(0.1, bid=0.05), "0.05"),
        (SELL, moment(0.05), "0.05"),
    ],
)
def test_market_orders_fill_at_the_touch_and_pay_slippage(
    side: Side, step: Step, price: str
) -> None:
    assert met(request("a1", side), step).price == D(price)


@pytest.mark.parametrize(
    ("side", "limit", "step", "price"),
    [
        (BUY, 100, moment(100.5, bid=99.8, ask=99.9), "99.9"),
        (BUY, 100, moment(100, bid=99.9, ask=100.05), "100"),
        (BUY, 100, moment(100.05, bid=100, ask=100.05), None),
        (BUY, 100, bar(101, 102, 100, 101), "100"),
        (BUY, 100, bar(99, 102, 98, 101), "100"),
        (BUY, 100, bar(98, 99.95, 97, 99), "98.10"),
        (BUY, 98.05, bar(98, 98, 97, 98), "98.05"),
        (SELL, 95, moment(95.1), "95"),
        (SELL, 94, moment(95.1), "95"),
        (BUY, 100, bar(101, 102, 100.05, 101), None),
        (SELL, 100, moment(99.5, bid=100.1, ask=100.2), "100.1"),
        (SELL, 100, bar(99, 100, 98, 99), "100"),
        (SELL, 100, bar(99, 99.95, 98, 99), None),
    ],
)
def test_limit_orders_fill_when_the_market_trades_there(
    side: Side, limit: float, step: Step, price: str | None
) -> None:
    expected = None if price is None else D(price)

    assert met(request("a1", side, price=limit), step).price == expected


@pytest.mark.parametrize(
    ("low", "price"),
    [(100, None), (99.95, D(100))],
)
def test_through_only_settings_ask_for_a_trade_beyond_the_limit(
    low: float, price: Decimal | None
) -> None:
    strict = ExchangeSettings(fills_at_touch=False)

    assert met(request("a1", BUY, price=100), bar(101, 102, low, 101), strict).price == price


@pytest.mark.parametrize(
    ("side", "step", "price"),
    [
        (BUY, bar(100, 104.95, 99, 104), None),
        (BUY, bar(100, 105, 99, 104), "105.05"),
        (BUY, bar(105, 105, 99, 104), "105.05"),
        (BUY, bar(106, 107, 99, 104), "106.05"),
        (BUY, moment(105.5, bid=105.4, ask=105.9), "105.95"),
        (BUY, moment(104, bid=104, ask=105.1), "105.15"),
        (SELL, bar(100, 101, 95.05, 98), None),
        (SELL, bar(100, 101, 95, 98), "94.95"),
        (SELL, bar(94, 101, 93, 98), "93.95"),
        (SELL, moment(95.5, bid=94.8, ask=95.6), "94.75"),
    ],
)
def test_a_stop_arms_at_its_trigger_and_fills_in_the_same_step(
    side: Side, step: Step, price: str | None
) -> None:
    trigger, limit = (105, 110) if side is BUY else (95, 90)

    found = met(request("a1", side, trigger_price=trigger, price=limit), step)

    assert found == Match(None if price is None else D(price), triggered=price is not None)


@pytest.mark.parametrize(
    ("step", "price"),
    [
        (bar(111, 112, 109, 111), None),
        (bar(110, 112, 109, 111), D(110)),
        (moment(105.5, bid=105, ask=110.05), None),
    ],
)
def test_a_stop_never_fills_worse_than_its_limit(step: Step, price: Decimal | None) -> None:
    found = met(request("a1", BUY, trigger_price=105, price=110), step)

    assert found == Match(price, triggered=True)


def test_an_armed_stop_rests_as_a_limit_order() -> None:
    asked = request("a1", BUY, trigger_price=105, price=110)

    waiting = met(asked, bar(112, 113, 110.05, 112), triggered=True)
    filled = met(asked, bar(112, 113, 110, 112), triggered=True)
    far_below = met(asked, moment(90, bid=89.9, ask=90.1), triggered=True)

    assert (waiting.price, filled.price, far_below.price) == (None, D(110), D("90.1"))


def test_a_stop_without_a_limit_fills_wherever_the_market_is() -> None:
    future = replace(CALL, symbol="NIFTY26NOVFUT")
    asked = request("a1", SELL, trigger_price=95, instrument=future)

    assert met(asked, bar(80, 82, 79, 81)).price == D("79.95")
    assert met(asked, moment(81), triggered=True).price == D("80.90")


def test_quotes_may_be_told_not_to_arm_stops() -> None:
    trades_only = ExchangeSettings(quotes_arm_stops=False)
    wide = moment(100, bid=90, ask=110)
    asked = request("a1", SELL, trigger_price=95, price=80)

    assert met(asked, wide).triggered
    assert not met(asked, wide, trades_only).triggered


@pytest.mark.parametrize(
    ("asked", "step", "price"),
    [
        (request("a1", BUY), bar(100, 110, 90, 105, bid=104, ask=106), 100),
        (request("a1", SELL), bar(100, 110, 90, 105), 100),
        (request("a1", BUY, trigger_price=105, price=120), bar(100, 110, 90, 102), 105),
        (request("a1", BUY, trigger_price=105, price=120), bar(108, 110, 90, 102), 108),
        (request("a1", SELL, trigger_price=95, price=80), bar(100, 110, 95, 102), 95),
        (request("a1", SELL, trigger_price=95, price=80), bar(92, 110, 90, 102), 92),
        (request("a1", SELL, price=110), bar(100, 110, 90, 102), 110),
        (request("a1", SELL, price=110), bar(113, 115, 90, 102), 113),
        (request("a1", BUY, price=90), bar(88, 110, 85, 102), 88),
    ],
)
def test_plain_settings_fill_exactly_where_the_bar_says(
    asked: OrderRequest, step: Step, price: int
) -> None:
    assert met(asked, step, PLAIN).price == price


def test_a_range_that_does_not_hold_the_last_price_is_widened() -> None:
    step = step_of(tick(100, open=101, high=99, low=np.nan)[0].item(), 50)

    assert step is not None
    assert (step.open, step.high, step.low) == (101, 101, 100)


@pytest.mark.parametrize("last", [0.0, -5.0, np.nan, np.inf, 0.001])
def test_a_tick_without_a_price_is_no_step(last: float) -> None:
    assert step_of(tick(last, bid=10, ask=11)[0].item(), None) is None


@pytest.mark.parametrize(("before", "volume"), [(None, 0), (400, 600), (1000, 0), (2000, 0)])
def test_volume_of_the_step_is_the_rise_of_the_days_total(before: int | None, volume: int) -> None:
    step = step_of(tick(100, volume=1000)[0].item(), before)

    assert step is not None
    assert step.volume == volume


def test_a_quote_at_zero_is_no_quote() -> None:
    assert moment(100, bid=0, ask=0).ask is None


def test_each_side_of_the_quote_is_given_once_in_whole_lots() -> None:
    liquidity = Liquidity(moment(100, bid=99, ask=101, ask_quantity=199, bid_quantity=64), USUAL)

    assert liquidity.take(BUY, 130, 65) == 130
    assert liquidity.take(BUY, 130, 65) == 65
    assert liquidity.take(BUY, 130, 65) == 0
    assert liquidity.take(SELL, 65, 65) == 0


def test_traded_volume_is_shared_by_both_sides() -> None:
    step = structs.replace(moment(100), volume=520)
    liquidity = Liquidity(step, USUAL)

    assert liquidity.take(BUY, 65, 65) == 65
    assert liquidity.take(SELL, 650, 65) == 65
    assert liquidity.take(BUY, 65, 65) == 0
