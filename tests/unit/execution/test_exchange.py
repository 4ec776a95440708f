"""The resting book: acceptance, ids, priority, pairs, sessions; prices are in test_matching."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from execution.broker import Refused
from execution.exchange import Exchange, ExchangeSettings
from execution.orders import OrderState, OrderType, Side, Validity
from tests.unit.execution.market import CALL, CLOSE, OPEN, Market, request, tick

D = Decimal
S = OrderState


def test_an_accepted_order_rests_until_the_next_step() -> None:
    market = Market()
    market.step(tick(100, ask=100.05, ask_quantity=650))

    placed = market.place(request("a1", Side.BUY))
    [filled] = market.step(tick(101, ask=101.05, ask_quantity=650))

    assert (placed.state, placed.fills) == (S.OPEN, ())
    assert filled.state is S.FILLED
    assert filled.fills[0].price == D("101.10")


def test_ids_are_fifteen_digits_and_never_repeat() -> None:
    market = Market(run=42)

    first = market.place(request("a1", Side.BUY))
    second = market.place(request("a2", Side.BUY))
    market.step(tick(100, ask=100, ask_quantity=650))

    ids = [first.broker_id, second.broker_id]
    ids += [trade.trade_id for trade in market.exchange.book().trades]
    assert ids == [f"261123042{number:06d}" for number in range(1, 5)]


def test_the_same_client_id_is_one_order_whatever_comes_with_it() -> None:
    market = Market()
    first = market.place(request("a1", Side.BUY, price=100))
    market.step(tick(100, ask=100, ask_quantity=650))

    again = market.place(request("a1", Side.BUY, 650, price=100))

    assert again.broker_id == first.broker_id
    assert again.state is S.FILLED
    assert len(market.exchange.book().orders) == 1


def test_orders_are_refused_outside_the_session() -> None:
    market = Market()
    exchange, asked = market.exchange, request("a1", Side.BUY, price=100)
    early = OPEN.replace(hour=9, minute=14)

    for at in (early, CLOSE, CLOSE.replace(hour=16)):
        with pytest.raises(Refused, match="Markets are closed"):
            exchange.place(asked, at)
    assert exchange.place(asked, OPEN).state is S.OPEN


def test_an_instrument_without_a_window_is_closed() -> None:
    other = replace(CALL, symbol="NIFTY26NOV26100CE", token=8)

    with pytest.raises(Refused, match="closed right now for NFO:NIFTY26NOV26100CE"):
        Market().place(request("a1", Side.BUY, price=100, instrument=other))


def test_windows_can_be_a_function_of_instrument_and_moment() -> None:
    exchange = Exchange(
        ExchangeSettings(), lambda whose, at: (at, CLOSE) if whose is CALL and at.hour > 9 else None
    )
    asked = request("a1", Side.BUY, price=100)

    with pytest.raises(Refused):
        exchange.place(asked, OPEN)
    assert exchange.place(asked, OPEN.replace(hour=10)).state is S.OPEN


def test_prices_outside_the_band_are_refused_and_its_edges_allowed() -> None:
    exchange = Exchange(ExchangeSettings(), {CALL.key: (OPEN, CLOSE)}, {CALL.key: (D(90), D(110))})

    exchange.place(request("a1", Side.BUY, price=90), OPEN)
    exchange.place(request("a2", Side.SELL, price=110), OPEN)
    for number, price in enumerate(("89.95", "110.05")):
        with pytest.raises(Refused, match="circuit limits: lower 90, upper 110"):
            exchange.place(request(f"b{number}", Side.BUY, price=price), OPEN)


@pytest.mark.parametrize(
    ("side", "trigger", "price", "word"),
    [(Side.BUY, 100, 101, "higher"), (Side.SELL, 100, 99, "lower")],
)
def test_a_trigger_at_the_last_price_is_refused(
    side: Side, trigger: int, price: int, word: str
) -> None:
    market = Market()
    market.step(tick(100))

    with pytest.raises(Refused, match=f"should be {word} than the last traded price"):
        market.place(request("a1", side, trigger_price=trigger, price=price))


def test_a_refused_order_is_not_in_the_book() -> None:
    market = Market()

    with pytest.raises(Refused):
        market.place(request("a1", Side.BUY, 66, price=100))

    assert market.exchange.book().orders == ()


def test_displayed_quantity_is_consumed_once_and_the_rest_rests() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, 130))
    market.place(request("a2", Side.BUY, 130))

    first = market.fills(tick(100, ask=100, ask_quantity=200))
    second = market.fills(tick(101, ask=101, ask_quantity=1000))

    assert first == [("a1", 130, D("100.05")), ("a2", 65, D("100.05"))]
    assert second == [("a2", 65, D("101.05"))]


def test_without_a_quote_a_share_of_the_volume_fills_in_whole_lots() -> None:
    market = Market(participation=0.25)
    market.step(tick(100, volume=10_000))
    market.place(request("a1", Side.BUY, 130))

    none = market.fills(tick(100, volume=10_259))
    some = market.fills(tick(100, volume=10_519))
    rest = market.fills(tick(100, volume=20_000))

    assert none == []
    assert some == [("a1", 65, D("100.10"))]
    assert rest == [("a1", 65, D("100.10"))]


def test_volume_unknown_before_the_first_tick_fills_nothing() -> None:
    market = Market()
    market.place(request("a1", Side.BUY))

    assert market.fills(tick(100, volume=5_000_000)) == []
    assert market.fills(tick(100, volume=5_001_000)) == [("a1", 65, D("100.10"))]


def test_volume_that_steps_back_fills_nothing() -> None:
    market = Market()
    market.step(tick(100, volume=10_000))
    market.place(request("a1", Side.BUY))

    assert market.fills(tick(100, volume=9_000)) == []


def test_a_better_price_comes_first_then_the_earlier_order() -> None:
    market = Market()
    for client_id, price in (("a1", 100), ("a2", 101), ("a3", 101)):
        market.place(request(client_id, Side.BUY, price=price))

    fills = market.fills(tick(99, ask=99, ask_quantity=130))

    assert [client_id for client_id, _, _ in fills] == ["a2", "a3"]


def test_changing_the_price_loses_the_place_and_reducing_keeps_it() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100))
    market.place(request("a2", Side.BUY, 130, price=100))
    market.place(request("a3", Side.BUY, price=100))

    market.modify("a1", price=D(101))
    market.modify("a1", price=D(100))
    market.modify("a2", quantity=65)
    fills = market.fills(tick(100, ask=100, ask_quantity=130))

    assert [client_id for client_id, _, _ in fills] == ["a2", "a3"]


def test_what_an_ioc_order_cannot_get_at_once_is_cancelled_with_its_fills() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, 130, price=100, validity=Validity.IOC))

    [update] = market.step(tick(100, ask=100, ask_quantity=65))

    assert (update.state, update.filled_quantity) == (S.CANCELLED, 65)
    assert update.reason == "unfilled part of an IOC order"
    assert len(update.fills) == 1


def test_an_ioc_order_waits_for_a_tick_of_its_own_instrument() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100, validity=Validity.IOC))

    assert market.step(tick(50, token=8)) == ()
    assert market.step(tick(101))[0].state is S.CANCELLED


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_tick_without_a_price_never_fills(bad: float) -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.SELL))

    assert market.step(tick(bad, bid=100, bid_quantity=650)) == ()


def test_a_fill_of_the_target_cancels_the_stop() -> None:
    market = Market(full_fills=True)
    market.place(request("s1", Side.SELL, trigger_price=95, price=94, pair="p"))
    market.place(request("t1", Side.SELL, price=110, pair="p"))

    target, stop = market.step(tick(111, high=111, low=105, open=105))

    assert (target.client_id, target.state) == ("t1", S.FILLED)
    assert (stop.client_id, stop.state, stop.reason) == ("s1", S.CANCELLED, "paired with t1")


def test_a_step_that_holds_both_is_told_against_us() -> None:
    market = Market(full_fills=True, slippage_ticks=0)
    market.place(request("t1", Side.SELL, price=110, pair="p"))
    market.place(request("s1", Side.SELL, trigger_price=95, price=94, pair="p"))

    fills = market.fills(tick(100, open=100, high=115, low=90))

    assert fills == [("s1", 65, D(95))]
    assert market.exchange.book().net_quantity == ((CALL.key, -65),)


def test_the_target_waits_out_the_step_in_which_the_stop_is_jumped_over() -> None:
    market = Market(full_fills=True)
    market.place(request("t1", Side.SELL, price=110, pair="p"))
    market.place(request("s1", Side.SELL, trigger_price=95, price=94, pair="p"))

    [armed] = market.step(tick(90, open=90, high=111, low=85))
    later = market.fills(tick(111, open=105, high=111, low=105))

    assert (armed.client_id, armed.triggered, armed.fills) == ("s1", True, ())
    assert later == [("s1", 65, D("104.90"))]


def test_other_orders_are_no_pair() -> None:
    market = Market(full_fills=True)
    market.place(request("s1", Side.SELL, trigger_price=95, price=94, pair="p"))
    market.place(request("t1", Side.SELL, price=110, pair="q"))

    market.step(tick(111))

    states = {update.client_id: update.state for update in market.exchange.book().orders}
    assert states == {"s1": S.OPEN, "t1": S.FILLED}


def test_a_stop_is_modified_into_the_exit() -> None:
    market = Market()
    market.step(tick(100))
    market.place(request("s1", Side.SELL, trigger_price=95, price=94))

    changed = market.modify("s1", order_type=OrderType.LIMIT, price=D(101))
    fills = market.fills(tick(102, bid=101.5, bid_quantity=650))

    assert changed.request is not None
    assert (changed.request.order_type, changed.request.trigger_price) == (OrderType.LIMIT, None)
    assert fills == [("s1", 65, D("101.50"))]


def test_a_change_to_market_needs_protection() -> None:
    market = Market()
    market.place(request("a1", Side.SELL, price=101))

    with pytest.raises(Refused, match="without market protection"):
        market.modify("a1", order_type=OrderType.MARKET)
    market.modify("a1", order_type=OrderType.MARKET, market_protection=D(2))

    assert market.fills(tick(100, bid=100, bid_quantity=650)) == [("a1", 65, D("99.95"))]


def test_a_refused_change_leaves_the_order_as_it_was() -> None:
    market = Market()
    placed = market.place(request("a1", Side.BUY, price=100))

    with pytest.raises(Refused, match="Tick size"):
        market.modify("a1", price=D("100.03"))

    assert market.exchange.book().orders == (placed,)


def test_a_type_without_its_price_is_refused() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100))

    with pytest.raises(Refused, match="trigger_price"):
        market.modify("a1", order_type=OrderType.SL)


def test_the_twenty_sixth_modification_is_refused() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100))
    for number in range(25):
        market.modify("a1", price=D(100 + number % 2))

    with pytest.raises(Refused, match="Maximum allowed order modifications exceeded"):
        market.modify("a1", price=D(99))


def test_the_trigger_of_a_triggered_stop_is_fixed_and_its_limit_free() -> None:
    market = Market(full_fills=True)
    market.place(request("s1", Side.SELL, trigger_price=95, price=94))
    market.step(tick(90))

    with pytest.raises(Refused, match="triggered already"):
        market.modify("s1", trigger_price=D(89), price=D(85))
    market.modify("s1", price=D(89))

    assert market.fills(tick(90)) == [("s1", 65, D("89.90"))]


def test_a_trigger_moved_beyond_the_market_is_refused() -> None:
    market = Market()
    market.step(tick(100))
    market.place(request("s1", Side.SELL, trigger_price=95, price=94))

    with pytest.raises(Refused, match="should be lower than the last"):
        market.modify("s1", trigger_price=D(101), price=D(100))


def test_quantity_cannot_be_cut_to_what_has_filled() -> None:
    market = Market()
    market.place(request("a1", Side.BUY, 130, price=100))
    market.step(tick(100, ask=100, ask_quantity=65))

    with pytest.raises(Refused, match="not above the 65 filled"):
        market.modify("a1", quantity=65)


@pytest.mark.parametrize(
    ("client_id", "text"),
    [("zz", "Couldn't find the order zz"), ("a1", "a1 cannot be changed, it is CANCELLED")],
)
def test_unknown_and_finished_orders_cannot_be_touched(client_id: str, text: str) -> None:
    market = Market()
    market.place(request("a1", Side.BUY, price=100))
    market.cancel("a1")

    with pytest.raises(Refused, match=text):
        market.cancel(client_id)
    with pytest.raises(Refused, match=text):
        market.modify(client_id, price=D(99))


def test_a_cancelled_order_fills_no_more() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=100))

    cancelled = market.cancel("a1")

    assert (cancelled.state, cancelled.reason) == (S.CANCELLED, "cancelled by user")
    assert market.step(tick(90)) == ()


def test_day_orders_end_with_the_session_and_never_fill_after_it() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.BUY, price=100))
    exchange = market.exchange

    assert exchange.close_session(CLOSE.replace(minute=29)) == ()
    assert exchange.on_ticks(tick(90), CLOSE) == ()
    [ended] = exchange.close_session(CLOSE)

    assert (ended.state, ended.reason) == (S.CANCELLED, "session closed")
    assert exchange.close_session(CLOSE) == ()


def test_the_book_tells_every_order_trade_and_what_is_held() -> None:
    market = Market()
    market.place(request("a1", Side.SELL, 130))
    market.place(request("a2", Side.BUY, price=90))
    market.step(tick(100, bid=100, bid_quantity=650))

    book = market.exchange.book()

    assert book.complete
    assert [(u.client_id, u.state) for u in book.orders] == [("a1", S.FILLED), ("a2", S.OPEN)]
    assert [trade.quantity for trade in book.trades] == [130]
    assert book.net_quantity == ((CALL.key, -130),)


def test_an_instrument_that_is_flat_again_is_not_held() -> None:
    market = Market(full_fills=True)
    market.place(request("a1", Side.SELL))
    market.place(request("a2", Side.BUY))
    market.step(tick(100))

    assert market.exchange.book().net_quantity == ()
