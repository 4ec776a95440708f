from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.orders import (
    Fill,
    IllegalTransitionError,
    Order,
    OrderRequest,
    OrderState,
    OrderType,
    OrderUpdate,
    Role,
    Side,
)
from execution.orders_book import OverfillError, TwinOrderError, apply_update
from marketdata.instruments import Exchange, Instrument, Kind

D = Decimal
S = OrderState
AT = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
FUTURE = Instrument(1, Exchange.NFO, "NIFTY26NOVFUT", "NIFTY", Kind.FUTURE, 65, D("0.1"))
REQUEST = OrderRequest(
    "a1", FUTURE, Side.BUY, 130, OrderType.LIMIT, Role.ENTRY, "p1", price=D("100.0")
)
SENT = Order(REQUEST, S.SENT)
NONE: frozenset[str] = frozenset()


def fill(number: int, quantity: int = 65, price: str = "100") -> Fill:
    return Fill(f"t{number}", "a1", "b1", FUTURE, Side.BUY, quantity, D(price), AT)


def news(
    state: OrderState, *fills: Fill, minute: int = 0, filled: int | None = None
) -> OrderUpdate:
    total = sum(trade.quantity for trade in fills) if filled is None else filled
    return OrderUpdate("a1", "b1", AT + timedelta(minutes=minute), state, total, fills)


def folded(*updates: OrderUpdate, order: Order = SENT) -> tuple[Order, list[Fill]]:
    booked: list[Fill] = []
    for update in updates:
        order, fresh = apply_update(order, update, {trade.trade_id for trade in booked})
        booked += fresh
    return order, booked


def test_news_moves_the_order_and_returns_its_new_trades() -> None:
    order, booked = folded(
        news(S.OPEN),
        news(S.PARTIAL, fill(1), minute=1),
        news(S.FILLED, fill(1), fill(2, price="101"), minute=2),
    )

    assert order.state is S.FILLED
    assert order.broker_id == "b1"
    assert (order.filled_quantity, order.average_price) == (130, D("100.5"))
    assert [trade.trade_id for trade in booked] == ["t1", "t2"]


def test_the_same_news_twice_changes_nothing() -> None:
    update = news(S.PARTIAL, fill(1), fill(1))

    once, first = folded(update)
    twice, again = folded(update, update)

    assert once == twice
    assert first == again == [fill(1)]


def test_a_trade_known_from_elsewhere_is_not_booked_again() -> None:
    order, fresh = apply_update(SENT, news(S.PARTIAL, fill(1)), frozenset({"t1"}))

    assert fresh == ()
    assert order.filled_quantity == 0


def test_a_late_snapshot_does_not_move_the_order_back() -> None:
    order, _ = folded(news(S.PARTIAL, fill(1), minute=2), news(S.OPEN, minute=1))

    assert order.state is S.PARTIAL


def test_trades_of_a_late_snapshot_are_booked_and_the_end_stays() -> None:
    order, booked = folded(
        news(S.CANCELLED, filled=65, minute=2), news(S.PARTIAL, fill(1), minute=1)
    )

    assert order.state is S.CANCELLED
    assert (order.filled_quantity, order.open_quantity) == (65, 0)
    assert booked == [fill(1)]


def test_a_cancelled_order_that_fills_on_is_alive_again() -> None:
    partial, _ = folded(news(S.CANCELLED), news(S.PARTIAL, fill(1), minute=1))
    filled, _ = folded(news(S.CANCELLED), news(S.FILLED, fill(1), fill(2), minute=1))

    assert (partial.state, partial.open_quantity) == (S.PARTIAL, 65)
    assert filled.state is S.FILLED


def test_an_order_is_filled_only_when_trades_prove_it() -> None:
    claimed, _ = folded(news(S.FILLED, filled=130))
    proven, _ = folded(news(S.FILLED, filled=130), news(S.OPEN, fill(1), fill(2)))

    assert (claimed.state, claimed.filled_quantity) == (S.PARTIAL, 0)
    assert proven.state is S.FILLED


def test_an_older_request_does_not_replace_a_newer_one() -> None:
    first = replace(news(S.OPEN, minute=1), request=replace(REQUEST, price=D(101)))
    second = replace(news(S.OPEN, minute=2), request=replace(REQUEST, price=D(102)))

    order, _ = folded(second, first)

    assert order.request.price == 102


