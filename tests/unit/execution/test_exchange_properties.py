"""Random order flows on random markets: what must hold whatever happens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from execution.broker import BrokerBook, Refused
from execution.orders import Fill, Order, OrderState, OrderType, OrderUpdate, Side, Validity
from execution.orders_book import apply_update
from execution.positions import Position, apply, unrealised
from marketdata.ticks import Ticks
from tests.unit.execution.market import CALL, CLOSE, Market, request, tick

D = Decimal


@dataclass(frozen=True)
class Played:
    """A flow that has been played: the market, all its news, and each step with its news."""

    market: Market
    news: tuple[OrderUpdate, ...]
    steps: tuple[tuple[Ticks, tuple[Fill, ...]], ...]

    @property
    def book(self) -> BrokerBook:
        return self.market.exchange.book()


def on_grid(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low, high).map(lambda ticks: ticks * CALL.tick_size)


prices = on_grid(1900, 2100)


@st.composite
def ticks(draw: st.DrawFn) -> Ticks:
    low, first, last, high = sorted(draw(st.lists(prices, min_size=4, max_size=4)))
    if draw(st.booleans()):
        first, last = last, first
    spread = draw(st.integers(0, 4)) * CALL.tick_size
    quoted = draw(st.booleans())
    return tick(
        float(last),
        open=float(first),
        high=float(high),
        low=float(low),
        bid=float(last - spread) if quoted else np.nan,
        ask=float(last + spread) if quoted else np.nan,
        bid_quantity=draw(st.integers(0, 500)),
        ask_quantity=draw(st.integers(0, 500)),
        volume=draw(st.integers(0, 20_000)),
    )


@st.composite
def orders(draw: st.DrawFn, number: int) -> dict[str, object]:
    kind = draw(st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.SL]))
    fields: dict[str, object] = {
        "client_id": f"a{number}",
        "side": draw(st.sampled_from(Side)),
        "quantity": 65 * draw(st.integers(1, 6)),
        "validity": draw(st.sampled_from([Validity.DAY, Validity.DAY, Validity.IOC])),
        "pair": draw(st.sampled_from(["", "", "p", "q"])),
    }
    if kind is not OrderType.MARKET:
        fields["price"] = draw(prices)
    if kind is OrderType.SL:
        fields["trigger_price"] = draw(prices)
    return fields


@st.composite
def flows(draw: st.DrawFn) -> list[tuple[str, object]]:
    flow: list[tuple[str, object]] = []
    for number in range(draw(st.integers(1, 14))):
        what = draw(st.sampled_from(["place", "place", "step", "step", "modify", "cancel"]))
        match what:
            case "place":
                flow.append((what, draw(orders(number))))
            case "step":
                flow.append((what, draw(ticks())))
            case "modify":
                flow.append((what, (f"a{draw(st.integers(0, 13))}", draw(prices))))
            case "cancel":
                flow.append((what, f"a{draw(st.integers(0, 13))}"))
    return [*flow, ("step", draw(ticks()))]


setups = st.fixed_dictionaries(
    {
        "slippage_ticks": st.integers(0, 3),
        "participation": st.sampled_from([0.05, 0.25, 1.0]),
        "fills_at_touch": st.booleans(),
        "full_fills": st.booleans(),
    }
)


def act(market: Market, what: str, with_: object) -> tuple[OrderUpdate, ...]:
    match what, with_:
        case "place", dict() as fields:
            return (market.place(request(**fields)),)
        case "modify", (str() as client_id, price):
            return (market.modify(client_id, price=price),)
        case "cancel", str() as client_id:
            return (market.cancel(client_id),)
    return market.step(with_)  # type: ignore[arg-type]


def play(flow: list[tuple[str, object]], setup: dict[str, object]) -> Played:
    market = Market(**setup)
    news: list[OrderUpdate] = []
    steps = []
    for what, with_ in flow:
        before = len(market.exchange.book().trades)
        try:
            news += act(market, what, with_)
        except Refused:
            continue
        if what == "step":
            steps.append((with_, market.exchange.book().trades[before:]))
    return Played(market, tuple(news), tuple(steps))  # type: ignore[arg-type]


@given(flows(), setups)
def test_fills_add_up_within_quantity_and_the_book(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    played = play(flow, setup)
    book = played.book

    asked = {fields["client_id"]: fields["quantity"] for what, fields in flow if what == "place"}  # type: ignore[index]
    for update in book.orders:
        filled = sum(trade.quantity for trade in update.fills)
        assert filled == update.filled_quantity <= asked[update.client_id]
        assert (update.state is OrderState.FILLED) == (filled == asked[update.client_id])
        assert all(trade.quantity % CALL.lot_size == 0 for trade in update.fills)
    assert sorted(trade.trade_id for trade in book.trades) == sorted(
        trade.trade_id for update in book.orders for trade in update.fills
    )
    assert len({trade.trade_id for trade in book.trades}) == len(book.trades)


@given(flows(), setups)
def test_no_fill_lies_outside_its_step_or_its_limit(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    played = play(flow, setup)

    slack = (int(str(setup["slippage_ticks"])) + 1) * CALL.tick_size
    limits = resting_limits(played)
    for ticks_, trades in played.steps:
        row = ticks_[0]
        values = [float(row[name]) for name in ("low", "high", "bid", "ask")]
        seen = [D(str(value)) for value in values if np.isfinite(value)]
        for trade in trades:
            assert min(seen) - slack <= trade.price <= max(seen) + slack
            assert trade.price > 0
            limit = limits[trade.trade_id]
            if limit is not None:
                assert (limit - trade.price) * trade.side.sign >= 0


def resting_limits(played: Played) -> dict[str, Decimal | None]:
    """Return the limit each trade's order had when it filled, from the order's own history."""
    limits: dict[str, Decimal | None] = {}
    for update in played.news:
        asked = next(
            fields
            for fields in (update.request, played.market.asked.get(update.client_id))
            if fields is not None
        )
        for trade in update.fills:
            limits.setdefault(trade.trade_id, asked.price)
    return limits


@given(flows(), setups.map(lambda setup: {**setup, "full_fills": False}))
def test_what_a_step_offers_is_given_once(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    played = play(flow, setup)

    before: int | None = None
    for ticks_, trades in played.steps:
        row = ticks_[0]
        volume = 0 if before is None else max(0, int(row["volume"]) - before)
        before = int(row["volume"])
        shared = 0
        for side, touch in ((Side.BUY, "ask"), (Side.SELL, "bid")):
            taken = sum(trade.quantity for trade in trades if trade.side is side)
            shown = row[f"{touch}_quantity"]
            if np.isfinite(row[touch]) and shown > 0:
                assert taken <= shown
            else:
                shared += taken
        assert shared <= volume * float(str(setup["participation"]))


@given(flows(), setups)
def test_the_news_folded_in_gives_the_book(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    played = play(flow, setup)

    known: set[str] = set()
    ours: dict[str, Order] = {}
    for update in played.news:
        asked = played.market.asked[update.client_id]
        order = ours.get(update.client_id, Order(asked, OrderState.SENT))
        ours[update.client_id], fresh = apply_update(order, update, known)
        known |= {trade.trade_id for trade in fresh}

    for update in played.book.orders:
        order = ours[update.client_id]
        assert (order.state, order.broker_id) == (update.state, update.broker_id)
        assert (order.filled_quantity, order.triggered) == (
            update.filled_quantity,
            update.triggered,
        )
    assert known == {trade.trade_id for trade in played.book.trades}


@given(flows(), setups, prices)
def test_cash_and_holding_add_up(
    flow: list[tuple[str, object]], setup: dict[str, object], mark: Decimal
) -> None:
    trades = play(flow, setup).book.trades

    held = reduce(apply, trades, Position(CALL))

    cash = -sum(trade.side.sign * trade.quantity * trade.price for trade in trades)
    assert held.realised + unrealised(held, mark) == cash + held.quantity * mark
    assert dict(play(flow, setup).book.net_quantity).get(CALL.key, 0) == held.quantity


@given(flows(), setups)
def test_the_same_calls_give_the_same_answers(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    first, second = play(flow, setup), play(flow, setup)

    assert first.news == second.news
    assert first.book == second.book


@given(flows(), setups)
def test_after_the_session_nothing_rests(
    flow: list[tuple[str, object]], setup: dict[str, object]
) -> None:
    played = play(flow, setup)

    played.market.exchange.close_session(CLOSE)

    assert all(update.state.is_final for update in played.book.orders)
    assert played.market.exchange.on_ticks(tick(100), CLOSE) == ()


@settings(max_examples=200)
@given(
    st.lists(ticks(), min_size=1, max_size=8),
    setups,
    st.sampled_from(Side),
    st.integers(1, 6),
)
def test_a_pair_never_fills_more_than_one_of_its_orders(
    stream: list[Ticks], setup: dict[str, object], side: Side, lots: int
) -> None:
    market = Market(**setup)
    down = side is Side.SELL
    stop, target = (D(97), D(103)) if down else (D(103), D(97))
    shared = {"side": side, "quantity": 65 * lots, "pair": "p"}
    market.place(request("t1", price=target, **shared))
    market.place(request("s1", price=stop, trigger_price=stop, **shared))

    for step in stream:
        market.step(step)
        book = market.exchange.book()
        filled = [update for update in book.orders if update.filled_quantity]
        assert sum(trade.quantity for trade in book.trades) <= 65 * lots
        assert len(filled) <= 1
        assert not filled or all(u.state.is_final for u in book.orders if u not in filled)