def test_a_triggered_stop_stays_triggered() -> None:
    order, _ = folded(replace(news(S.OPEN, minute=1), triggered=True), news(S.OPEN, minute=2))

    assert order.triggered


def test_unknown_is_left_by_any_proof_and_not_entered_again() -> None:
    lost, _ = folded(news(S.UNKNOWN))
    found, _ = folded(news(S.UNKNOWN), news(S.OPEN), news(S.UNKNOWN, minute=5))

    assert lost.state is S.UNKNOWN
    assert found.state is S.OPEN


def test_proven_absence_puts_an_unproven_order_back_and_no_other() -> None:
    order, _ = folded(news(S.UNKNOWN), news(S.PLANNED))

    assert order.state is S.PLANNED
    with pytest.raises(IllegalTransitionError):
        folded(news(S.OPEN), news(S.PLANNED))


def test_more_trades_than_asked_for_raise() -> None:
    with pytest.raises(OverfillError, match="195 filled of 130"):
        folded(news(S.FILLED, fill(1), fill(2), fill(3)))


def test_a_trade_of_a_rejected_order_that_fills_it_raises() -> None:
    with pytest.raises(IllegalTransitionError):
        folded(news(S.REJECTED), news(S.FILLED, fill(1), fill(2)))


def test_a_second_order_under_the_same_id_raises() -> None:
    with pytest.raises(TwinOrderError, match="is b1 and also b2"):
        folded(news(S.OPEN), replace(news(S.OPEN), broker_id="b2"))


@pytest.mark.parametrize(
    "update",
    [
        replace(news(S.OPEN), client_id="a2"),
        news(S.PARTIAL, replace(fill(1), client_id="a2")),
    ],
)
def test_news_of_another_order_is_refused(update: OrderUpdate) -> None:
    with pytest.raises(ValueError, match="client_id"):
        apply_update(SENT, update, NONE)


@st.composite
def histories(draw: st.DrawFn) -> list[OrderUpdate]:
    """A broker's true history of one order: every snapshot tells all trades so far."""
    quantities = draw(st.lists(st.integers(1, 40), max_size=5).filter(lambda q: sum(q) <= 130))
    updates = [news(S.OPEN)]
    trades: list[Fill] = []
    for number, quantity in enumerate(quantities, start=1):
        trades.append(fill(number, quantity, str(99 + number)))
        whole = sum(trade.quantity for trade in trades) == 130
        state = S.FILLED if whole else S.PARTIAL
        updates.append(news(state, *trades, minute=number))
    if updates[-1].state is not S.FILLED and draw(st.booleans()):
        end = draw(st.sampled_from([S.CANCELLED, S.REJECTED]))
        updates.append(replace(news(end, *trades, minute=9), reason="ended"))
    return updates


@given(
    histories().flatmap(
        lambda history: st.tuples(
            st.just(history),
            st.permutations(history),
            st.lists(st.sampled_from(history), max_size=4),
        )
    )
)
def test_news_in_any_order_and_any_number_leads_to_the_same_order(
    case: tuple[list[OrderUpdate], list[OrderUpdate], list[OrderUpdate]],
) -> None:
    history, shuffled, repeated = case

    straight, booked = folded(*history)
    crooked, booked_too = folded(*shuffled, *repeated)

    assert crooked == straight
    assert {trade.trade_id for trade in booked_too} == {trade.trade_id for trade in booked}
    assert len(booked_too) == len(booked)


@given(histories(), st.data())
def test_trades_told_one_by_one_and_late_lead_to_the_same_fills(
    history: list[OrderUpdate], data: st.DataObject
) -> None:
    bare = [
        replace(update, fills=update.fills[-1:] if update.state is not S.CANCELLED else ())
        for update in history
    ]

    straight, _ = folded(*history)
    crooked, booked = folded(*data.draw(st.permutations(bare)))

    assert crooked.filled_quantity == straight.filled_quantity
    assert crooked.filled_value == straight.filled_value
    assert crooked.state is straight.state
    assert len({trade.trade_id for trade in booked}) == len(booked)
